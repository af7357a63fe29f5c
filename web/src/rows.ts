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
}

/** What a view adds to the rows: opened folds by base row, comments by the last atom they are about, pairs side by side. */
export interface Lay {
  split: boolean;
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

/** Lines for rows that start at `base`. */
export function lay(rows: readonly Row[], base: number, how: Lay): Line[] {
  const lines: Line[] = [];
  for (let i = 0; i < rows.length; ) {
    const row = rows[i]!;
    const opened = row[0] === '#' ? how.opened.get(base + i) : undefined;
    if (opened) {
      for (const inner of opened) lines.push({ base: base + i, row: inner, other: null });
      i++;
    } else if (isChange(row)) {
      i = layBlock(rows, i, base, how, lines);
    } else {
      lines.push({ base: base + i, row, other: null });
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
  if (how.split) {
    pairUp(rows, start, end, base, lines);
  } else {
    for (let i = start; i < end; i++) lines.push({ base: base + i, row: rows[i]!, other: null });
  }
  if (how.comments.size) {
    const atoms = new Set(rows.slice(start, end).map((row) => row[3]));
    for (const atom of [...atoms].sort((a, b) => a - b)) says(atom, base + end - 1, how, lines);
  }
  return end;
}

function pairUp(rows: readonly Row[], start: number, end: number, base: number, lines: Line[]): void {
  for (let i = start; i < end; ) {
    let middle = i;
    while (middle < end && rows[middle]![0] === '-') middle++;
    let stop = middle;
    while (stop < end && rows[stop]![0] !== '-') stop++;
    const [removed, added] = [middle - i, stop - middle];
    for (let k = 0; k < Math.max(removed, added); k++) {
      const left = k < removed ? rows[i + k]! : null;
      const right = k < added ? rows[middle + k]! : null;
      lines.push({ base: left ? base + i + k : base + middle + k, row: (left ?? right)!, other: left ? right : null });
    }
    i = stop;
  }
}

function says(atom: number, base: number, how: Lay, lines: Line[]): void {
  for (const { actor, text } of how.comments.get(atom) ?? []) {
    lines.push({ base, row: ['"', 0, 0, atom, `${actor}: ${text}`, []], other: null });
  }
}
