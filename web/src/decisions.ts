/** Decisions: shown at once, then said by the server; what it refuses is taken back on screen. */
import type { Out } from './call';
import { call } from './call';
import type { Change } from './change.svelte';
import type { Desk } from './desk.svelte';
import { keep, kept } from './place';
import { ACCEPTED, REJECTED, UNDECIDED, withState } from './states';
import type { Run } from './states';

/** What is decided must have been in sight this long before a key decides it. */
export const SEEN_MS = 300;

export const tooSoon = (shown: number): string => `Nothing decided: this was on screen for only ${Math.round(shown)} ms. Look, then press again.`;

export type Verb = 'accept' | 'reject' | 'clear';

const STATE: Record<Verb, number> = { accept: ACCEPTED, reject: REJECTED, clear: UNDECIDED };

/** Atoms by file, from first to last, where they are known; and as the server takes them. */
export interface Selection {
  selectors: string[];
  ranges: [file: number, first: number, last: number][];
}

export class Decisions {
  private queue: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly change: Change,
    private readonly desk: Desk,
    private readonly say: (text: string) => void,
    private readonly onProblem: (error: unknown) => void,
    /** Files that an undo or a redo of an apply had to leave alone. */
    private readonly onLeft: (way: 'undo' | 'redo', tree: Out<'change.apply'>) => void,
  ) {}

  /** Accepts, rejects or clears. The screen shows it before the server answers; an error puts it back. */
  decide(verb: Verb, what: Selection, why = ''): void {
    const { change } = this;
    const [before, after] = [new Map<number, Run[]>(), new Map<number, Run[]>()];
    for (const [file, first, last] of what.ranges) {
      const runs = after.get(file) ?? change.runs[file - 1]!;
      if (!before.has(file)) before.set(file, runs);
      after.set(file, withState(runs, first, last, STATE[verb]));
    }
    change.put(after);
    this.desk.diff?.restate();
    const place = this.place();
    this.enqueue(async () => {
      try {
        const answer = await call(`change.${verb}`, { change: change.id, atoms: what.selectors, path: null, all: false, group: null, increment: null, why });
        this.remember(answer.event, place);
        if (answer.also?.length) this.say(`Decided too, because the others need them: ${answer.also.join(', ')}`);
      } catch (error) {
        change.put(before);
        this.desk.diff?.restate();
        throw error;
      }
    });
  }

  /** Takes back the last event, or does it again, and goes to where it was made. */
  step(way: 'undo' | 'redo'): Promise<unknown> {
    return this.enqueue(async () => {
      const answer = await call(`change.${way}`, { change: this.change.id });
      const { tree } = answer;
      const done = way === 'undo' ? 'Taken back' : 'Done again';
      if (tree?.conflicts.length) this.onLeft(way, tree);
      else this.say(`${done}: ${answer.kind}${tree ? ` · ${tree.applied.length} files in the working tree` : ''}`);
      const place = kept<Record<string, [number, number]>>(this.key, {})[answer.event];
      if (place) queueMicrotask(() => void this.desk.open(place[0], { row: place[1] }).catch(this.onProblem));
    });
  }

  /** Any other command that makes an event: an edit, a comment, an apply. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.enqueue(work, true) as Promise<T>;
  }

  private enqueue(work: () => Promise<unknown>, rethrow = false): Promise<unknown> {
    this.waiting++;
    const done = this.queue.then(() => this.change.during(work)).finally(() => this.waiting--);
    this.queue = done.catch(() => undefined).then(() => this.settle());
    if (!rethrow) done.catch(this.onProblem);
    return done;
  }

  /** When the last decision is through: what the server says now. */
  private async settle(): Promise<void> {
    if (this.waiting) return;
    try {
      await this.take(await this.change.sync());
    } catch (error) {
      this.onProblem(error);
    }
  }

  /** Draws what a sync brought. */
  async take(stale: number[]): Promise<void> {
    if (stale.includes(this.desk.file)) await this.desk.reload();
    else this.desk.diff?.restate();
  }

  private get key(): string {
    return `undo.${this.change.id}`;
  }

  private place(): [number, number] {
    return [this.desk.file, this.desk.line?.base ?? 0];
  }

  private remember(event: number, place: [number, number]): void {
    const places = Object.entries(kept<Record<string, [number, number]>>(this.key, {})).slice(-199);
    keep(this.key, { ...Object.fromEntries(places), [event]: place });
  }
}
