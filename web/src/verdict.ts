/** What a group is drawn as: what is known of it while it is undecided, else what was decided. */
import type { Plan } from './plan.svelte';
import { ACCEPTED, EDITED, REJECTED, UNDECIDED } from './states';

/** What a sign can say; `against` is a check that fails. */
export type Shape = 'unknown' | 'proved' | 'against' | 'accepted' | 'rejected' | 'edited' | 'mixed';

export const WORD: Record<Shape, string> = {
  unknown: 'unknown',
  proved: 'proved',
  against: 'against',
  accepted: 'accepted',
  rejected: 'rejected',
  edited: 'your own text',
  mixed: 'decided, some rejected',
};

export function shapeOf(plan: Plan, at: number): Shape {
  const tally = plan.tally(at);
  const [left, accepted, rejected, edited] = [tally[UNDECIDED], tally[ACCEPTED], tally[REJECTED], tally[EDITED]];
  if (left || accepted + rejected + edited === 0) return plan.groups[at]!.proved ? 'proved' : 'unknown';
  if (rejected && accepted + edited) return 'mixed';
  return rejected ? 'rejected' : edited && !accepted ? 'edited' : 'accepted';
}
