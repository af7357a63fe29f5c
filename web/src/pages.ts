/** The rows of one file in pages that end where a hunk ends, fetched as they are needed and forgotten when they are not. */
import { FIRST_ROWS } from './early';
import type { Line, Row } from './rows';
import { HEAD, ROW } from './rows';

const AIM = 160;
const WHOLE = 1000;
const PIECE = 400;
const KEPT_ROWS = 6000;

export interface Window {
  start: number;
  total: number;
  rows: Row[];
  hunks: number[];
}

export type Fetch = (file: number, start: number, count: number) => Promise<Window>;

/** Rows `start` to `start + size`. `lines` and `heights` belong to the layout named by `layout`; `height` is known or guessed. */
export interface Page {
  start: number;
  size: number;
  rows: Row[] | null;
  lines: Line[] | null;
  heights: Uint16Array;
  layout: string;
  height: number;
}

const NO_HEIGHTS = new Uint16Array(0);

/** Where pages start: whole hunks together up to `AIM` rows; a hunk of more than `WHOLE` rows in pieces. */
export function cuts(total: number, hunks: readonly number[]): number[] {
  const starts = [0];
  let start = 0;
  const ends = [...hunks.slice(1), total];
  for (let i = 0; i < ends.length; i++) {
    const end = ends[i]!;
    const next = ends[i + 1] ?? end;
    while (end - start > WHOLE) starts.push((start += PIECE));
    if (next - start > AIM && end > start && end < total) starts.push((start = end));
  }
  return starts;
}

export class FileRows {
  total: number;
  hunks: number[];
  pages: Page[] = [];
  readonly opened = new Map<number, Row[]>();
  private readonly waiting = new Map<number, Promise<void>>();

  constructor(
    readonly file: number,
    first: Window,
    private readonly book: Book,
  ) {
    this.total = first.total;
    this.hunks = first.hunks;
    const starts = cuts(this.total, this.hunks);
    for (let i = 0; i < starts.length; i++) {
      const size = (starts[i + 1] ?? this.total) - starts[i]!;
      this.pages.push({ start: starts[i]!, size, rows: null, lines: null, heights: NO_HEIGHTS, layout: '', height: 0 });
    }
    this.guess();
    this.take(first);
  }

  /** Heights before anything is laid out: 20 px a row, 8 more for each hunk's head. */
  private guess(): void {
    let hunk = 0;
    for (const page of this.pages) {
      page.height = page.size * ROW;
      for (; hunk < this.hunks.length && this.hunks[hunk]! < page.start + page.size; hunk++) page.height += HEAD - ROW;
    }
  }

  /** Puts rows that came with the first answer where they belong, as far as they fill whole pages. */
  private take(window: Window): void {
    for (const page of this.pages) {
      const from = page.start - window.start;
      if (from < 0 || from + page.size > window.rows.length) continue;
      page.rows = window.rows.slice(from, from + page.size);
      this.book.used(this, page);
    }
  }

  /** The page that holds a row. */
  pageOf(base: number): number {
    let [low, high] = [0, this.pages.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.pages[middle]!.start <= base) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The hunk (from 1) that a row belongs to; 0 before the first. */
  hunkOf(base: number): number {
    let [low, high] = [0, this.hunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.hunks[middle]! <= base) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Rows of a hunk as far as they are here, with the row at which they start. */
  hunkRows(hunk: number): { start: number; rows: Row[]; whole: boolean } {
    const start = this.hunks[hunk - 1] ?? 0;
    const end = this.hunks[hunk] ?? this.total;
    const rows: Row[] = [];
    for (let p = this.pageOf(start); p < this.pages.length && this.pages[p]!.start < end; p++) {
      const page = this.pages[p]!;
      if (!page.rows) return { start, rows, whole: false };
      rows.push(...page.rows.slice(Math.max(0, start - page.start), end - page.start));
    }
    return { start, rows, whole: true };
  }

  /** Says that a page is on screen, so that it is the last to be forgotten. */
  touch(page: Page): void {
    this.book.used(this, page);
  }

  /** Fetches a page unless it is here; asking twice is one request. */
  need(index: number): Promise<void> {
    const page = this.pages[index];
    if (!page || page.rows) return Promise.resolve();
    const running = this.waiting.get(index);
    if (running) return running;
    const fetched = this.load(page).finally(() => this.waiting.delete(index));
    this.waiting.set(index, fetched);
    return fetched;
  }

  private async load(page: Page): Promise<void> {
    const window = await this.book.fetch(this.file, page.start, page.size);
    page.rows = window.rows;
    this.book.used(this, page);
  }

  /** The row of an atom, or of a line of the new file, by halving over the pages; 0 if there is none. */
  async locate(what: 'atom' | 'line', value: number): Promise<number> {
    const of = (row: Row): number => (what === 'line' ? row[2] : row[0] === '@' || row[0] === '#' ? 0 : row[3]);
    let [low, high] = [0, this.pages.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      await this.need(middle);
      const most = this.pages[middle]!.rows!.reduce((max, row) => Math.max(max, of(row)), 0);
      if (most >= value) high = middle;
      else low = middle + 1;
    }
    await this.need(low);
    const page = this.pages[low];
    const found = page?.rows?.findIndex((row) => of(row) === value) ?? -1;
    return page && found >= 0 ? page.start + found : 0;
  }
}

/** The open files of a change: pages least recently used are forgotten first. */
export class Book {
  private readonly files = new Map<number, Promise<FileRows>>();
  private recent = new Map<Page, FileRows>();
  private rows = 0;

  constructor(readonly fetch: Fetch) {}

  /** The rows of a file, its first page fetched; `first` is an answer that is on its way already. */
  open(file: number, first?: Promise<Window>): Promise<FileRows> {
    const known = this.files.get(file);
    if (known) return known;
    const opened = (first ?? this.fetch(file, 0, FIRST_ROWS)).then((window) => new FileRows(file, window, this));
    this.files.set(file, opened);
    opened.catch(() => this.files.delete(file));
    return opened;
  }

  has(file: number): boolean {
    return this.files.has(file);
  }

  used(file: FileRows, page: Page): void {
    if (!this.recent.delete(page)) this.rows += page.size;
    this.recent.set(page, file);
    for (const old of this.recent.keys()) {
      if (this.rows <= KEPT_ROWS || old === page) return;
      this.recent.delete(old);
      this.rows -= old.size;
      old.rows = old.lines = null;
    }
  }

  /** Forgets a file's rows, because an edit changed what they say. */
  forget(file: number): void {
    this.files.delete(file);
    for (const [page, owner] of this.recent) {
      if (owner.file !== file) continue;
      this.recent.delete(page);
      this.rows -= page.size;
    }
  }
}
