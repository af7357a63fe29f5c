/** Files that an apply, or an undo or a redo of one, left alone: which is under decision, and what can be done about it. */
import type { App } from './app.svelte';
import type { Out } from './call';
import { call, Problem } from './call';
import { SEEN_MS, tooSoon } from './decisions';

type Tree = Out<'change.apply'>;
export type Conflict = Tree['conflicts'][number];
export type Way = 'apply' | 'undo' | 'redo';

export class Conflicts {
  open = $state.raw<readonly Conflict[]>([]);
  at = $state(0);
  /** The command did something all the same; else it may be given again. */
  readonly partly: boolean;
  private since = 0;

  constructor(
    private readonly app: App,
    readonly way: Way,
    readonly tree: Tree,
  ) {
    this.open = tree.conflicts;
    this.partly = tree.event !== null;
    this.go(0);
  }

  get here(): Conflict | undefined {
    return this.open[this.at];
  }

  /** Puts another one under decision; map, strip and address go with it. */
  go(at: number): void {
    this.at = Math.max(0, Math.min(at, this.open.length - 1));
    this.since = performance.now();
    const { change, desk } = this.app;
    if (!this.here || !change || !desk) return;
    const { path, atoms } = this.here;
    const old = Object.entries(change.overview.old_paths).find(([, from]) => from === path)?.[0];
    const file = change.overview.paths.indexOf(path) + 1 || Number(old ?? 0);
    const atom = Number(/^\d+\.(\d+)/.exec(atoms[0] ?? '')?.[1] ?? 0);
    if (file) desk.open(file, { atom }).catch(this.app.failed);
  }

  /** Whose text stays where apply found both: `mine` rejects the edits in conflict, `theirs` wins at the next apply. */
  async resolve(take: 'mine' | 'theirs'): Promise<void> {
    const { app, here } = this;
    const shown = performance.now() - this.since;
    if (!here || this.way !== 'apply') return;
    if (shown < SEEN_MS) return app.say(tooSoon(shown));
    const change = app.change!.id;
    try {
      await app.decisions!.run(() => call('change.resolve', { change, path: here.path, take }));
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'no-conflict') throw error;
      await app.lookForConflicts();
      return app.say(`Nothing is in the way at ${here.path} any more.`);
    }
    this.open = this.open.filter((one) => one !== here);
    if (this.open.length) this.go(this.at);
    else app.close();
    const said = take === 'mine' ? `Kept yours in ${here.path}: the edits in conflict are rejected.` : `The change's text wins in ${here.path} when you apply again.`;
    app.say(this.open.length ? said : `${said} No conflict is left. A applies the rest.`);
  }

  /** Undo or redo once more, after the lines in the way were put aside. */
  again(): void {
    if (this.way === 'apply' || this.partly) return;
    const over = (): void => void (this.app.conflicts === this && this.app.close());
    this.app.decisions!.step(this.way).then(over, () => undefined);
  }
}
