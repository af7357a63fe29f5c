/** The change as a strip of ground: columns in reading order, as wide as their share of the lines. Fog is unknown. */
import type { Change } from './change.svelte';
import { REJECTED, UNDECIDED } from './states';

const HEIGHT = 46;
const TOP = 4;
const GROUND = 40;
const BASE = 3;
const DOT = 3;

/** Lines before each file in reading order; the last entry is all of them. */
export interface Ground {
  order: number[];
  before: Float64Array;
  rank: number[];
}

export function ground(change: Change): Ground {
  const before = new Float64Array(change.order.length + 1);
  change.order.forEach((file, k) => (before[k + 1] = before[k]! + Math.max(1, change.lines(file))));
  return { order: change.order, before, rank: change.rank };
}

/** The column (in pixels) at which a file starts or ends. */
export function columnOf(land: Ground, file: number, width: number, end = false): number {
  const all = land.before.at(-1) || 1;
  return (land.before[(land.rank[file] ?? 0) + (end ? 1 : 0)]! / all) * width;
}

/** The file under a column. */
export function fileAt(land: Ground, x: number, width: number): number {
  const line = (x / Math.max(1, width)) * (land.before.at(-1) || 1);
  let [low, high] = [0, land.order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (land.before[middle + 1]! <= line) low = middle + 1;
    else high = middle;
  }
  return land.order[Math.min(low, land.order.length - 1)] ?? 0;
}

/** Draws all of it: solid where undecided edits are proved, fog where nothing is known; a base line where they are decided. */
export function paint(canvas: HTMLCanvasElement, width: number, change: Change, land: Ground): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  const brush = canvas.getContext('2d')!;
  brush.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const { proved, fog, decided, rejected } = strips(change, land, width);
  columnsOver(brush, proved, null, style.getPropertyValue('--proved').trim());
  columnsOver(brush, fog, proved, stipple(brush, style.getPropertyValue('--hatch').trim()));
  brush.fillStyle = style.getPropertyValue('--line2').trim();
  brush.fillRect(0, TOP + GROUND - 1, width, 1);
  brush.fillStyle = style.getPropertyValue('--tx').trim();
  decided.forEach((on, x) => on && brush.fillRect(x, TOP + GROUND - BASE, 1, BASE));
  rejected.forEach((on, x) => on && x % 4 < 2 && brush.fillRect(x, TOP + GROUND - BASE, 1, BASE));
}

/** Ticks over the columns in which a group has a place, as an SVG path. */
export function ticks(change: Change, land: Ground, group: number, width: number): string {
  let [path, last] = ['', -1];
  for (const [first, end] of change.plan.places(group)) {
    const [from, to] = [columnAt(change, land, first, width), columnAt(change, land, end - 1, width)];
    const x = Math.floor(from);
    if (x === last && to - from < 2) continue;
    path += `M${x} 0h${Math.max(2, Math.ceil(to - from))}`;
    last = x;
  }
  return path;
}

/** The column of an atom, given by its number in the whole change. */
export function columnAt(change: Change, land: Ground, number: number, width: number): number {
  const [file, atom] = change.plan.place(number);
  const [start, end] = [columnOf(land, file, width), columnOf(land, file, width, true)];
  return start + ((end - start) * (atom - 1)) / (change.overview.atom_counts[file - 1] || 1);
}

/** File and atom under a column; the atom is 0 in a file without any. */
export function placeAt(change: Change, land: Ground, x: number, width: number): [file: number, atom: number] {
  const file = fileAt(land, x, width);
  const [start, end] = [columnOf(land, file, width), columnOf(land, file, width, true)];
  const atoms = change.overview.atom_counts[file - 1] ?? 0;
  return [file, Math.min(atoms, Math.max(0, Math.floor(((x - start) / (end - start || 1)) * atoms)) + 1)];
}

interface Strips {
  proved: Float32Array;
  fog: Float32Array;
  decided: Uint8Array;
  rejected: Uint8Array;
}

/** Per column of pixels: the shares that are undecided, proved and not, whether something is decided, and rejected. */
function strips(change: Change, land: Ground, width: number): Strips {
  const out = { proved: new Float32Array(width), fog: new Float32Array(width), decided: new Uint8Array(width), rejected: new Uint8Array(width) };
  for (const file of land.order) {
    const [start, end] = [columnOf(land, file, width), columnOf(land, file, width, true)];
    const step = (end - start) / (change.overview.atom_counts[file - 1] || 1);
    let at = start;
    eachState(change, file, (count, state, proved) => {
      const to = at + count * step;
      for (let x = Math.floor(at); x < Math.min(width, Math.ceil(to)); x++) {
        const share = Math.min(x + 1, to) - Math.max(x, at);
        if (state === UNDECIDED) (proved ? out.proved : out.fog)[x]! += share;
        else if (state === REJECTED) out.rejected[x] = 1;
        else out.decided[x] = 1;
      }
      at = to;
    });
  }
  return out;
}

/** The atoms of a file in runs of one state and one kind of evidence. */
function eachState(change: Change, file: number, take: (count: number, state: number, proved: boolean) => void): void {
  const runs = change.runs[file - 1]!;
  let [i, left] = [0, runs[0]?.[0] ?? 0];
  change.plan.eachRun(file, (count, proved) => {
    while (count > 0 && i < runs.length) {
      const part = Math.min(count, left);
      if (part) take(part, runs[i]![1], proved);
      count -= part;
      left -= part;
      if (!left) left = runs[++i]?.[0] ?? 0;
    }
  });
}

/** Columns as high as their shares, on top of others. Equal neighbours are one fill. */
function columnsOver(brush: CanvasRenderingContext2D, shares: Float32Array, below: Float32Array | null, fill: string | CanvasPattern): void {
  brush.fillStyle = fill;
  const foot = TOP + GROUND - BASE - 1;
  const most = GROUND - BASE - 2;
  const high = (of: Float32Array | null, x: number): number => Math.round(Math.min(1, of?.[x] ?? 0) * most);
  for (let x = 0; x < shares.length; ) {
    const [height, up] = [high(shares, x), high(below, x)];
    let end = x + 1;
    while (end < shares.length && high(shares, end) === height && high(below, end) === up) end++;
    if (height) brush.fillRect(x, foot - up - Math.min(height, most - up), end - x, Math.min(height, most - up));
    x = end;
  }
}

function stipple(brush: CanvasRenderingContext2D, colour: string): CanvasPattern {
  const ratio = devicePixelRatio;
  const tile = document.createElement('canvas');
  tile.width = Math.round(4 * ratio);
  tile.height = Math.round(2 * DOT * ratio);
  const dot = tile.getContext('2d')!;
  dot.fillStyle = colour;
  for (const [x, y] of [[0, 0], [2, DOT]] as const) dot.fillRect(x * ratio, y * ratio, 1.2 * ratio, 1.2 * ratio);
  const pattern = brush.createPattern(tile, 'repeat')!;
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}
