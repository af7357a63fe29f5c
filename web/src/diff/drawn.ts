/** The lines that are elements just now: those that stay keep theirs, the others' are filled anew. */
import type { Line } from '../rows';
import type { Layout, Spot } from './layout';
import type { LineElement, Look } from './line';
import { fillLine, headNote, makeLine, tellState } from './line';

export interface Shown {
  spot: Spot;
  drawn: LineElement;
}

const same = (a: Spot, b: Spot): boolean => a.page === b.page && a.line === b.line;
const nameOf = (spot: Spot): string => `${spot.page}/${spot.line}`;

export class Drawn {
  shown: Shown[] = [];
  private spares: LineElement[] = [];

  constructor(private readonly list: HTMLElement) {}

  /** Forgets all elements, because the next ones are made otherwise. */
  clear(): void {
    this.list.replaceChildren();
    this.shown = [];
    this.spares = [];
  }

  /** Keeps the elements, but none of what is in them. */
  release(): void {
    for (const { drawn } of this.shown) this.spares.push(drawn);
    this.shown = [];
  }

  find(spot: Spot): LineElement | undefined {
    return this.shown.find((one) => same(one.spot, spot))?.drawn;
  }

  /** Draws these lines, in order. True if the element that had the focus was taken for another line. */
  update(spots: readonly Spot[], layout: Layout, look: Look, split: boolean): boolean {
    const wanted = new Set(spots.map(nameOf));
    const staying = new Map<string, Shown>();
    let lost = false;
    for (const one of this.shown) {
      const stays = wanted.has(nameOf(one.spot)) && one.drawn.line === layout.line(one.spot.page, one.spot.line);
      if (stays) {
        staying.set(nameOf(one.spot), one);
      } else {
        lost ||= one.drawn.el === document.activeElement;
        this.spares.push(one.drawn);
      }
    }
    this.shown = spots.map((spot) => staying.get(nameOf(spot)) ?? { spot, drawn: this.draw(spot, layout, look, split) });
    for (const spare of this.spares) spare.el.remove();
    this.shown.forEach(({ drawn }, k) => {
      if (this.list.children[k] !== drawn.el) this.list.insertBefore(drawn.el, this.list.children[k] ?? null);
    });
    return lost;
  }

  private draw(spot: Spot, layout: Layout, look: Look, split: boolean): LineElement {
    const drawn = this.spares.pop() ?? makeLine(split);
    const line = layout.line(spot.page, spot.line);
    fillLine(drawn, line, look);
    const base = line?.base ?? layout.file.pages[spot.page]!.start + spot.line;
    drawn.el.setAttribute('aria-posinset', String(base + 1));
    drawn.el.setAttribute('aria-setsize', String(layout.file.total));
    return drawn;
  }

  /** States of atoms changed: signs, classes and words. */
  restate(look: Look): void {
    for (const { drawn } of this.shown) {
      tellState(drawn, look);
      if (drawn.line?.row[0] === '@') drawn.note.textContent = headNote(drawn.line, look);
    }
  }

  /** The edge of what one key decides, and the cursor: a class and a tab stop. */
  mark(inside: (line: Line) => boolean, cursor: Spot): void {
    for (const { spot, drawn } of this.shown) {
      drawn.el.classList.toggle('in', drawn.line !== null && inside(drawn.line));
      this.point(drawn, same(spot, cursor));
    }
  }

  point(drawn: LineElement, on: boolean): void {
    drawn.el.classList.toggle('cur', on);
    drawn.el.tabIndex = on ? 0 : -1;
  }

  /** Reads the heights of lines that may have wrapped, once per width. True if one differs from the guess. */
  remeasure(layout: Layout): boolean {
    let changed = false;
    for (const { spot, drawn } of this.shown) {
      if (!drawn.mayWrap || layout.isMeasured(spot.page, spot.line)) continue;
      changed = layout.measured(spot.page, spot.line, drawn.el.offsetHeight) || changed;
    }
    return changed;
  }
}
