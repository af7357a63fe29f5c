import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** `tree` builds elements one by one: no innerHTML, so the page runs under Trusted Types. */
export default { preprocess: vitePreprocess(), compilerOptions: { runes: true, fragments: 'tree' } };
