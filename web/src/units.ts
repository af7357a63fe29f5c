/** Reviewing by groups: going through the places of one, deciding it with one key, its exceptions and missed places. */
import type { App } from './app.svelte';
import { call } from './call';
import type { Verb } from './decisions';
import type { Stretch, Unit } from './plan.svelte';

/** What a key would decide now; null where no group is known. */
export const unitHere = (app: App): Unit | null => app.change?.plan.unit(app.change.plan.atom) ?? null;

/** Goes to an atom, given by its number in the whole change. */
export async function goTo(app: App, number: number): Promise<void> {
  const [file, atom] = app.change!.plan.place(number);
  await app.desk!.open(file, { atom });
}

/** Goes to where a group is best seen. */
export async function openGroup(app: App, group: number): Promise<void> {
  await goTo(app, app.change!.plan.start(group));
}

const holds = (stretch: Stretch, number: number): boolean => number >= stretch[0] && number < stretch[1];

/** The next or the previous place of the group under review. */
export async function stepPlace(app: App, by: 1 | -1): Promise<void> {
  const { plan } = app.change!;
  if (plan.at < 0) return;
  const places = plan.places(plan.at);
  const here = places.findIndex((place) => holds(place, plan.atom));
  const next = places[here + by];
  if (next) await goTo(app, next[0]);
  else app.say(by > 0 ? 'This is the last place of the group. N goes to the next group.' : 'This is the first place of the group.');
}

/** The next exception of the group, and after the last one its missed places. */
export async function stepException(app: App): Promise<void> {
  const { plan } = app.change!;
  const group = plan.groups[plan.at];
  if (!group) return;
  const next = plan.places(plan.at, true).find(([first]) => first > plan.atom || !plan.isException(plan.atom));
  if (next) await goTo(app, next[0]);
  else if (group.missed) app.over = 'missed';
  else app.say(group.exceptions ? 'That was the last exception; no place was missed.' : 'No exceptions, and no place was missed.');
}

/** The group after this one in the order that has something undecided. */
export async function nextGroup(app: App): Promise<void> {
  const next = app.change!.plan.next(app.change!.plan.at);
  if (next < 0) app.over = 'done';
  else await openGroup(app, next);
}

/** Accepts, rejects or clears what is under review; then the group's exceptions, then the next group. */
export function decideUnit(app: App, verb: Verb, unit: Unit, why = ''): void {
  const { plan } = app.change!;
  app.decisions!.decide(verb, plan.named(plan.atomsOf(unit)), why);
  plan.seen = performance.now();
  if (verb !== 'clear') onward(app, unit).catch(app.failed);
}

async function onward(app: App, { group }: Unit): Promise<void> {
  const { plan } = app.change!;
  const left = plan.undecided(plan.places(group, true), plan.atom);
  if (left !== null) await goTo(app, left);
  else await nextGroup(app);
}

/** Makes a change of missed places of a group (by number from 1; all if none is named), and says where it is. */
export async function addMissed(app: App, group: string, places: number[] = []): Promise<void> {
  const made = await call('change.missed', { change: app.change!.id, group, places });
  app.made = { change: made.change, title: made.title, already: made.already };
  app.over = 'made';
}

/** The same for the group under review, by one key. */
export async function missedHere(app: App): Promise<void> {
  const { plan } = app.change!;
  const group = plan.groups[plan.at];
  if (group?.missed) await addMissed(app, group.id);
  else app.say('No missed place is known of this group.');
}
