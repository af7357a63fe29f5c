/** Where one is: the address bar holds the screen and the atom, session storage what is finer than that. */

export type Screen = 'changes' | 'review' | 'file';

/** `at` is `file` or `file.atom`; `line` counts in the new file and goes with `path`. */
export interface Place {
  screen: Screen;
  change: string;
  file: number;
  atom: number;
  path: string;
  line: number;
  first: boolean;
}

/** Reads an address; anything odd in it falls back to the start of the screen. */
export function parse(url: URL): Place {
  const query = url.searchParams;
  const change = /^\/change\/([^/]+)$/.exec(url.pathname)?.[1] ?? '';
  const [file = '0', atom = '0'] = (query.get('at') ?? '').split('.');
  const whole = (text: string): number => (/^\d{1,9}$/.test(text) ? Number(text) : 0);
  const screen = change ? 'review' : url.pathname === '/file' ? 'file' : 'changes';
  return {
    screen,
    change: decodeURIComponent(change),
    file: whole(file),
    atom: whole(atom),
    path: query.get('path') ?? '',
    line: whole(query.get('line') ?? ''),
    first: query.get('first') === '1',
  };
}

/** The address of a place in a change: `at` as `file` or `file.atom`. */
export function reviewAddress(change: string, file: number, atom: number): string {
  const at = file ? `?at=${file}${atom ? `.${atom}` : ''}` : '';
  return `/change/${encodeURIComponent(change)}${at}`;
}

export function fileAddress(path: string): string {
  return `/file?path=${encodeURIComponent(path)}`;
}

/** A value kept for this tab, over reloads. */
export function kept<T>(key: string, fallback: T): T {
  const raw = sessionStorage.getItem(`exosuit.${key}`);
  return raw === null ? fallback : (JSON.parse(raw) as T);
}

/** Whether the document was loaded again where it was, rather than by a link. */
export const isReloaded = (): boolean => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined)?.type === 'reload';

/** Where in a change one was last, in this tab: file, atom, and row of the file. */
export type Spot = [file: number, atom: number, row: number];

/** Writes down where in a change one is. */
export function keepSpot(change: string, spot: Spot): void {
  keep(`at.${change}`, spot);
}

/**
 * What to open for an address. The address bar follows the cursor with a delay, and what a page that is left writes there
 * comes too late for a reload; what it keeps does not. So that counts where a page is loaded again, and where the address
 * names the same place or none.
 */
export function spotOf(place: Place, again: boolean): { spot: Spot; named: boolean } {
  const last = kept<Spot>(`at.${place.change}`, [0, 0, 0]);
  const same = place.file ? place.file === last[0] && place.atom === last[1] : !place.path;
  if (last[0] && (again || same)) return { spot: last, named: false };
  return { spot: [place.file, place.atom, 0], named: place.path !== '' };
}

export function keep(key: string, value: unknown): void {
  try {
    sessionStorage.setItem(`exosuit.${key}`, JSON.stringify(value));
  } catch {
    // A full or forbidden store costs the place after a reload, nothing else.
  }
}
