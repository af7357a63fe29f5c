/** Lines and their heights over the pages of a file: what is known is exact, what is not here yet is guessed. */
import type { FileRows, Page } from '../pages';
import type { Lay, Line } from '../rows';
import { heightOf, lay, ROW } from '../rows';

/** A line on screen by page and index in it; `off` pixels of it are above the edge. */
export interface Spot {
  page: number;
  line: number;
  off: number;
}

export class Layout {
  /** `key` names everything that heights depend on: view, width, opened folds, comments. */
  constructor(
    readonly file: FileRows,
    private readonly how: Lay,
    private readonly key: string,
  ) {}

  /** Lays a page out if its rows are here. */
  prepare(index: number): Page {
    const page = this.file.pages[index]!;
    if (!page.rows || (page.lines && page.layout === this.key)) return page;
    page.lines = lay(page.rows, page.start, this.how);
    if (page.layout !== this.key || page.heights.length !== page.lines.length) {
      page.heights = new Uint16Array(page.lines.length);
      page.layout = this.key;
      page.height = page.lines.reduce((sum, line) => sum + heightOf(line), 0);
    }
    return page;
  }

  count(index: number): number {
    const page = this.prepare(index);
    return page.lines?.length ?? page.size;
  }

  line(index: number, line: number): Line | null {
    return this.prepare(index).lines?.[line] ?? null;
  }

  height(index: number, line: number): number {
    const page = this.prepare(index);
    if (!page.lines) return page.size ? page.height / page.size : ROW;
    return page.heights[line] || heightOf(page.lines[line]!);
  }

  isMeasured(index: number, line: number): boolean {
    return (this.file.pages[index]!.heights[line] ?? 0) > 0;
  }

  /** Keeps a measured height. True if it differs from what was taken. */
  measured(index: number, line: number, height: number): boolean {
    const page = this.file.pages[index]!;
    const before = this.height(index, line);
    page.heights[line] = height;
    page.height += height - before;
    return height !== before;
  }

  total(): number {
    return this.file.pages.reduce((sum, page) => sum + page.height, 0);
  }

  /** Pixels above a spot. */
  above(spot: Spot): number {
    let sum = spot.off;
    for (let p = 0; p < spot.page; p++) sum += this.file.pages[p]!.height;
    for (let i = 0; i < spot.line; i++) sum += this.height(spot.page, i);
    return sum;
  }

  /** The spot at `y` pixels from the top. */
  at(y: number): Spot {
    const last = this.file.pages.length - 1;
    let page = 0;
    let left = Math.max(0, y);
    while (page < last && left >= this.prepare(page).height) left -= this.file.pages[page++]!.height;
    const count = this.count(page);
    let line = 0;
    while (line < count - 1) {
      const height = this.height(page, line);
      if (left < height) break;
      left -= height;
      line++;
    }
    return { page, line, off: Math.max(0, Math.min(left, this.height(page, line))) };
  }

  /** The neighbour of a line; null at either end. */
  step(spot: Spot, by: 1 | -1): Spot | null {
    let { page, line } = spot;
    line += by;
    while (line < 0 || line >= this.count(page)) {
      page += by;
      if (page < 0 || page >= this.file.pages.length) return null;
      line = by > 0 ? 0 : this.count(page) - 1;
    }
    return { page, line, off: 0 };
  }

  /** The spot of a row of the file; in a page that is not here, the line is the row's place in it. */
  spotOf(base: number): Spot {
    const page = this.file.pageOf(base);
    const { lines, start } = this.prepare(page);
    if (!lines) return { page, line: base - start, off: 0 };
    const exact = lines.findIndex((line) => line.base === base);
    if (exact >= 0) return { page, line: exact, off: 0 };
    const after = lines.findIndex((line) => line.base > base);
    return { page, line: after < 0 ? Math.max(0, lines.length - 1) : Math.max(0, after - 1), off: 0 };
  }
}
