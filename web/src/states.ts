/** States of atoms as runs `[count, state]`, in the order of the atoms: what the server sends and what a decision changes. */

export type Run = [count: number, state: number];

export const UNDECIDED = 0;
export const ACCEPTED = 1;
export const REJECTED = 2;
export const EDITED = 3;

export type Tally = [undecided: number, accepted: number, rejected: number, edited: number];

/** How many atoms are in each state. */
export function tally(runs: readonly Run[]): Tally {
  const sum: Tally = [0, 0, 0, 0];
  for (const [count, state] of runs) sum[state] = (sum[state] ?? 0) + count;
  return sum;
}

/** The state of one atom (from 1); undecided if there is no such atom. */
export function stateOf(runs: readonly Run[], atom: number): number {
  let end = 0;
  for (const [count, state] of runs) {
    end += count;
    if (atom <= end) return state;
  }
  return UNDECIDED;
}

/** The runs with atoms `first` to `last` (from 1, both included) in another state. */
export function withState(runs: readonly Run[], first: number, last: number, state: number): Run[] {
  const out: Run[] = [];
  const add = (count: number, value: number): void => {
    if (count <= 0) return;
    const tail = out.at(-1);
    if (tail && tail[1] === value) tail[0] += count;
    else out.push([count, value]);
  };
  let start = 1;
  for (const [count, value] of runs) {
    const end = start + count - 1;
    add(Math.min(end, first - 1) - start + 1, value);
    add(Math.min(end, last) - Math.max(start, first) + 1, state);
    add(end - Math.max(start, last + 1) + 1, value);
    start = end + 1;
  }
  return out;
}

/** The first undecided atom at or after `from`; 0 if there is none. */
export function nextUndecided(runs: readonly Run[], from = 1): number {
  let start = 1;
  for (const [count, state] of runs) {
    const end = start + count - 1;
    if (state === UNDECIDED && end >= from) return Math.max(start, from);
    start = end + 1;
  }
  return 0;
}
