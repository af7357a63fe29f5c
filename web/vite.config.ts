import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';
import { notices } from './notices';

/** Has the page fetch the main chunk, and its style, along with the first script, which only asks the server for data. */
function mainAhead(): Plugin {
  return {
    name: 'main-ahead',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const chunk = Object.values(bundle ?? {}).find((one) => one.type === 'chunk' && one.name === 'main');
        if (chunk?.type !== 'chunk') return html;
        const styles = [...(chunk.viteMetadata?.importedCss ?? [])].map((name) => `/${name}`);
        return [
          ...styles.map((href) => ({ tag: 'link', attrs: { rel: 'stylesheet', href }, injectTo: 'head' as const })),
          ...[chunk.fileName, ...chunk.imports].map((name) => ({
            tag: 'link',
            attrs: { rel: 'modulepreload', href: `/${name}` },
            injectTo: 'head' as const,
          })),
        ];
      },
    },
  };
}

export default defineConfig({
  plugins: [svelte(), mainAhead(), notices()],
  build: {
    outDir: '../src/exosuit/faces/web',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
