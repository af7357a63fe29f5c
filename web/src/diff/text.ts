/** Text of a line into a cell: always as text, with marks, and with nothing invisible left invisible. */
import type { Language, Span } from './lexer';
import { spans } from './lexer';

/** Longer lines are cut on screen, and the cut says how much it hides. */
const LONGEST = 4000;
const LEXED = 1000;

/** C0 and C1 controls, zero-width characters, bidirectional controls: what makes a line look like another line. */
const HIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

function visible(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
}

function piece(tag: string, name: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

/** Draws `text` into `cell`. `marks` are flat pairs start, end; `language` null leaves the words alone. */
export function paint(cell: HTMLElement, text: string, marks: readonly number[], language: Language | null): void {
  const shown = text.length > LONGEST ? text.slice(0, LONGEST) : text;
  const lexed = language && shown.length <= LEXED ? spans(shown, language) : [];
  const hidden = HIDDEN.test(shown);
  HIDDEN.lastIndex = 0;
  if (!lexed.length && !marks.length && !hidden && shown === text) {
    cell.textContent = text;
    return;
  }
  const nodes: Node[] = [];
  for (const [start, end, mark, kind] of pieces(shown.length, lexed, marks)) {
    const part = shown.slice(start, end);
    const host = mark || kind ? piece(mark ? 'mark' : 'span', kind, hidden ? '' : part) : null;
    if (!hidden) nodes.push(host ?? document.createTextNode(part));
    else if (host) host.append(...revealed(part)), nodes.push(host);
    else nodes.push(...revealed(part));
  }
  if (shown !== text) {
    const more = (text.length - shown.length).toLocaleString('en');
    nodes.push(piece('span', 'cut', ` ${more} more characters of this line`));
  }
  cell.replaceChildren(...nodes);
}

/** Cuts a line at every border of a span or a mark. */
function* pieces(length: number, lexed: readonly Span[], marks: readonly number[]): Generator<[number, number, boolean, string]> {
  let [at, span, pair] = [0, 0, 0];
  while (at < length) {
    while (span < lexed.length && lexed[span]![1] <= at) span++;
    while (pair < marks.length && marks[pair + 1]! <= at) pair += 2;
    const word = lexed[span];
    const inWord = word !== undefined && word[0] <= at;
    const inMark = pair < marks.length && marks[pair]! <= at;
    const wordEdge = word ? (inWord ? word[1] : word[0]) : length;
    const markEdge = pair < marks.length ? (inMark ? marks[pair + 1]! : marks[pair]!) : length;
    const end = Math.min(length, wordEdge, markEdge);
    yield [at, end, inMark, inWord ? word[2] : ''];
    at = end;
  }
}

function revealed(text: string): Node[] {
  const nodes: Node[] = [];
  let last = 0;
  for (const { 0: character, index } of text.matchAll(HIDDEN)) {
    if (index > last) nodes.push(document.createTextNode(text.slice(last, index)));
    nodes.push(piece('span', 'ctl', visible(character)));
    last = index + character.length;
  }
  if (last < text.length) nodes.push(document.createTextNode(text.slice(last)));
  return nodes;
}

/** The same, for labels: hidden characters spelled out, long text cut. */
export function readable(text: string, longest = 400): string {
  const shown = text.length > longest ? `${text.slice(0, longest)} and ${text.length - longest} more characters` : text;
  return shown.replace(HIDDEN, visible);
}
