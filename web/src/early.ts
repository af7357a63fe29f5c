/** Answers asked for before the page's own code was there; whoever needs one takes it from here, once. */
import { isReloaded, parse, spotOf } from './place';

const waiting = new Map<string, Promise<Response>>();

const nameOf = (path: string, body: string): string => `${path} ${body}`;

/** Sends what the first screen will ask for. */
export function begin(url: URL): void {
  const place = parse(url);
  if (place.screen !== 'review') return;
  const [file] = spotOf(place, isReloaded()).spot;
  ahead('review.overview', { change: place.change });
  ahead('review.rows', { change: place.change, file: file || 1, start: 0, count: FIRST_ROWS });
}

/** How many rows of a file are asked for before it is known how many it has. */
export const FIRST_ROWS = 400;

function ahead(name: string, body: unknown): void {
  const text = JSON.stringify(body);
  const sent = post(`/api/${name}`, text);
  sent.catch(() => undefined);
  waiting.set(nameOf(`/api/${name}`, text), sent);
}

export function post(path: string, body: string): Promise<Response> {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

/** The answer to this call: one that is on its way already, or a new one. */
export function send(path: string, body: string): Promise<Response> {
  const name = nameOf(path, body);
  const known = waiting.get(name);
  waiting.delete(name);
  return known ?? post(path, body);
}
