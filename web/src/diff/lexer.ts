/** Keywords and comments of one line, for weight and grey only: no colour is spent on syntax. */

export type Span = [start: number, end: number, kind: 'kw' | 'co'];

interface Language {
  words: ReadonlySet<string>;
  comment: string;
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const PYTHON = words(
  'and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return True try type while with yield',
);
const SCRIPT = words(
  'as async await break case catch class const continue default delete do else enum export extends false finally for from function if implements import in instanceof interface let new null of private protected public readonly return static super switch this throw true try type typeof undefined var void while with yield',
);
const SYSTEMS = words(
  'auto bool break case catch char class const continue default defer do double else enum extern false float fn for func go goto if impl import in int interface let long loop match mod mut namespace new nil null package private protected pub public range return self short sizeof static struct super switch template this throw trait true try type typedef union unsafe unsigned use using var virtual void where while',
);
const SHELL = words('case do done elif else esac export fi for function if in local return then while');
const NONE: ReadonlySet<string> = new Set();

const LANGUAGES: [names: string, language: Language][] = [
  ['py pyi', { words: PYTHON, comment: '#' }],
  ['js jsx mjs cjs ts tsx svelte vue', { words: SCRIPT, comment: '//' }],
  ['c h cc cpp hpp java go rs swift kt cs php scala dart', { words: SYSTEMS, comment: '//' }],
  ['sh bash zsh rb pl mk', { words: SHELL, comment: '#' }],
  ['toml yaml yml cfg ini conf', { words: NONE, comment: '#' }],
];

/** The language of a path, by its ending; null for prose and the rest. */
export function languageOf(path: string): Language | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return LANGUAGES.find(([names]) => names.split(' ').includes(ending))?.[1] ?? null;
}

const TOKEN = /"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|`(?:[^`\\]|\\.)*`?|[A-Za-z_]\w*|#|\/\//g;

/** The spans of a line in order. Strings are skipped, so a `#` in one is no comment; lines are looked at one by one. */
export function spans(text: string, language: Language): Span[] {
  const found: Span[] = [];
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
    const [word] = token;
    if (word === language.comment) {
      found.push([token.index, text.length, 'co']);
      break;
    }
    if (language.words.has(word)) found.push([token.index, token.index + word.length, 'kw']);
  }
  return found;
}

export type { Language };
