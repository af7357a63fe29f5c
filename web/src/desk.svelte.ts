/** The file under review: which one, where in it the cursor is, and what would be decided there. */
import type { Change } from './change.svelte';
import { call } from './call';
import type { ExoDiff } from './diff/element';
import { languageOf } from './diff/lexer';
import type { FileRows } from './pages';
import { keep, keepSpot, kept, reviewAddress } from './place';
import type { Comment, Lay, Line, Row } from './rows';
import { atomsOf, isChange } from './rows';
import { stateOf, UNDECIDED } from './states';

/** What one key decides: rows `[start, end)` of a file, and their atoms if all of them are here. */
export interface Group {
  file: number;
  hunk: number;
  start: number;
  end: number;
  atoms: [first: number, last: number] | null;
  selector: string;
  title: string;
  line: number;
}

export type Target = { atom: number } | { row: number } | { line: number } | 'first' | 'last';

const FOLD_STEP = 400;
/** Browsers slow down a page that changes its address at every key of a held one. */
const ADDRESS_MS = 60;

export class Desk {
  file = $state(0);
  rows = $state.raw<FileRows | null>(null);
  line = $state.raw<Line | null>(null);
  group = $state.raw<Group | null>(null);
  split = $state(kept('split', false));
  dedent = kept('dedent', true);
  /** Since when the group has been on screen, by `performance.now()`. */
  since = 0;
  diff: ExoDiff | null = null;
  private ticket = 0;
  /** Where to draw if the screen is not there yet. */
  private landing = 0;
  private readonly parted = new Set<string>();
  private addressTimer = 0;

  constructor(
    readonly change: Change,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  /** Gives the element its host; done once, when the screen is there. */
  attach(diff: ExoDiff): void {
    this.diff = diff;
    diff.host = {
      look: { language: null, stateOf: (atom) => this.stateOf(atom), isProved: (atom) => this.change.plan.isProved(this.change.plan.number(this.file, atom)), hunk: (base) => this.headNote(base) },
      group: (base) => this.groupRange(base),
      inside: () => this.inside(),
      label: () => `${this.change.path(this.file)}, ${this.change.lines(this.file)} changed lines`,
      onCursor: () => this.moved(),
      onFold: (base) => void this.unfold(base).catch(this.onProblem),
      onToggle: () => this.onToggle(),
      onProblem: this.onProblem,
    };
    if (this.rows) this.draw(this.landing);
  }

  onToggle: () => void = () => undefined;

  /** Which lines one key decides where the map shows groups; null where it is the hunk. */
  private inside(): ((line: Line) => boolean) | null {
    const { plan } = this.change;
    const [here] = this.diff?.line ? atomsOf(this.diff.line) : [];
    const unit = plan.shown ? plan.unit(here ? plan.number(this.file, here) : plan.atom) : null;
    if (!unit) return null;
    const { group, exception } = unit;
    return (line) =>
      atomsOf(line).some((atom) => {
        const number = plan.number(this.file, atom);
        if (exception) return number >= exception[0] && number < exception[1];
        return plan.groupOf(number) === group && !plan.isException(number);
      });
  }

  stateOf(atom: number, file = this.file): number {
    return stateOf(this.change.runs[file - 1] ?? [], atom);
  }

  /** Shows a file at a place in it. */
  async open(file: number, target: Target = 'first'): Promise<void> {
    const ticket = ++this.ticket;
    const rows = file === this.file && this.rows && this.fresh(file) ? this.rows : await this.change.book.open(file);
    const row = await this.rowOf(rows, target);
    if (ticket !== this.ticket) return;
    const same = rows === this.rows;
    this.landing = row;
    this.file = file;
    this.rows = rows;
    if (same && this.diff) this.diff.go(row);
    else this.draw(row);
    this.ahead();
  }

  private fresh(file: number): boolean {
    return this.change.book.has(file);
  }

  private async rowOf(rows: FileRows, target: Target): Promise<number> {
    if (target === 'first') return rows.hunks[0] ?? 0;
    if (target === 'last') return rows.hunks.at(-1) ?? 0;
    if ('row' in target) return target.row;
    if ('line' in target) return rows.locate('line', target.line);
    return target.atom ? rows.locate('atom', target.atom) : (rows.hunks[0] ?? 0);
  }

  private draw(row: number): void {
    if (!this.diff || !this.rows) return;
    this.diff.host.look.language = languageOf(this.change.path(this.file));
    this.group = null;
    this.diff.show(this.rows, this.lay(), row);
  }

  /** The first rows of the files on either side, so that going there needs no request. */
  private ahead(): void {
    const at = this.change.rank[this.file] ?? 0;
    setTimeout(() => {
      for (const near of [at + 1, at - 1]) {
        const file = this.change.order[near];
        if (file) this.change.book.open(file).catch(() => undefined);
      }
    }, 30);
  }

  lay(): Lay {
    return { split: this.split, dedent: this.dedent, opened: this.rows?.opened ?? new Map<number, Row[]>(), comments: this.commentsHere() };
  }

  private commentsHere(): Map<number, Comment[]> {
    const found = new Map<number, Comment[]>();
    for (const { atoms, actor, text } of this.change.comments) {
      const last = atoms.at(-1)?.split('-').at(-1) ?? '';
      const [file, atom] = last.split('.').map(Number);
      if (file !== this.file || !atom) continue;
      found.set(atom, [...(found.get(atom) ?? []), { actor, text }]);
    }
    return found;
  }

  /** Draws again what comments, folds or the view changed. */
  again(): void {
    this.diff?.again(this.lay());
  }

  setSplit(split: boolean): void {
    this.split = split;
    keep('split', split);
    this.again();
  }

  setDedent(dedent: boolean): void {
    this.dedent = dedent;
    keep('dedent', dedent);
    this.again();
  }

  /** Fetches the rows of the open file again, because an edit changed them. */
  async reload(): Promise<void> {
    const { file } = this;
    const atom = this.line ? (atomsOf(this.line)[0] ?? 0) : 0;
    this.change.book.forget(file);
    await this.open(file, atom ? { atom } : 'first');
  }

  private async unfold(base: number): Promise<void> {
    const { rows, change, file } = this;
    const at = rows?.pages[rows.pageOf(base)];
    const shown = rows?.opened.get(base) ?? [];
    const fold = shown.at(-1) ?? at?.rows?.[base - at.start];
    if (!rows || fold?.[0] !== '#') return;
    const [, old, now, hidden] = fold;
    const count = Math.min(hidden, FOLD_STEP);
    const answer = await call('review.context', { change: change.id, file, old, new: now, count });
    const rest: Row[] = hidden > count ? [['#', old + count, now + count, hidden - count, '', []]] : [];
    rows.opened.set(base, [...shown.slice(0, -1), ...(answer.rows as Row[]), ...rest]);
    this.again();
  }

  /** Opens the fold under the cursor. */
  openFold(): boolean {
    if (this.line?.row[0] !== '#') return false;
    void this.unfold(this.line.base).catch(this.onProblem);
    return true;
  }

  private moved(): void {
    const line = this.diff?.line ?? null;
    this.line = line;
    const [start, end] = line ? this.groupRange(line.base) : [0, 0];
    if (!line || !this.rows) return;
    const [atom] = atomsOf(line);
    if (atom) this.change.plan.on(this.change.plan.number(this.file, atom));
    if (!this.group || this.group.file !== this.file || this.group.start !== start || this.group.end !== end || !this.group.atoms) {
      this.group = this.describe(start, end);
      this.since = performance.now();
    }
    clearTimeout(this.addressTimer);
    this.addressTimer = window.setTimeout(() => this.writePlace(), ADDRESS_MS);
  }

  /** Keeps the place for this tab, and puts it into the address bar unless another screen is there by now. */
  writePlace(): void {
    clearTimeout(this.addressTimer);
    if (!this.group) return;
    const atom = (this.line && atomsOf(this.line)[0]) || this.group.atoms?.[0] || 0;
    keepSpot(this.change.id, [this.file, atom, this.line?.base ?? 0]);
    if (location.pathname === reviewAddress(this.change.id, 0, 0)) history.replaceState(history.state, '', reviewAddress(this.change.id, this.file, atom));
  }

  /** Rows that are one decision with row `base`: its hunk, or a block of it where the hunk was split. */
  groupRange(base: number): [number, number] {
    const { rows } = this;
    if (!rows) return [0, 0];
    const hunk = rows.hunkOf(base);
    const start = hunk ? rows.hunks[hunk - 1]! : 0;
    let end = rows.hunks[hunk] ?? rows.total;
    const page = rows.pages[rows.pageOf(end - 1)];
    if (page?.rows?.[end - 1 - page.start]?.[0] === '#') end--;
    return this.parted.has(`${this.file}h${hunk}`) ? this.block(base, start, end) : [start, end];
  }

  /** The touching changed rows around `base`, or the next ones below it. */
  block(base: number, start: number, end: number): [number, number] {
    const { rows } = this;
    const at = (row: number): Row | undefined => {
      const page = rows?.pages[rows.pageOf(row)];
      return page?.rows?.[row - page.start];
    };
    const changed = (row: number): boolean => row >= start && row < end && at(row) !== undefined && isChange(at(row)!);
    let from = base;
    while (from < end && !changed(from)) from++;
    if (from >= end) for (from = base; from > start && !changed(from); ) from--;
    let to = from + 1;
    while (changed(from - 1)) from--;
    while (changed(to)) to++;
    return [from, to];
  }

  /** A group by its rows. */
  describe(start: number, end: number): Group {
    const rows = this.rows!;
    const hunk = rows.hunkOf(start);
    const { start: first, rows: all, whole } = rows.hunkRows(hunk || 1);
    const head = hunk ? all[0] : undefined;
    const inside = hunk ? all.slice(start - first, end - first) : (rows.pages[0]?.rows?.slice(0, end) ?? []);
    const numbers = inside.filter((row) => isChange(row) || (row[0] === '!' && row[3] > 0)).map((row) => row[3]);
    const atoms: Group['atoms'] = whole && numbers.length ? [Math.min(...numbers), Math.max(...numbers)] : null;
    const range = atoms ? `${this.file}.${atoms[0]}-${this.file}.${atoms[1]}` : `${this.file}h${hunk || 1}`;
    const line = inside.find(isChange);
    return { file: this.file, hunk, start, end, atoms, selector: range, title: head?.[4] ?? '', line: (line?.[2] || line?.[1]) ?? 0 };
  }

  private headNote(base: number): string {
    const rows = this.rows!;
    const hunk = rows.hunkOf(base);
    return rows.hunks.length > 1 ? `hunk ${hunk.toLocaleString('en')} of ${rows.hunks.length.toLocaleString('en')}` : 'the only hunk';
  }

  /** Takes a hunk apart into its blocks, or puts it together again. */
  part(): boolean {
    const key = `${this.file}h${this.group?.hunk ?? 0}`;
    if (!this.parted.delete(key)) this.parted.add(key);
    this.group = null;
    if (this.line) this.diff?.go(this.line.base);
    return this.parted.has(key);
  }

  /** The next or the previous hunk (or block of a split one), over the borders of files. */
  async hunk(by: 1 | -1): Promise<void> {
    const { rows, group } = this;
    if (!rows || !group) return;
    if (this.parted.has(`${this.file}h${group.hunk}`)) {
      const [start, end] = [rows.hunks[group.hunk - 1] ?? 0, rows.hunks[group.hunk] ?? rows.total];
      const [from] = by > 0 ? this.block(group.end, start, end) : this.block(group.start - 1, start, end);
      if (by > 0 ? from >= group.end : from < group.start) return this.diff?.go(from);
    }
    const next = rows.hunks[group.hunk - 1 + by];
    if (next !== undefined && group.hunk - 1 + by >= 0) return this.diff?.go(next);
    await this.nextFile(by, by > 0 ? 'first' : 'last');
  }

  async nextFile(by: 1 | -1, target: Target = 'first'): Promise<void> {
    const file = this.change.order[(this.change.rank[this.file] ?? 0) + by];
    if (file) await this.open(file, target);
  }

  /** Goes to the next atom that is undecided, after the group. False if nothing is left. */
  async onward(): Promise<boolean> {
    const next = this.change.next(this.file, this.group?.atoms?.[1] ?? 0);
    if (next) await this.open(next.file, { atom: next.atom });
    return next !== null;
  }

  get undecidedHere(): number {
    return this.change.tallies[this.file - 1]?.[UNDECIDED] ?? 0;
  }
}
