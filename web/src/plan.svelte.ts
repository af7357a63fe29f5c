/** The plan of a change: its groups in the order in which to look, and which group each atom belongs to. */
import { call } from './call';
import type { Out } from './call';
import type { Change } from './change.svelte';
import { keep, kept } from './place';
import type { Tally } from './states';
import { stateOf, UNDECIDED } from './states';

/** One group; `shows` is the atom that shows it, counted through the whole change from 0. */
export interface PlanGroup {
  id: string;
  kind: string;
  title: string;
  lines: number;
  /** Every edit of it carries a proof: anything less is unknown. */
  proved: boolean;
  unproved: number;
  shows: number;
  exceptions: number;
  missed: number;
}

/** Atoms `[first, end)` of the whole change that are looked at together: a group's part of one hunk. */
export type Stretch = [first: number, end: number];

/** What one key decides: a group without its exceptions, or one exception of it. */
export interface Unit {
  group: number;
  exception: Stretch | null;
}

const PROVED = 1;
const EXCEPTION = 2;
const STARTS = 4;
const PER_GROUP = 8;
const ASK_MS = 100;
/** A larger change is planned when it is asked for: it takes minutes. */
export const UNASKED = 200_000;

export class Plan {
  state = $state<'none' | 'making' | 'ready' | 'failed'>('none');
  why = $state('');
  since = $state(0);
  /** What is shown is a draft, and the plan is on its way; or it is here, and waits to be asked for. */
  refining = $state(false);
  refined = $state.raw<Out<'review.groups'> | null>(null);
  groups = $state.raw<PlanGroup[]>([]);
  /** Grows when other groups are taken, so that what is drawn from them is drawn again. */
  version = $state(0);
  proved = $state(0);
  /** Whether the map is to show groups. It does once they are there and nothing moves under the eyes. */
  wanted = $state(kept('map', 'groups') === 'groups');
  shown = $state(false);
  /** The group under review, by its place in the order; -1 before the cursor was on one. */
  at = $state(-1);
  /** The atom that the cursor was on last, in the whole change. */
  atom = $state(-1);
  /** Since when what a key would decide is the same. */
  seen = 0;
  private key = '';
  private asked = false;
  private ends = new Int32Array(0);
  private codes = new Int32Array(0);
  /** Atoms before each file. */
  private readonly firsts: Int32Array;
  private readonly all = $derived.by(() => {
    void this.change.version;
    return this.count();
  });

  constructor(private readonly change: Change) {
    const counts = change.overview.atom_counts;
    this.firsts = new Int32Array(counts.length + 1);
    counts.forEach((count, i) => (this.firsts[i + 1] = this.firsts[i]! + count));
  }

  /** Asks for a draft and then for the plan; `still` says whether the map may become another by itself. */
  async make(still: () => boolean, changed: () => void): Promise<void> {
    if (this.state === 'making' || this.state === 'ready') return;
    this.state = 'making';
    this.since = performance.now();
    try {
      const first = await this.until(true);
      this.take(first);
      if (this.wanted && (this.asked || still())) this.show(true);
      changed();
      if (first.state !== 'draft') return;
      this.refining = true;
      const last = await this.until(false);
      if (last.state === 'failed') this.why = last.why;
      else if (!this.shown || still()) this.take(last);
      else this.refined = last;
      changed();
    } catch (error) {
      if (this.state === 'making') this.state = 'none';
      throw error;
    } finally {
      this.refining = false;
    }
  }

  private async until(draft: boolean): Promise<Out<'review.groups'>> {
    for (;;) {
      const answer = await call('review.groups', { change: this.change.id, wait: 0, draft });
      if (answer.state !== 'making') return answer;
      await new Promise((go) => setTimeout(go, ASK_MS));
    }
  }

  /** What is shown is not the last word on what is proved. */
  get early(): boolean {
    return this.refining || this.refined !== null;
  }

  /** Shows the plan that came while the draft was being read. */
  refine(): boolean {
    if (!this.refined) return false;
    this.take(this.refined);
    return true;
  }

  private take(answer: Out<'review.groups'>): void {
    const runs = answer.runs;
    this.ends = new Int32Array(runs.length / 2);
    this.codes = new Int32Array(runs.length / 2);
    let end = 0;
    for (let i = 0; i < this.ends.length; i++) {
      this.ends[i] = end += runs[2 * i]!;
      this.codes[i] = runs[2 * i + 1]!;
    }
    const open = new Set<number>();
    for (const code of this.codes) if (!(code & PROVED)) open.add(code >> 3);
    this.groups = answer.groups.map(([id, kind, title, lines, unproved, shows, exceptions, missed], at) => {
      return { id, kind, title, lines, proved: unproved === 0 && !open.has(at), unproved, shows, exceptions, missed };
    });
    this.proved = answer.stats?.proved ?? 0;
    this.why = answer.why;
    this.refined = null;
    this.version++;
    this.state = answer.state === 'failed' ? 'failed' : 'ready';
    this.on(this.atom);
  }

  /** Files or groups in the map; kept for this tab. */
  show(groups: boolean): void {
    this.wanted = this.asked = groups;
    this.shown = groups && this.state === 'ready';
    this.seen = performance.now();
    keep('map', groups ? 'groups' : 'files');
  }

  /** The number of an atom of a file (both from 1) in the whole change, from 0. */
  number(file: number, atom: number): number {
    return (this.firsts[file - 1] ?? 0) + atom - 1;
  }

  /** File and atom of a number in the whole change. */
  place(number: number): [file: number, atom: number] {
    let [low, high] = [0, this.firsts.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.firsts[middle]! <= number) low = middle;
      else high = middle - 1;
    }
    return [low + 1, number - this.firsts[low]! + 1];
  }

  private run(number: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  groupOf(number: number): number {
    return this.state === 'ready' && number >= 0 ? (this.codes[this.run(number)] ?? -PER_GROUP) >> 3 : -1;
  }

  isProved(number: number): boolean {
    return this.state === 'ready' && ((this.codes[this.run(number)] ?? 0) & PROVED) > 0;
  }

  isException(number: number): boolean {
    return this.state === 'ready' && ((this.codes[this.run(number)] ?? 0) & EXCEPTION) > 0;
  }

  /** The atoms of a file in runs that are alike: how many, whether they are proved. One run, unproved, without a plan. */
  eachRun(file: number, take: (count: number, proved: boolean) => void): void {
    let at = this.firsts[file - 1]!;
    const end = this.firsts[file]!;
    if (this.state !== 'ready') return take(end - at, false);
    for (let i = this.run(at); at < end && i < this.ends.length; i++) {
      const stop = Math.min(end, this.ends[i]!);
      take(stop - at, (this.codes[i]! & PROVED) > 0);
      at = stop;
    }
  }

  /** The places of a group in reading order of the change; with `exceptions`, only these, else all. */
  places(group: number, exceptions?: boolean): Stretch[] {
    const found: Stretch[] = [];
    let last = -1;
    for (let i = 0; i < this.codes.length; i++) {
      const code = this.codes[i]!;
      if (code >> 3 !== group) continue;
      const odd = (code & EXCEPTION) > 0;
      if (exceptions !== undefined && odd !== exceptions) continue;
      const first = i ? this.ends[i - 1]! : 0;
      const before = found.at(-1);
      if (before && before[1] === first && !(code & STARTS) && last === (code & EXCEPTION)) before[1] = this.ends[i]!;
      else found.push([first, this.ends[i]!]);
      last = code & EXCEPTION;
    }
    return found;
  }

  /** The cursor is on an atom. */
  on(number: number): void {
    this.atom = number;
    const unit = this.unit(number);
    const key = `${unit?.group}/${unit?.exception?.[0]}`;
    if (key !== this.key) this.seen = performance.now();
    this.key = key;
    this.at = unit?.group ?? -1;
  }

  /** What a key would decide at an atom. */
  unit(number: number): Unit | null {
    const group = this.groupOf(number);
    if (group < 0) return null;
    const exception = this.isException(number) ? this.places(group, true).find(([first, end]) => number >= first && number < end) : null;
    return { group, exception: exception ?? null };
  }

  /** The atoms that a unit decides. */
  atomsOf(unit: Unit): Stretch[] {
    return unit.exception ? [unit.exception] : this.places(unit.group, false);
  }

  /** How many atoms of each group are in each state. */
  tally(group: number): Tally {
    return this.all[group] ?? [0, 0, 0, 0];
  }

  private count(): Tally[] {
    const sums = this.groups.map((): Tally => [0, 0, 0, 0]);
    let [i, at] = [0, 0];
    for (const runs of this.change.runs) {
      for (const [count, state] of runs) {
        const end = at + count;
        while (at < end) {
          const stop = Math.min(end, this.ends[i] ?? end);
          const sum = sums[(this.codes[i] ?? 0) >> 3];
          if (sum) sum[state]! += stop - at;
          at = stop;
          if (at === this.ends[i]) i++;
        }
      }
    }
    return sums;
  }

  /** The first of some stretches, after `from` and then from the start, that has an undecided atom; null if none has. */
  undecided(stretches: readonly Stretch[], from = -1): number | null {
    const sorted = [...stretches.filter(([first]) => first > from), ...stretches.filter(([first]) => first <= from)];
    for (const [first, end] of sorted) {
      for (let number = first; number < end; number++) {
        const [file, atom] = this.place(number);
        if (stateOf(this.change.runs[file - 1]!, atom) === UNDECIDED) return number;
      }
    }
    return null;
  }

  /** The next group in the order that has something undecided, from the start again at the end; -1 if none has. */
  next(after: number): number {
    for (let k = 1; k <= this.groups.length; k++) {
      const group = (after + k) % this.groups.length;
      if (this.tally(group)[UNDECIDED]) return group;
    }
    return -1;
  }

  /** Where to start reading a group: what shows it, or what of it is undecided if that is decided. */
  start(group: number): number {
    const { shows } = this.groups[group]!;
    const [file, atom] = this.place(shows);
    const decided = stateOf(this.change.runs[file - 1]!, atom) !== UNDECIDED;
    return (decided ? this.undecided(this.places(group)) : null) ?? shows;
  }

  /** Atoms `[first, end)` as the server takes them and as states are kept: cut where files end. */
  named(stretches: readonly Stretch[]): { selectors: string[]; ranges: [file: number, first: number, last: number][] } {
    const ranges: [number, number, number][] = [];
    for (let [first, end] of stretches) {
      while (first < end) {
        const [file, atom] = this.place(first);
        const stop = Math.min(end, this.firsts[file]!);
        const before = ranges.at(-1);
        if (before && before[0] === file && before[2] === atom - 1) before[2] += stop - first;
        else ranges.push([file, atom, atom + stop - first - 1]);
        first = stop;
      }
    }
    return { selectors: ranges.map(([file, from, to]) => (from === to ? `${file}.${from}` : `${file}.${from}-${file}.${to}`)), ranges };
  }
}
