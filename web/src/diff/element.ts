/** `<exo-diff>`: a window on the rows of one file. At most 150 lines are elements; the rest is arithmetic. */
import type { FileRows } from '../pages';
import type { Lay, Line } from '../rows';
import { isChange, ROW } from '../rows';
import { Drawn } from './drawn';
import type { Spot } from './layout';
import { Layout } from './layout';
import type { Look } from './line';
import { Scaled } from './scaled';

const MOST = 150;
const SPARE = 8;
const PROBE = 100;
const CHARACTER = 7.5;

/** What the diff asks of the screen that it is part of, and tells it. */
export interface Host {
  look: Omit<Look, 'columns'>;
  /** Rows `[start, end)` that are one decision, for a row of the file. */
  group: (base: number) => [number, number];
  /** Which lines are that decision, where it is not those rows; null where it is. */
  inside: () => ((line: Line) => boolean) | null;
  label: () => string;
  onCursor: () => void;
  onFold: (base: number) => void;
  onToggle: () => void;
  onProblem: (error: unknown) => void;
}

export class ExoDiff extends HTMLElement {
  host!: Host;
  private layout: Layout | null = null;
  private lay: Lay = { split: false, dedent: true, opened: new Map(), comments: new Map() };
  private anchor: Spot = { page: 0, line: 0, off: 0 };
  private at: Spot = { page: 0, line: 0, off: 0 };
  private version = 0;
  private columns = 80;
  private width = 0;
  private view = 0;
  private character = 0;
  private readonly probe = document.createElement('span');
  private readonly sizer = document.createElement('div');
  private readonly list = document.createElement('div');
  private readonly drawn = new Drawn(this.list);
  private scaled!: Scaled;

  connectedCallback(): void {
    this.sizer.className = 'sizer';
    this.list.className = 'lines';
    this.list.setAttribute('role', 'listbox');
    this.list.setAttribute('aria-multiselectable', 'true');
    this.list.setAttribute('aria-label', 'Lines');
    this.list.tabIndex = -1;
    this.sizer.append(this.list);
    this.append(this.sizer);
    this.scaled = new Scaled(this, this.sizer);
    this.probe.className = 'probe';
    this.probe.textContent = '0'.repeat(PROBE);
    this.append(this.probe);
    // A guess until the first layout says better: reading now would lay the page out twice.
    this.size(innerWidth / 2, innerHeight, CHARACTER);
    this.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.addEventListener('click', (event) => this.clicked(event));
    new ResizeObserver(() => this.resized()).observe(this);
  }

  /** Shows a file, or the same file in another way, with the cursor on `base`. */
  show(file: FileRows, how: Lay, base: number): void {
    if (how.split !== this.lay.split) this.drawn.clear();
    this.lay = how;
    this.version++;
    this.relay(file);
    this.go(base);
  }

  private relay(file: FileRows): void {
    this.layout = new Layout(file, this.lay, `${this.version}/${this.width}`);
    this.list.setAttribute('aria-label', this.host.label());
    this.drawn.release();
  }

  /** Lays the same file out again (a fold opened, a comment came) and keeps the place. */
  again(how: Lay): void {
    if (!this.layout) return;
    const base = this.line?.base ?? 0;
    const top = this.layout.line(this.anchor.page, this.anchor.line)?.base ?? 0;
    if (how.split !== this.lay.split) this.drawn.clear();
    this.lay = how;
    this.version++;
    this.relay(this.layout.file);
    this.anchor = this.layout.spotOf(top);
    this.at = this.layout.spotOf(base);
    this.render();
  }

  /** States of atoms changed: what says so on the lines in view. */
  restate(): void {
    this.drawn.restate(this.full);
  }

  private get full(): Look {
    return { ...this.host.look, columns: this.columns };
  }

  /** The line under the cursor; null while it is not here. */
  get line(): Line | null {
    return this.layout?.line(this.at.page, this.at.line) ?? null;
  }

  /** Puts the cursor on a row of the file: on a hunk's head, its first changed line. */
  go(base: number): void {
    if (!this.layout) return;
    let spot = this.layout.spotOf(base);
    if (this.layout.line(spot.page, spot.line)?.row[0] === '@') spot = this.firstChange(spot);
    this.place(spot, true);
    const { layout } = this;
    const loaded = layout.file.pages[spot.page]?.rows;
    if (!loaded) this.fetch(spot.page).then(() => this.layout === layout && this.go(base), this.host.onProblem);
  }

  private firstChange(head: Spot): Spot {
    const { layout } = this;
    for (let spot: Spot | null = head; spot && layout; spot = layout.step(spot, 1)) {
      const line = layout.line(spot.page, spot.line);
      if (!line || isChange(line.row) || line.row[0] === '!') return line ? spot : head;
    }
    return head;
  }

  /** Moves the cursor by lines, over comments, which have no cursor of their own. */
  move(by: 1 | -1): void {
    let spot = this.layout?.step(this.at, by) ?? null;
    while (spot && '@"'.includes(this.layout?.line(spot.page, spot.line)?.row[0] ?? '?')) spot = this.layout!.step(spot, by);
    if (spot) this.place(spot, false);
  }

  /** Scrolls by screens, the cursor with it. */
  page(by: 1 | -1): void {
    if (!this.layout) return;
    const y = this.layout.above(this.at) + by * (this.view - 2 * ROW);
    this.place(this.layout.at(Math.min(Math.max(y, 0), this.layout.total() - 1)), false);
  }

  private place(spot: Spot, withGroup: boolean): void {
    const layout = this.layout!;
    const before = this.at;
    this.at = { ...spot, off: 0 };
    const y = layout.above(this.at);
    const top = layout.above(this.anchor);
    const [from, to] = withGroup ? this.reach(y) : [y, y + layout.height(spot.page, spot.line)];
    if (from < top || to > top + this.view) this.anchor = this.anchorFor(from, to, top, withGroup);
    this.render();
    this.mark(before, this.at);
    this.host.onCursor();
  }

  /** Top and bottom of what should be in view with the cursor at `y`: its whole group if that fits. */
  private reach(y: number): [number, number] {
    const layout = this.layout!;
    const line = this.line;
    if (!line) return [y, y + this.view];
    const [start, end] = this.host.group(line.base);
    const from = layout.above(layout.spotOf(start));
    const to = layout.above(layout.spotOf(Math.max(start, end - 1))) + ROW;
    if (to - from <= this.view) return [from, to];
    return y - from < this.view - 3 * ROW ? [from, from + this.view] : [y - ROW, y - ROW + this.view];
  }

  private anchorFor(from: number, to: number, top: number, jump: boolean): Spot {
    const layout = this.layout!;
    const margin = jump ? 0 : 2 * ROW;
    const y = jump || from < top ? from - margin : to + margin - this.view;
    return layout.at(Math.max(0, Math.min(y, layout.total() - this.view)));
  }

  /** The cursor is a class and a tab stop on two lines. */
  private mark(before: Spot, after: Spot): void {
    const [old, now] = [this.drawn.find(before), this.drawn.find(after)];
    if (old && old !== now) this.drawn.point(old, false);
    const focused = this.contains(document.activeElement);
    if (now) this.drawn.point(now, true);
    if (focused && now) now.el.focus({ preventScroll: true });
  }

  /** Focus on the line under the cursor. */
  override focus(): void {
    (this.drawn.find(this.at)?.el ?? this.list).focus({ preventScroll: true });
  }

  private scrolled(): void {
    const y = this.scaled.scrolled();
    if (y === null || !this.layout) return;
    this.anchor = this.layout.at(y);
    this.render();
  }

  /** Whether the line under the cursor is to be seen. */
  private inView(): boolean {
    const { layout, at } = this;
    const y = layout ? layout.above(at) - layout.above(this.anchor) : -1;
    return y >= 0 && y < this.view;
  }

  private resized(): void {
    const before = this.inView();
    if (!this.measure() || !this.layout) return;
    for (const { drawn } of this.drawn.shown) drawn.mayWrap ||= drawn.length > this.columns;
    const anchor = this.layout.line(this.anchor.page, this.anchor.line)?.base ?? 0;
    this.layout = new Layout(this.layout.file, this.lay, `${this.version}/${this.width}`);
    this.anchor = this.layout.spotOf(anchor);
    // A pane that got smaller must not hide what is being decided.
    if (this.line && before) this.place(this.at, true);
    else this.render();
  }

  /** Reads the size of the view and of a character; called when layout is fresh, so that reading is free. True if something changed. */
  private measure(): boolean {
    const [width, view] = [this.clientWidth, this.clientHeight];
    const character = this.probe.getBoundingClientRect().width / PROBE || CHARACTER;
    if (width === this.width && view === this.view && character === this.character) return false;
    this.size(width, view, character);
    return true;
  }

  private size(width: number, view: number, character: number): void {
    [this.width, this.view, this.character] = [width, view, character];
    const gutters = this.lay.split ? 180 : 156;
    this.columns = Math.max(10, Math.floor((this.lay.split ? (width - gutters) / 2 : width - gutters) / character));
  }

  private render(): void {
    const { layout } = this;
    if (!layout || !this.view) return;
    this.clamp();
    const spots = this.window();
    const lost = this.drawn.update(spots, layout, this.full, this.lay.split);
    const [start, end] = this.groupNow();
    this.drawn.mark(this.host.inside() ?? ((line) => line.base >= start && line.base < end), this.at);
    if (lost) this.focus();
    if (this.drawn.remeasure(layout)) this.clamp();
    let above = this.anchor.off;
    for (const { spot } of this.drawn.shown) {
      if (spot.page > this.anchor.page || (spot.page === this.anchor.page && spot.line >= this.anchor.line)) break;
      above += layout.height(spot.page, spot.line);
    }
    this.scaled.set(layout.total(), layout.above(this.anchor));
    this.list.style.transform = `translateY(${this.scaled.top - above}px)`;
  }

  private clamp(): void {
    const layout = this.layout!;
    const most = Math.max(0, layout.total() - this.view);
    if (layout.above(this.anchor) > most) this.anchor = layout.at(most);
  }

  /** The lines to draw: those in view and a few on either side; asks for pages that are not here. */
  private window(): Spot[] {
    const layout = this.layout!;
    const spots: Spot[] = [];
    let first: Spot = { ...this.anchor, off: 0 };
    for (let k = 0; k < SPARE; k++) first = layout.step(first, -1) ?? first;
    let y = 0;
    let started = false;
    for (let spot: Spot | null = first; spot && spots.length < MOST; spot = layout.step(spot, 1)) {
      spots.push(spot);
      started ||= spot.page === this.anchor.page && spot.line === this.anchor.line;
      if (started) y += layout.height(spot.page, spot.line);
      if (y > this.view + this.anchor.off + SPARE * ROW) break;
    }
    const pages = new Set(spots.map((spot) => spot.page));
    for (const page of pages) this.ask(page);
    return spots;
  }

  private ask(index: number): void {
    const { layout } = this;
    const { file } = layout!;
    const page = file.pages[index];
    if (page?.rows) file.touch(page);
    else this.fetch(index).then(() => this.layout === layout && this.render(), this.host.onProblem);
    for (const near of [index + 1, index - 1]) if (file.pages[near] && !file.pages[near].rows) this.fetch(near).catch(() => undefined);
  }

  private fetch(index: number): Promise<void> {
    return this.layout!.file.need(index);
  }

  private groupNow(): [number, number] {
    return this.line ? this.host.group(this.line.base) : [-1, -1];
  }

  private clicked(event: MouseEvent): void {
    if (!getSelection()?.isCollapsed || !(event.target instanceof Element)) return;
    const row = event.target.closest('.ln');
    const found = this.drawn.shown.find(({ drawn }) => drawn.el === row);
    if (!found?.drawn.line || found.drawn.line.row[0] === '"') return;
    this.place(found.spot, false);
    this.focus();
    if (found.drawn.line.row[0] === '#') this.host.onFold(found.drawn.line.base);
    else if (event.target.classList.contains('state')) this.host.onToggle();
  }
}

customElements.define('exo-diff', ExoDiff);
