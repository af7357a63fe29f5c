/** The page: which screen, which change, what lies over it, what was last said. */
import { call, Problem, problem } from './call';
import { Checks } from './checks.svelte';
import type { Way } from './conflicts.svelte';
import { Conflicts } from './conflicts.svelte';
import type { Out } from './call';
import type { Change } from './change.svelte';
import { openChange } from './change.svelte';
import { Decisions } from './decisions';
import { Desk } from './desk.svelte';
import type { Target } from './desk.svelte';
import { Events } from './events';
import { UNASKED } from './plan.svelte';
import type { Place } from './place';
import { isReloaded, keep, keepSpot, kept, parse, spotOf } from './place';

export type Over = '' | 'checks' | 'missed' | 'made' | 'help' | 'palette' | 'search' | 'goto' | 'comment' | 'reason' | 'edit' | 'conflicts' | 'done';
export type Applied = Out<'change.apply'>;
export type Summary = Out<'change.list'>['changes'][number];

const TOAST_MS = 4000;
const STALE_MS = 400;

export class App {
  place = $state.raw<Place>(parse(new URL(location.href)));
  change = $state.raw<Change | null>(null);
  desk = $state.raw<Desk | null>(null);
  over = $state<Over>('');
  /** What the last apply, or an undo or redo of one, left alone. */
  conflicts = $state.raw<Conflicts | null>(null);
  /** The change that was made of missed places last. */
  made = $state.raw<{ change: string; title: string; already: boolean } | null>(null);
  toast = $state('');
  problem = $state.raw<Problem | null>(null);
  /** What keeps the whole screen from being shown. */
  fatal = $state.raw<Problem | null>(null);
  online = $state(true);
  retryAt = $state(0);
  facts = $state(false);
  /** Files are being written. */
  applying = $state(false);
  /** Why the change is not what its source says now; empty while it is. */
  stale = $state('');
  workspace = $state.raw<Out<'workspace.show'> | null>(null);
  changes = $state.raw<Summary[] | null>(null);
  theme = $state(localStorage.getItem('exosuit.theme') ?? '');
  singleKeys = $state(localStorage.getItem('exosuit.keys') !== 'off');
  checks = $state.raw<Checks | null>(null);
  decisions: Decisions | null = null;
  events: Events | null = null;
  private toastTimer = 0;

  constructor() {
    addEventListener('popstate', () => void this.enter(parse(new URL(location.href))));
    addEventListener('focus', () => void this.lookWhetherStale());
    addEventListener('pagehide', () => this.desk?.writePlace());
    this.setTheme(this.theme);
  }

  /** First screen first, everything else when it is on. */
  async start(): Promise<void> {
    await this.enter(this.place, isReloaded());
    this.events = new Events(
      (event) => void this.heard(event.change, event.seq),
      (up, retryAt) => this.line(up, retryAt),
    );
    call('workspace.show', {}).then((shown) => (this.workspace = shown), this.failed);
  }

  /** Goes to an address of ours without loading the page. */
  visit(address: string): void {
    this.desk?.writePlace();
    history.pushState(null, '', address);
    void this.enter(parse(new URL(location.href)));
  }

  /** `again`: the document was loaded again, so what this tab keeps says better where one was. */
  private async enter(place: Place, again = false): Promise<void> {
    this.place = place;
    this.over = '';
    this.problem = this.fatal = null;
    try {
      if (place.screen === 'review') await this.review(place, again);
      else if (place.screen === 'changes') await this.list();
    } catch (error) {
      this.fatal = problem(error);
    }
  }

  private async review(place: Place, again: boolean): Promise<void> {
    const { spot, named } = spotOf(place, again);
    const [file, atom, row] = spot;
    if (!again) keepSpot(place.change, spot);
    if (!this.change || this.change.id !== place.change) {
      this.stale = '';
      const change = await openChange(place.change, file || 1);
      this.desk = new Desk(change, this.failed);
      this.decisions = new Decisions(change, this.desk, this.say, this.failed, (way, tree) => this.leftAlone(way, tree));
      this.checks = new Checks(change.id, this.failed);
      this.change = change;
    }
    const [at, target] = this.target(this.change, named ? place : null, file, row ? { row } : { atom });
    await this.desk!.open(at, target);
    if (again && kept(`left.${place.change}`, false)) await this.lookForConflicts();
    setTimeout(() => void this.lookWhetherStale(), STALE_MS);
  }

  private async lookWhetherStale(): Promise<void> {
    const { change } = this;
    if (!change || this.place.screen !== 'review') return;
    const said = await call('review.stale', { change: change.id }).catch(() => null);
    if (said && change === this.change) this.stale = said.stale && said.refreshable ? said.why : '';
  }

  /** Reads the source again; decisions are carried over where the bytes still match. */
  async refresh(): Promise<void> {
    const found = await call('change.refresh', { change: this.change!.id });
    this.stale = '';
    const asked = found.asked_again ? `, ${found.asked_again} asked again` : '';
    this.visit(`/change/${encodeURIComponent(found.change)}`);
    this.say(found.already ? 'Nothing is other than it was.' : `Placed again: ${found.carried} decisions carried over${asked}.`);
  }

  /** Where an address leads: what it names, else what is undecided first, else the first file. */
  private target(change: Change, named: Place | null, file: number, inside: Target): [number, Target] {
    const byPath = named ? change.overview.paths.indexOf(named.path) + 1 : 0;
    if (byPath) return [byPath, named!.line ? { line: named!.line } : 'first'];
    if (file && file <= change.order.length) return [file, inside];
    const next = change.next(change.order[0] ?? 1, 0);
    return next ? [next.file, { atom: next.atom }] : [change.order[0] ?? 1, 'first'];
  }

  /** What apply would leave alone, asked again after a reload. */
  async lookForConflicts(): Promise<void> {
    const tree = await call('change.apply', { change: this.change!.id, dry_run: true });
    if (tree.conflicts.length) return this.leftAlone('apply', tree);
    if (this.over === 'conflicts') this.close();
    this.say('Apply would leave no file alone.');
  }

  private leftAlone(way: Way, tree: Applied): void {
    this.conflicts = new Conflicts(this, way, tree);
    this.over = 'conflicts';
    keep(`left.${this.change!.id}`, way === 'apply');
    const files = tree.conflicts.length === 1 ? '1 file' : `${tree.conflicts.length} files`;
    if (way !== 'apply') this.say(tree.event === null ? `Nothing was ${way === 'undo' ? 'taken back' : 'done again'}: ${files} in the way.` : `${way === 'undo' ? 'Taken back' : 'Done again'}, but ${files}.`);
  }

  /** Makes the plan of the open change, unless it is so large that one should ask for it. */
  plan(unasked: boolean, still: () => boolean): void {
    const { change } = this;
    if (!change) return;
    const large = change.overview.lines_added + change.overview.lines_removed > UNASKED;
    if (large && unasked && !kept(`grouped.${change.id}`, false)) return;
    if (large) keep(`grouped.${change.id}`, true);
    change.plan.make(still, () => this.desk?.again()).catch(this.failed);
  }

  /** Groups or files in the map. Asks for the plan if nobody has. */
  showGroups(on: boolean): void {
    const { plan } = this.change!;
    plan.show(on);
    if (on && plan.state !== 'ready') this.plan(false, () => plan.wanted);
    else this.desk!.again();
  }

  /** The plan in place of the draft that was read until now; the cursor stays. */
  refine(): void {
    const { plan } = this.change!;
    if (!plan.refine()) return this.say(plan.refining ? 'The groups are still being refined.' : 'These are the groups; nothing waits.');
    this.desk!.again();
    this.say(`${plan.groups.length.toLocaleString('en')} groups now.`);
  }

  async list(): Promise<void> {
    this.changes = (await call('change.list', {})).changes;
  }

  private async heard(change: string, seq: number): Promise<void> {
    try {
      if (this.place.screen === 'changes') await this.list();
      else if (this.change?.id === change) await this.decisions?.take(await this.change.sync(seq));
    } catch (error) {
      this.failed(error);
    }
  }

  private line(up: boolean, retryAt: number): void {
    const back = up && !this.online;
    this.online = up;
    this.retryAt = retryAt;
    if (!back) return;
    if (this.problem?.code === 'offline') this.problem = null;
    if (this.fatal) void this.enter(this.place);
    else if (this.change) void this.heard(this.change.id, Infinity);
  }

  readonly say = (text: string): void => {
    this.toast = text;
    clearTimeout(this.toastTimer);
    this.toastTimer = window.setTimeout(() => (this.toast = ''), TOAST_MS);
  };

  readonly failed = (error: unknown): void => {
    this.problem = problem(error);
    if (this.problem.code === 'offline') this.events?.retry();
  };

  setTheme(theme: string): void {
    this.theme = theme;
    if (theme) {
      document.documentElement.dataset['theme'] = theme;
      localStorage.setItem('exosuit.theme', theme);
    } else {
      delete document.documentElement.dataset['theme'];
      localStorage.removeItem('exosuit.theme');
    }
  }

  setSingleKeys(on: boolean): void {
    this.singleKeys = on;
    localStorage.setItem('exosuit.keys', on ? 'on' : 'off');
  }

  /** Somebody goes to a place by the map or the strip: a page that lies over the diff goes. */
  leave(): void {
    if (this.over === 'conflicts' || this.over === 'done') this.close();
  }

  /** One step back: closes what was said to be wrong, else what lies over the screen. */
  back(): void {
    if (!this.problem || !this.over) return this.close();
    this.problem = null;
  }

  /** Closes what lies over the screen and gives the focus back to the diff. */
  close(): void {
    this.problem = null;
    if (this.over === 'conflicts') keep(`left.${this.change!.id}`, false);
    this.over = '';
    this.facts = false;
    queueMicrotask(() => this.desk?.diff?.focus());
  }

  /** Puts what is accepted into the working tree. */
  async apply(): Promise<void> {
    if (this.applying) return;
    this.applying = true;
    const work = (): Promise<Applied> => call('change.apply', { change: this.change!.id, dry_run: false });
    const outcome = await this.decisions!.run(work).finally(() => (this.applying = false));
    const skipped = outcome.skipped.length ? `, ${outcome.skipped.length} can't be put into a working tree` : '';
    const left = outcome.conflicts.length ? `, ${outcome.conflicts.length} left alone` : '';
    const files = outcome.applied.length === 1 ? '1 file' : `${outcome.applied.length} files`;
    this.say(outcome.applied.length ? `${files} written${left}${skipped}. u takes it back.` : `Nothing was written${left}${skipped}.`);
    if (outcome.conflicts.length) this.leftAlone('apply', outcome);
  }
}

export const app = new App();
