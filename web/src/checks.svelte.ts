/** The checks of a change: which there are, how they go on its base and its head, how far a run is, and an end to it. */
import type { Out } from './call';
import { call } from './call';

export type Known = Out<'check.list'>;
export type Result = Out<'check.run'>['results'][number];
export type Running = Out<'check.status'>['running'][number];

const POLL_MS = 300;
const SIDES = ['base', 'head'] as const;
export { SIDES };

const byPlace = (results: readonly Result[]): Record<string, Result> => Object.fromEntries(results.map((result) => [`${result.name}/${result.snapshot}`, result]));

export class Checks {
  known = $state.raw<Known | null>(null);
  note = $state('');
  /** Results by check and side. */
  results = $state.raw<Record<string, Result>>({});
  running = $state.raw<Running | null>(null);
  /** A run was asked for and has not answered yet. */
  busy = $state(false);
  stopping = $state(false);
  private timer = 0;

  constructor(
    private readonly change: string,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  result(check: string, side: string): Result | undefined {
    return this.results[`${check}/${side}`];
  }

  /** Asks which checks there are, how they went before, and whether some run already; nothing is run. */
  async look(): Promise<void> {
    await this.list();
    if (!this.busy) await this.watch();
  }

  private async list(): Promise<void> {
    this.known = await call('check.list', { what: this.change });
    this.note = this.known.note;
    this.results = { ...this.results, ...byPlace(this.known.results) };
  }

  /** Runs these checks, all of them if none is named, on both sides. */
  async run(only: string[] = []): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.timer = window.setTimeout(() => void this.watch(), POLL_MS / 3);
    try {
      const ran = await call('check.run', { what: this.change, only });
      this.results = { ...this.results, ...byPlace(ran.results) };
      this.note = ran.note;
    } finally {
      clearTimeout(this.timer);
      this.busy = this.stopping = false;
      this.running = null;
    }
  }

  /** Tells how far the run is until it is over. */
  private async watch(): Promise<void> {
    const { running } = await call('check.status', {}).catch((error: unknown) => {
      this.onProblem(error);
      return { running: [] };
    });
    const before = this.running;
    this.running = running.find((one) => one.what === this.change) ?? null;
    // A run that this page did not begin is over: what it found is known now.
    if (before && !this.running && !this.busy) await this.list().catch(this.onProblem);
    clearTimeout(this.timer);
    if (this.running || this.busy) this.timer = window.setTimeout(() => void this.watch(), POLL_MS);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await call('check.stop', {});
  }
}

/** A span of time, coarser the longer it is. */
export function span(seconds: number): string {
  if (seconds < 1.5) return '1 s';
  return seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

/** How far a run is, in words. */
export function progress(running: Running | null): string {
  if (!running) return 'starting';
  const left = running.seconds_left > 0 ? `about ${span(running.seconds_left)} left` : 'longer than expected';
  return `${running.check}, ${Math.min(running.done + 1, running.total)} of ${running.total}, ${left}`;
}
