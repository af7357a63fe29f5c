/** What the map lists: folders, their files, and the hunks of the file under review. */
import type { Change } from './change.svelte';
import type { FileRows } from './pages';
import { isChange } from './rows';

export type Entry =
  | { kind: 'part'; key: string; title: string; files: number; lines: number }
  | { kind: 'file'; key: string; file: number; title: string; path: string; status: string; lines: number }
  | { kind: 'hunk'; key: string; file: number; hunk: number; row: number; title: string; line: number; atoms: number[] };

export const HEIGHT: Record<Entry['kind'], number> = { part: 28, file: 24, hunk: 24 };

/** More hunks than this are not listed: the diff has them, and the list would bury the files. */
const MOST_HUNKS = 400;

export function entries(change: Change, open: number, rows: FileRows | null): Entry[] {
  const list: Entry[] = [];
  for (const section of change.sections) {
    list.push({ kind: 'part', key: `s${section.title}`, title: section.title, files: section.files.length, lines: section.lines });
    const cut = section.title === 'Top folder' ? 0 : section.title.length + 1;
    for (const file of section.files) {
      const path = change.path(file);
      const status = change.overview.status[file - 1] ?? '';
      list.push({ kind: 'file', key: `f${file}`, file, title: path.slice(cut), path, status, lines: change.lines(file) });
      if (file === open && rows?.file === file && rows.hunks.length > 1 && rows.hunks.length <= MOST_HUNKS) list.push(...hunks(rows));
    }
  }
  return list;
}

function hunks(rows: FileRows): Entry[] {
  return rows.hunks.map((row, k) => {
    const { rows: inside } = rows.hunkRows(k + 1);
    const line = inside.find(isChange);
    const atoms = [...new Set(inside.filter(isChange).map((one) => one[3]))];
    const title = inside[0]?.[4] || `hunk ${k + 1}`;
    return { kind: 'hunk', key: `h${rows.file}.${k}`, file: rows.file, hunk: k + 1, row, title, line: line?.[2] || line?.[1] || 0, atoms };
  });
}
