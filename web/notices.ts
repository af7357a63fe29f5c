/** Writes third-party.txt into the bundle: every package that a part of is in it, with its licence. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** The folder of the package that a module comes from; null for our own modules. */
function packageOf(module: string): string | null {
  const found = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module.replaceAll('\\', '/'));
  return found?.[1] ?? null;
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
  const file = readdirSync(folder).find((one) => /^licen[cs]e(\.|$)/i.test(one));
  if (!license || !file) throw new Error(`${name} says no licence, or has no text of it`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
}

export function notices(): Plugin {
  return {
    name: 'notices',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((one) => (one.type === 'chunk' ? one.moduleIds : []));
      const folders = [...new Set(modules.map(packageOf))].filter((folder) => folder !== null && existsSync(folder));
      const texts = folders.map((folder) => notice(folder!)).sort();
      const head = 'Parts of these packages are in the files of this folder.\n';
      this.emitFile({ type: 'asset', fileName: 'third-party.txt', source: [head, ...texts].join(`\n${'-'.repeat(78)}\n\n`) });
    },
  };
}
