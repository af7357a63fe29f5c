/** The change as a strip of ground: columns in reading order, as wide as their share of the lines. Fog is undecided. */
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

/** Draws all of it: fog where atoms are undecided, a solid base line where they are decided, dashed where rejected. */
export function paint(canvas: HTMLCanvasElement, width: number, change: Change, land: Ground): void {
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  const brush = canvas.getContext('2d')!;
  brush.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const ink = style.getPropertyValue('--tx').trim();
  const [fog, decided, rejected] = strips(change, land, width);
  fogOver(brush, fog, style.getPropertyValue('--hatch').trim());
  brush.fillStyle = style.getPropertyValue('--line2').trim();
  brush.fillRect(0, TOP + GROUND - 1, width, 1);
  brush.fillStyle = ink;
  decided.forEach((on, x) => on && brush.fillRect(x, TOP + GROUND - BASE, 1, BASE));
  rejected.forEach((on, x) => on && x % 4 < 2 && brush.fillRect(x, TOP + GROUND - BASE, 1, BASE));
}

/** Per column of pixels: the share that is undecided, whether it is decided, whether it is rejected. */
function strips(change: Change, land: Ground, width: number): [Float32Array, Uint8Array, Uint8Array] {
  const fog = new Float32Array(width);
  const [decided, rejected] = [new Uint8Array(width), new Uint8Array(width)];
  for (const file of land.order) {
    const [start, end] = [columnOf(land, file, width), columnOf(land, file, width, true)];
    const runs = change.runs[file - 1]!;
    const atoms = runs.reduce((sum, [count]) => sum + count, 0) || 1;
    let at = start;
    for (const [count, state] of runs) {
      const to = at + ((end - start) * count) / atoms;
      for (let x = Math.floor(at); x < Math.min(width, Math.ceil(to)); x++) {
        const share = Math.min(x + 1, to) - Math.max(x, at);
        if (state === UNDECIDED) fog[x]! += share;
        else if (state === REJECTED) rejected[x] = 1;
        else decided[x] = 1;
      }
      at = to;
    }
  }
  return [fog, decided, rejected];
}

/** Stipple, every second row shifted; as high as the share of the column that is undecided. Equal neighbours are one fill. */
function fogOver(brush: CanvasRenderingContext2D, fog: Float32Array, colour: string): void {
  brush.fillStyle = stipple(brush, colour);
  const foot = TOP + GROUND - BASE - 1;
  const high = (x: number): number => Math.round(Math.min(1, fog[x] ?? 0) * (GROUND - BASE - 2));
  for (let x = 0; x < fog.length; ) {
    const height = high(x);
    let end = x + 1;
    while (end < fog.length && high(end) === height) end++;
    if (height) brush.fillRect(x, foot - height, end - x, height);
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
