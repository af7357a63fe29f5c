/** What opens in the diff's pane, each in a chunk of its own. */
export const SHEETS = {
  comment: () => import('../over/Comment.svelte'),
  reason: () => import('../over/Comment.svelte'),
  edit: () => import('../over/Edit.svelte'),
  conflicts: () => import('../over/Conflicts.svelte'),
  checks: () => import('../over/Checks.svelte'),
  missed: () => import('../over/Missed.svelte'),
  made: () => import('../over/Made.svelte'),
};

/** What stands beside it, or over it and the panel. */
export const PAGES = {
  conflicts: () => import('./ConflictFacts.svelte'),
  done: () => import('../over/Done.svelte'),
};
