/** One line of the diff as elements: made once, filled again and again. */
import type { Line, Row } from '../rows';
import { isChange } from '../rows';
import type { Language } from './lexer';
import { paint, readable } from './text';

interface Half {
  el: HTMLElement;
  old: HTMLElement;
  new: HTMLElement;
  sign: HTMLElement;
  code: HTMLElement;
}

export interface LineElement {
  el: HTMLElement;
  state: HTMLElement;
  note: HTMLElement;
  left: Half;
  right: Half | null;
  line: Line | null;
  mayWrap: boolean;
  /** Characters of the longer side. */
  length: number;
}

/** What a line needs to know to be drawn. */
export interface Look {
  language: Language | null;
  stateOf: (atom: number) => number;
  isProved: (atom: number) => boolean;
  hunk: (base: number) => string;
  columns: number;
}

const SIGN: Record<string, string> = { '-': '−', '+': '+', '~': '~' };
const SIDE: Record<string, string> = { '-': 'del', '+': 'add', '~': 'own', ' ': 'ctx', '@': 'hd', '#': 'fold', '!': 'tell', '"': 'say' };
const SPOKEN: Record<string, string> = { '-': 'removed', '+': 'added', '~': 'your text,', ' ': 'unchanged' };
const STATE_WORD = ['', ', accepted', ', rejected', ', your own text'];
const STATE_SIGN = ['', '✓', '✕', '✎'];

function cell(parent: HTMLElement, name: string): HTMLElement {
  const element = document.createElement('span');
  element.className = name;
  parent.append(element);
  return element;
}

function half(parent: HTMLElement, split: boolean): Half {
  const el = document.createElement('span');
  el.className = 'half';
  parent.append(el);
  cell(el, 'bar');
  const old = cell(el, 'no');
  const other = split ? old : cell(el, 'no');
  return { el, old, new: other, sign: cell(el, 'sign'), code: cell(el, 'code') };
}

/** An empty line element for the unified or the split view. */
export function makeLine(split: boolean): LineElement {
  const el = document.createElement('div');
  el.setAttribute('role', 'option');
  const state = cell(el, 'state');
  const left = half(el, split);
  const right = split ? half(el, split) : null;
  return { el, state, note: cell(el, 'note'), left, right, line: null, mayWrap: false, length: 0 };
}

/** Draws a line; null draws a row that has not arrived yet. */
export function fillLine(to: LineElement, line: Line | null, look: Look): void {
  to.line = line;
  to.mayWrap = false;
  to.length = 0;
  const kind = line ? line.row[0] : '';
  to.el.className = `ln ${SIDE[kind] ?? 'late'}${to.right ? ' pair' : ''}`;
  to.el.dir = 'ltr';
  if (!line) {
    blank(to.left);
    if (to.right) blank(to.right);
    to.note.textContent = '';
    to.el.setAttribute('aria-label', 'not here yet');
    return;
  }
  if (to.right) fillPair(to, line, look);
  else fillHalf(to, to.left, line.row, look);
  to.note.textContent = kind === '@' ? headNote(line, look) : '';
  tellState(to, look);
}

/** What a hunk's head says at its right: which one it is, and what was left out of its lines. */
export function headNote(line: Line, look: Look): string {
  const cut = line.cut ? `indented ${line.cut} more · ` : '';
  return cut + look.hunk(line.base);
}

function fillPair(to: LineElement, line: Line, look: Look): void {
  const [kind] = line.row;
  const added = kind === '+' || kind === '~';
  if (isChange(line.row)) {
    if (added) blank(to.left);
    else fillHalf(to, to.left, line.row, look);
    const right = added ? line.row : line.other;
    if (right) fillHalf(to, to.right!, right, look);
    else blank(to.right!);
    return;
  }
  fillHalf(to, to.left, line.row, look);
  if (kind !== ' ') return blank(to.right!);
  fillHalf(to, to.right!, line.row, look);
  to.right!.old.textContent = String(line.row[2]);
}

function blank(side: Half): void {
  side.el.className = 'half nil';
  side.el.dataset['state'] = '';
  side.code.textContent = side.sign.textContent = side.old.textContent = side.new.textContent = '';
}

function fillHalf(to: LineElement, side: Half, row: Row, look: Look): void {
  const [kind, old, other, atom, whole, given] = row;
  const cut = kind === '@' ? 0 : (to.line?.cut ?? 0);
  const text = cut ? whole.slice(cut) : whole;
  const marks = cut ? given.map((at) => Math.max(0, at - cut)) : given;
  side.el.className = `half ${SIDE[kind] ?? ''}`;
  side.sign.textContent = SIGN[kind] ?? '';
  const code = isChange(row) || kind === ' ';
  if (side.old !== side.new) {
    side.old.textContent = code && old ? String(old) : '';
    side.new.textContent = code && other ? String(other) : '';
  } else {
    side.old.textContent = code ? String(old || other || '') : '';
  }
  if (kind === '#') side.code.textContent = atom === 1 ? '1 unchanged line' : `${atom.toLocaleString('en')} unchanged lines`;
  else if (kind === '@') paint(side.code, text || `line ${other || old}`, marks, null);
  else paint(side.code, text, marks, code ? look.language : null);
  to.length = Math.max(to.length, text.length);
  if (text.length > look.columns || !/^[\x20-\x7e]*$/.test(text)) to.mayWrap = true;
}

/** The state of a line's atoms, as sign, class and words; a change of state needs no more than this. */
export function tellState(to: LineElement, look: Look): void {
  const { line } = to;
  if (!line) return;
  const [kind, old, other, atom, text] = line.row;
  const decided = isChange(line.row) || (kind === '!' && atom > 0);
  const state = decided ? look.stateOf(atom) : 0;
  to.state.textContent = decided ? (STATE_SIGN[state] ?? '') : '';
  const removed = kind === '-' || kind === '!' || !to.right;
  to.left.el.dataset['state'] = decided && removed ? String(state) : '';
  const beside = line.other ? look.stateOf(line.other[3]) : kind === '-' ? '' : state;
  if (to.right) to.right.el.dataset['state'] = decided && kind !== '!' ? String(beside) : '';
  const proved = decided && state === 0 && look.isProved(atom);
  to.el.classList.toggle('proved', proved);
  to.el.setAttribute('aria-selected', String(decided && (state === 1 || state === 3)));
  let label = `${SPOKEN[kind] ?? ''} line ${old || other}: ${readable(text)}`;
  if (line.other) label += `; added line ${line.other[2]}: ${readable(line.other[4])}`;
  if (kind === '@') label = `${look.hunk(line.base)}: ${readable(text)}`;
  if (kind === '#') label = `${atom} unchanged lines, Enter opens them`;
  if (kind === '!') label = `note: ${readable(text)}`;
  if (kind === '"') label = `comment by ${readable(text)}`;
  to.el.setAttribute('aria-label', label + (proved ? ', proved' : STATE_WORD[state]));
}
