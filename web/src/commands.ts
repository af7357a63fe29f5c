/** Every command of the page, once: keys, palette and help are made of this table. */
import type { App } from './app.svelte';
import { call } from './call';
import type { Selection, Verb } from './decisions';
import { SEEN_MS, tooSoon } from './decisions';
import type { Desk, Group } from './desk.svelte';
import { fileAddress } from './place';
import { atomsOf } from './rows';
import { ACCEPTED, REJECTED } from './states';
import { decideUnit, missedHere, nextGroup, stepException, stepPlace, unitHere } from './units';

export interface Command {
  id: string;
  title: string;
  keys: string[];
  kind: 'Move' | 'Decide' | 'Look' | 'Do' | 'Page';
  /** Held down, it acts once. */
  once?: boolean;
  /** Works without an open change. */
  anywhere?: boolean;
  run: (app: App) => unknown;
}


/** True where the map shows groups: then keys go by group, not by hunk. */
const byGroup = (app: App): boolean => app.change?.plan.shown ?? false;

function seen(app: App, desk: Desk): boolean {
  const shown = performance.now() - (byGroup(app) ? desk.change.plan.seen : desk.since);
  if (shown < SEEN_MS) app.say(tooSoon(shown));
  return shown >= SEEN_MS;
}

function ofGroup(group: Group): Selection {
  return { selectors: [group.selector], ranges: group.atoms ? [[group.file, ...group.atoms]] : [] };
}

/** Accepts or rejects what the cursor is in, and goes on to what is undecided next. */
export function decideGroup(app: App, verb: Verb, why = '', checked = false): void {
  const { desk } = app;
  if (!desk?.group || (!checked && !seen(app, desk))) return;
  const unit = byGroup(app) ? unitHere(app) : null;
  if (unit) return decideUnit(app, verb, unit, why);
  app.decisions!.decide(verb, ofGroup(desk.group), why);
  void onward(app);
}

async function onward(app: App): Promise<void> {
  try {
    if (!(await app.desk!.onward())) app.over = 'done';
  } catch (error) {
    app.failed(error);
  }
}

function decideFile(app: App, verb: Verb): void {
  const { desk, change } = app;
  if (!desk || !change || !seen(app, desk)) return;
  const count = change.overview.atom_counts[desk.file - 1] ?? 0;
  app.decisions!.decide(verb, { selectors: [String(desk.file)], ranges: count ? [[desk.file, 1, count]] : [] });
  void onward(app);
}

/** One line: decided if it was not, back to undecided if it was decided the same way. */
function decideLine(app: App, verb: 'accept' | 'reject'): void {
  const { desk } = app;
  const atoms = desk?.line ? atomsOf(desk.line) : [];
  if (!desk || !atoms.length) {
    if (!desk?.openFold()) app.say('This line is unchanged: there is nothing to decide.');
    return;
  }
  const back = atoms.every((atom) => desk.stateOf(atom) === (verb === 'accept' ? ACCEPTED : REJECTED));
  app.decisions!.decide(back ? 'clear' : verb, {
    selectors: atoms.map((atom) => `${desk.file}.${atom}`),
    ranges: atoms.map((atom) => [desk.file, atom, atom]),
  });
}

function decidePart(app: App): void {
  const { desk } = app;
  if (!desk?.group || !desk.line || !seen(app, desk)) return;
  const [start, end] = desk.block(desk.line.base, desk.group.start, desk.group.end);
  app.decisions!.decide('accept', ofGroup(desk.describe(start, end)));
}

function clearGroup(app: App): void {
  const unit = byGroup(app) ? unitHere(app) : null;
  if (unit) return decideUnit(app, 'clear', unit);
  if (app.desk?.group) app.decisions!.decide('clear', ofGroup(app.desk.group));
}

async function copyLink(app: App): Promise<void> {
  await navigator.clipboard.writeText(location.href);
  app.say('The link to this line is in the clipboard.');
}

async function exportPatch(app: App): Promise<void> {
  const patch = await call('change.export', { change: app.change!.id, all: false, out: null });
  if (patch.encoding === 'base64') return app.say('The patch is not text: exosuit change export writes it to a file.');
  await navigator.clipboard.writeText(patch.patch);
  app.say(`A patch of ${patch.files} files is in the clipboard.`);
}

const THEMES = ['', 'light', 'dark'];

function nextTheme(app: App): void {
  const theme = THEMES[(THEMES.indexOf(app.theme) + 1) % THEMES.length]!;
  app.setTheme(theme);
  app.say(`Theme: ${theme || 'as the system says'}.`);
}

function nextRegion(): void {
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter((region) => region.offsetParent !== null);
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(here + 1) % regions.length];
  (next?.querySelector<HTMLElement>('[tabindex="0"], button:not([disabled])') ?? next)?.focus();
}

function facts(app: App): void {
  app.facts = !app.facts;
  const panel = document.getElementById('facts');
  if (app.facts && !panel?.contains(document.activeElement)) queueMicrotask(() => panel?.querySelector<HTMLElement>('[tabindex="0"]')?.focus());
  else app.desk?.diff?.focus();
}

export const COMMANDS: Command[] = [
  { id: 'line.next', title: 'Next line', keys: ['j', 'ArrowDown'], kind: 'Move', run: (app) => app.desk!.diff?.move(1) },
  { id: 'line.prev', title: 'Previous line', keys: ['k', 'ArrowUp'], kind: 'Move', run: (app) => app.desk!.diff?.move(-1) },
  { id: 'hunk.next', title: 'Next hunk, or place of the group', keys: ['n'], kind: 'Move', run: (app) => (byGroup(app) ? stepPlace(app, 1) : app.desk!.hunk(1)) },
  { id: 'hunk.prev', title: 'Previous hunk, or place of the group', keys: ['p'], kind: 'Move', run: (app) => (byGroup(app) ? stepPlace(app, -1) : app.desk!.hunk(-1)) },
  { id: 'file.next', title: 'Next file', keys: [']'], kind: 'Move', run: (app) => app.desk!.nextFile(1) },
  { id: 'file.prev', title: 'Previous file', keys: ['['], kind: 'Move', run: (app) => app.desk!.nextFile(-1) },
  { id: 'undecided', title: 'Next that is undecided: hunk or group', keys: ['N'], kind: 'Move', run: (app) => (byGroup(app) ? nextGroup(app) : onward(app)) },
  { id: 'exception', title: 'Next exception, then missed places', keys: ['E'], kind: 'Move', run: stepException },
  { id: 'page.next', title: 'One screen down', keys: ['PageDown'], kind: 'Move', run: (app) => app.desk!.diff?.page(1) },
  { id: 'page.prev', title: 'One screen up', keys: ['PageUp'], kind: 'Move', run: (app) => app.desk!.diff?.page(-1) },
  { id: 'fold', title: 'Open the fold under the cursor', keys: ['Enter'], kind: 'Move', run: (app) => app.desk!.openFold() },

  { id: 'accept', title: 'Accept this hunk or group, go on', keys: ['y'], kind: 'Decide', once: true, run: (app) => decideGroup(app, 'accept') },
  { id: 'reject', title: 'Reject this hunk or group, go on', keys: ['x'], kind: 'Decide', once: true, run: (app) => decideGroup(app, 'reject') },
  { id: 'reason', title: 'Reject with a reason', keys: ['r'], kind: 'Decide', once: true, run: (app) => (app.over = 'reason') },
  { id: 'line.accept', title: 'Accept this line only, or clear it', keys: ['Space'], kind: 'Decide', once: true, run: (app) => decideLine(app, 'accept') },
  { id: 'line.reject', title: 'Reject this line only, or clear it', keys: ['Shift+Space'], kind: 'Decide', once: true, run: (app) => decideLine(app, 'reject') },
  { id: 'part', title: 'Accept the lines that touch this one', keys: ['a'], kind: 'Decide', once: true, run: decidePart },
  { id: 'file.accept', title: 'Accept the file', keys: ['Y'], kind: 'Decide', once: true, run: (app) => decideFile(app, 'accept') },
  { id: 'file.reject', title: 'Reject the file', keys: ['X'], kind: 'Decide', once: true, run: (app) => decideFile(app, 'reject') },
  { id: 'clear', title: 'Make this hunk or group undecided again', keys: ['0'], kind: 'Decide', once: true, run: clearGroup },
  { id: 'edit', title: 'Write your own text for this hunk', keys: ['e'], kind: 'Decide', once: true, run: (app) => (app.over = 'edit') },
  { id: 'comment', title: 'Comment on this line', keys: ['c'], kind: 'Decide', once: true, run: (app) => (app.over = 'comment') },

  { id: 'split', title: 'Split the hunk into its blocks, or join it', keys: ['s'], kind: 'Look', once: true, run: (app) => app.say(app.desk!.part() ? 'Split: each block is its own decision.' : 'Joined: the hunk is one decision.') },
  { id: 'map', title: 'Groups or files in the map', keys: ['g'], kind: 'Look', once: true, run: (app) => app.showGroups(!app.change!.plan.shown) },
  { id: 'refine', title: 'Take the groups as they were refined meanwhile', keys: ['G'], kind: 'Look', once: true, run: (app) => app.refine() },
  { id: 'view', title: 'Unified or split view', keys: ['m'], kind: 'Look', once: true, run: (app) => app.desk!.setSplit(!app.desk!.split) },
  { id: 'indent', title: 'Shared indentation off or on', keys: ['.'], kind: 'Look', once: true, run: (app) => app.desk!.setDedent(!app.desk!.dedent) },
  { id: 'facts', title: 'What is known, and back', keys: ['i'], kind: 'Look', once: true, run: facts },
  { id: 'search', title: 'Search the whole change', keys: ['/'], kind: 'Look', once: true, run: (app) => (app.over = 'search') },
  { id: 'goto', title: 'Go to a file', keys: ['t'], kind: 'Look', once: true, anywhere: true, run: (app) => (app.over = 'goto') },
  { id: 'open', title: 'Open this file by hand', keys: ['o'], kind: 'Look', once: true, run: (app) => app.visit(fileAddress(app.change!.path(app.desk!.file))) },
  { id: 'link', title: 'Copy the link to this line', keys: ['l'], kind: 'Look', once: true, run: copyLink },

  { id: 'undo', title: 'Undo', keys: ['u'], kind: 'Do', run: (app) => app.decisions!.step('undo') },
  { id: 'redo', title: 'Redo', keys: ['Ctrl+R'], kind: 'Do', run: (app) => app.decisions!.step('redo') },
  { id: 'apply', title: 'Apply what is accepted', keys: ['A'], kind: 'Do', once: true, run: (app) => app.apply() },
  { id: 'conflicts', title: 'What apply would leave alone', keys: ['K'], kind: 'Do', once: true, run: (app) => app.lookForConflicts() },
  { id: 'refresh', title: 'Read the source again', keys: ['R'], kind: 'Do', once: true, run: (app) => app.refresh() },
  { id: 'checks', title: 'Checks of this change', keys: ['C'], kind: 'Do', once: true, run: (app) => (app.over = 'checks') },
  { id: 'checks.run', title: 'Run all checks of this change', keys: [], kind: 'Do', run: (app) => ((app.over = 'checks'), app.checks!.run()) },
  { id: 'checks.stop', title: 'Stop the checks', keys: [], kind: 'Do', run: (app) => app.checks!.stop() },
  { id: 'missed', title: 'Make a change of the places the group missed', keys: ['M'], kind: 'Do', once: true, run: missedHere },
  { id: 'export', title: 'Copy what is accepted as a patch', keys: ['P'], kind: 'Do', once: true, run: exportPatch },

  { id: 'changes', title: 'Screen: changes', keys: ['1'], kind: 'Page', anywhere: true, run: (app) => app.visit('/') },
  { id: 'review', title: 'Screen: review', keys: ['2'], kind: 'Page', run: (app) => app.visit(`/change/${encodeURIComponent(app.change!.id)}`) },
  { id: 'palette', title: 'Every command', keys: ['Ctrl+Shift+P'], kind: 'Page', anywhere: true, run: (app) => (app.over = 'palette') },
  { id: 'help', title: 'These keys', keys: ['?'], kind: 'Page', anywhere: true, run: (app) => (app.over = 'help') },
  { id: 'region', title: 'Next part of the screen', keys: ['F6'], kind: 'Page', anywhere: true, run: nextRegion },
  { id: 'close', title: 'Close, or back to the diff', keys: ['Escape'], kind: 'Page', anywhere: true, run: (app) => app.back() },
  { id: 'theme', title: 'Theme: system, light, dark', keys: [], kind: 'Page', anywhere: true, run: nextTheme },
  { id: 'keys', title: 'Single keys on or off', keys: [], kind: 'Page', anywhere: true, run: (app) => app.setSingleKeys(!app.singleKeys) },
];

const BY_KEY = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command] as const)));

export const commandOf = (key: string): Command | undefined => BY_KEY.get(key);

/** Runs a command if the screen has what it needs; its errors are shown. */
export function run(app: App, command: Command): void {
  if (!command.anywhere && !(app.place.screen === 'review' && app.desk?.rows)) return;
  if (command.kind === 'Decide' || command.kind === 'Do') app.problem = null;
  Promise.resolve()
    .then(() => command.run(app))
    .catch(app.failed);
}
