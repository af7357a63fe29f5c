/** Rows as the server sends them, and the lines that a view makes of them. */

/** `[kind, old line, new line, atom, text, marks]`, see `Row` in the server's contract. */
export type Row = [kind: string, old: number, new: number, atom: number, text: string, marks: number[]];

export interface Comment {
  actor: string;
  text: string;
}

/** One line on screen. `base` is the row of the file it shows; in the split view `other` is the added row beside a removed one. */
export interface Line {
  base: number;
  row: Row;
  other: Row | null;
  /** Characters of shared indentation that are left out on screen; on a hunk's head, how many its lines leave out. */
  cut: number;
}

/** What a view adds to the rows: opened folds by base row, comments by the last atom they are about, pairs side by side. */
export interface Lay {
  split: boolean;
  /** Take shared indentation off. */
  dedent: boolean;
  opened: ReadonlyMap<number, readonly Row[]>;
  comments: ReadonlyMap<number, readonly Comment[]>;
}

export const ROW = 20;
export const HEAD = 28;

export const isChange = (row: Row): boolean => row[0] === '-' || row[0] === '+' || row[0] === '~';

/** The height of a line that does not wrap. */
export const heightOf = (line: Line): number => (line.row[0] === '@' ? HEAD : ROW);

/** The atoms that a line stands for, none for context. */
export function atomsOf(line: Line): number[] {
  const of = (row: Row | null): number => (row && (isChange(row) || row[0] === '!') ? row[3] : 0);
  const [a, b] = [of(line.row), of(line.other)];
  if (a && b && a !== b) return [a, b];
  return a || b ? [a || b] : [];
}

/** Less than this is not worth saying. */
const LEAST_CUT = 4;

/** Lines for rows that start at `base`. */
export function lay(rows: readonly Row[], base: number, how: Lay): Line[] {
  const lines = spread(rows, base, how);
  if (how.dedent) {
    for (let i = 0; i < lines.length; ) {
      let end = i + 1;
      while (end < lines.length && lines[end]!.row[0] !== '@') end++;
      dedent(lines, i, end);
      i = end;
    }
  }
  return lines;
}

/** Takes the white space that all lines of a hunk share off its lines, and says so on its head. */
function dedent(lines: Line[], start: number, end: number): void {
  if (lines[start]!.row[0] !== '@') return;
  const inside = lines.slice(start + 1, end).filter(({ row }) => isChange(row) || row[0] === ' ');
  const texts = inside.flatMap(({ row, other }) => (other ? [row[4], other[4]] : [row[4]])).filter((text) => text.trim());
  const shared = texts.length ? sharedIndent(texts) : 0;
  if (shared < LEAST_CUT || onlySpaces(inside)) return;
  for (const line of [lines[start]!, ...inside]) line.cut = shared;
}

function sharedIndent(texts: readonly string[]): number {
  const [first = ''] = texts;
  let count = /^[ \t]*/.exec(first)![0].length;
  for (const text of texts) while (count && !text.startsWith(first.slice(0, count))) count--;
  return count;
}

/** True if nothing but white space changed: then indentation is what there is to see. */
function onlySpaces(lines: readonly Line[]): boolean {
  const side = (sign: string): string => lines.flatMap(({ row, other }) => [row, other]).filter((row) => row?.[0] === sign).map((row) => row![4]).join('').replace(/\s/g, '');
  return side('-') === side('+');
}

function spread(rows: readonly Row[], base: number, how: Lay): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < rows.length; ) {
    const row = rows[i]!;
    const opened = row[0] === '#' ? how.opened.get(base + i) : undefined;
    if (opened) {
      for (const inner of opened) lines.push({ base: base + i, row: inner, other: null, cut: 0 });
      i++;
    } else if (isChange(row)) {
      i = layBlock(rows, i, base, how, lines);
    } else {
      lines.push({ base: base + i, row, other: null, cut: 0 });
      if (row[0] === '!') says(row[3], base + i, how, lines);
      i++;
    }
  }
  return lines;
}

/** A run of changed rows: in the split view the removed and the added ones meet by order. Returns where the run ends. */
function layBlock(rows: readonly Row[], start: number, base: number, how: Lay, lines: Line[]): number {
  let end = start;
  while (end < rows.length && isChange(rows[end]!)) end++;
  const block: Line[] = [];
  if (how.split) {
    pairUp(rows, start, end, base, block);
  } else {
    for (let i = start; i < end; i++) block.push({ base: base + i, row: rows[i]!, other: null, cut: 0 });
  }
  const last = new Map<number, Line>();
  for (const line of how.comments.size ? block : []) for (const atom of atomsOf(line)) last.set(atom, line);
  for (const line of block) {
    lines.push(line);
    for (const atom of atomsOf(line)) if (last.get(atom) === line) says(atom, line.base, how, lines);
  }
  return end;
}

function pairUp(rows: readonly Row[], start: number, end: number, base: number, lines: Line[]): void {
  for (let i = start; i < end; ) {
    let middle = i;
    while (middle < end && rows[middle]![0] === '-') middle++;
    let stop = middle;
    while (stop < end && rows[stop]![0] !== '-') stop++;
    beside(rows, i, middle, stop, base, lines);
    i = stop;
  }
}

/** Removed rows `[i, middle)` beside added ones `[middle, stop)`: those of one atom meet, what lies between meets by order. */
function beside(rows: readonly Row[], i: number, middle: number, stop: number, base: number, lines: Line[]): void {
  let [left, right] = [i, middle];
  const added = new Map<number, number>();
  for (let k = stop - 1; k >= middle; k--) added.set(rows[k]![3], k);
  const push = (toLeft: number, toRight: number): void => {
    while (left < toLeft || right < toRight) {
      const [a, b] = [left < toLeft ? rows[left]! : null, right < toRight ? rows[right]! : null];
      lines.push({ base: base + (a ? left : right), row: (a ?? b)!, other: a ? b : null, cut: 0 });
      if (a) left++;
      if (b) right++;
    }
  };
  for (let k = i; k < middle; k++) {
    const partner = added.get(rows[k]![3]);
    if (partner === undefined || partner < right) continue;
    push(k, partner);
    push(k + 1, partner + 1);
  }
  push(middle, stop);
}

function says(atom: number, base: number, how: Lay, lines: Line[]): void {
  for (const { actor, text } of how.comments.get(atom) ?? []) {
    lines.push({ base, row: ['"', 0, 0, atom, `${actor}: ${text}`, []], other: null, cut: 0 });
  }
}
