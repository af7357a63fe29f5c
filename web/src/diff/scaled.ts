/** A scroll bar for content taller than a browser allows an element to be: short moves are exact, long ones are scaled. */

/** Below what Chromium (2^25 px) and Firefox (about 17.8 million px) allow. */
const TALLEST = 8_000_000;
const REST_MS = 150;

export class Scaled {
  private last = 0;
  private expected = -1;
  private y = 0;
  private total = 0;
  private rest = 0;

  constructor(
    private readonly scroller: HTMLElement,
    private readonly sizer: HTMLElement,
  ) {}

  get exact(): boolean {
    return this.total <= TALLEST;
  }

  private get most(): [virtual: number, real: number] {
    const view = this.scroller.clientHeight;
    return [Math.max(0, this.total - view), Math.max(0, Math.min(this.total, TALLEST) - view)];
  }

  /** Says how tall the content is now and where its top edge should be. */
  set(total: number, y: number): void {
    if (total !== this.total) {
      this.total = total;
      this.sizer.style.height = `${Math.min(total, TALLEST)}px`;
    }
    this.y = y;
    if (this.exact) this.move(y);
  }

  /** Puts the scroll bar where the content is. */
  settle(): void {
    const [virtual, real] = this.most;
    this.move(virtual ? (this.y / virtual) * real : 0);
  }

  private move(to: number): void {
    if (Math.abs(this.last - to) < 1) return;
    this.scroller.scrollTop = to;
    this.last = this.expected = this.scroller.scrollTop;
  }

  /** Where the scroll bar is, without asking the browser to lay the page out. */
  get top(): number {
    return this.last;
  }

  /** After a scroll event: the new top edge of the content, or null if the event was our own. */
  scrolled(): number | null {
    const now = this.scroller.scrollTop;
    if (now === this.expected) {
      this.expected = -1;
      this.last = now;
      return null;
    }
    const moved = now - this.last;
    this.last = now;
    const [virtual, real] = this.most;
    if (this.exact) return (this.y = now);
    const short = Math.abs(moved) < 2 * this.scroller.clientHeight;
    this.y = short ? Math.max(0, Math.min(virtual, this.y + moved)) : (now / real) * virtual;
    clearTimeout(this.rest);
    this.rest = window.setTimeout(() => this.settle(), REST_MS);
    return this.y;
  }
}
