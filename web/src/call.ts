/** One call of one command: `POST /api/<noun>.<verb>`, typed by the server's own OpenAPI document. */
import type { paths } from './api';
import { send } from './early';

type Body<T> = T extends { requestBody: { content: { 'application/json': infer B } } } ? B : never;
type Answer<T> = T extends { responses: { 200: { content: { 'application/json': infer B } } } } ? B : never;

export type Name = keyof paths extends infer K ? (K extends `/api/${infer N}` ? N : never) : never;
export type In<N extends Name> = Body<paths[`/api/${N}`]['post']>;
export type Out<N extends Name> = Answer<paths[`/api/${N}`]['post']>;

/** What went wrong and what to do next; `code` is `offline` when no server answered at all. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** Anything that was thrown, as a problem that can be shown. */
export function problem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('unexpected', error instanceof Error ? error.message : String(error), 'reload the page; nothing decided is lost');
}

/** Runs a command. Throws `Problem`. */
export async function call<N extends Name>(name: N, body: In<N>): Promise<Out<N>> {
  let response: Response;
  try {
    response = await send(`/api/${name}`, JSON.stringify(body));
  } catch {
    throw new Problem('offline', 'the server does not answer', 'start it again: exosuit review --no-open');
  }
  if (response.ok) return (await response.json()) as Out<N>;
  throw await refusal(response);
}

async function refusal(response: Response): Promise<Problem> {
  const said: unknown = await response.json().catch(() => null);
  const fields = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>;
  const text = (key: string): string => (typeof fields[key] === 'string' ? (fields[key] as string) : '');
  const hint = text('hint') || 'look at it again, then repeat';
  const message = text('message') || text('detail') || text('title') || `the server answered ${response.status}`;
  return new Problem(text('code') || `http-${response.status}`, message, hint);
}
