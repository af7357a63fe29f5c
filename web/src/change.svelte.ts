/** One change: its columns, the states of its atoms, and how both are kept in step with the server. */
import type { Out } from './call';
import { call } from './call';
import { Book } from './pages';
import { Plan } from './plan.svelte';
import type { Run, Tally } from './states';
import { EDITED, nextUndecided, tally, UNDECIDED } from './states';

export type Overview = Out<'review.overview'>;
export type CommentOut = Overview['comments'][number];

/** Files of one folder, in reading order. */
export interface Section {
  title: string;
  files: number[];
  lines: number;
}

/** More folders than this are told apart one level less deep. */
const MOST_SECTIONS = 12;
const DEEPEST = 4;

/** Folders in the order in which they first appear, as deep as leaves a dozen of them. */
export function sections(overview: Overview): Section[] {
  const folders = overview.paths.map((path) => path.split('/').slice(0, -1));
  const many = (depth: number): number => new Set(folders.map((folder) => folder.slice(0, depth).join('/'))).size;
  let depth = 1;
  while (depth < DEEPEST && many(depth + 1) <= MOST_SECTIONS) depth++;
  const found = new Map<string, Section>();
  folders.forEach((folder, i) => {
    const title = folder.slice(0, depth).join('/') || 'Top folder';
    const section = found.get(title) ?? { title, files: [], lines: 0 };
    found.set(title, section);
    section.files.push(i + 1);
    section.lines += overview.added[i]! + overview.removed[i]!;
  });
  return [...found.values()];
}

export class Change {
  overview = $state.raw<Overview>()!;
  total = $state.raw<Tally>([0, 0, 0, 0]);
  comments = $state.raw<CommentOut[]>([]);
  canUndo = $state('');
  canRedo = $state('');
  applied = $state(false);
  /** Grows with every change of a state, so that what is drawn from `runs` is drawn again. */
  version = $state(0);
  runs: Run[][] = [];
  tallies: Tally[] = [];
  sections: Section[] = [];
  /** File numbers in reading order, and each file's place in it. */
  order: number[] = [];
  rank: number[] = [];
  book: Book;
  plan: Plan;
  private seq = 0;
  private busy = 0;

  constructor(overview: Overview, book: Book) {
    this.book = book;
    this.overview = overview;
    this.runs = overview.states as Run[][];
    this.tallies = this.runs.map(tally);
    this.sections = sections(overview);
    this.order = this.sections.flatMap((section) => section.files);
    this.order.forEach((file, at) => (this.rank[file] = at));
    this.plan = new Plan(this);
    this.take(overview);
    this.sum();
  }

  get id(): string {
    return this.overview.change;
  }

  path(file: number): string {
    return this.overview.paths[file - 1] ?? '';
  }

  lines(file: number): number {
    return (this.overview.added[file - 1] ?? 0) + (this.overview.removed[file - 1] ?? 0);
  }

  private take(news: { seq: number; comments: CommentOut[]; can_undo: string; can_redo: string; applied: boolean }): void {
    this.seq = news.seq;
    if (news.comments.length !== this.comments.length) this.comments = news.comments;
    this.canUndo = news.can_undo;
    this.canRedo = news.can_redo;
    this.applied = news.applied;
  }

  private sum(): void {
    const total: Tally = [0, 0, 0, 0];
    for (const one of this.tallies) for (let s = 0; s < 4; s++) total[s]! += one[s]!;
    this.total = total;
    this.version++;
  }

  /** Takes new states for some files. Returns the files whose rows say something else now. */
  put(files: ReadonlyMap<number, Run[]>): number[] {
    const stale: number[] = [];
    for (const [file, runs] of files) {
      const before = this.tallies[file - 1]!;
      const after = tally(runs);
      this.runs[file - 1] = runs;
      this.tallies[file - 1] = after;
      if (before[EDITED] || after[EDITED]) stale.push(file);
    }
    if (files.size) this.sum();
    return stale;
  }

  /** Marks the time of a decision that is on its way: news that would overwrite it waits. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.busy++;
    try {
      return await work();
    } finally {
      this.busy--;
    }
  }

  /** Asks for what happened since we last knew. Returns the files whose rows changed. */
  async sync(upTo = Infinity): Promise<number[]> {
    if (this.busy || upTo <= this.seq) return [];
    const news = await call('review.states', { change: this.id, since: this.seq });
    if (this.busy) return [];
    this.take(news);
    const stale = this.put(new Map(Object.entries(news.files).map(([file, runs]) => [Number(file), runs as Run[]])));
    for (const file of stale) this.book.forget(file);
    return stale;
  }

  /** The next undecided atom after `atom` of `file` in reading order, from the start again at the end; null if none is left. */
  next(file: number, atom: number): { file: number; atom: number } | null {
    const start = this.rank[file] ?? 0;
    for (let k = 0; k <= this.order.length; k++) {
      const at = this.order[(start + k) % this.order.length]!;
      if (!this.tallies[at - 1]![UNDECIDED]) continue;
      const found = nextUndecided(this.runs[at - 1]!, k === 0 ? atom + 1 : 1);
      if (found) return { file: at, atom: found };
    }
    return null;
  }
}

/** Opens a change: its columns and the first rows of `file` are asked for at the same time. */
export async function openChange(id: string, file: number): Promise<Change> {
  const book = new Book((of, start, count) => call('review.rows', { change: id, file: of, start, count }));
  if (file) book.open(file).catch(() => undefined);
  return new Change(await call('review.overview', { change: id }), book);
}
