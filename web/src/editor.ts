/** CodeMirror, set up once for a hunk and for a whole file; its own chunk, fetched when somebody edits. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { indentUnit } from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';

export interface Editor {
  text: () => string;
  focus: () => void;
  destroy: () => void;
}

/** Characters that make text look like other text are drawn as signs: bidirectional and zero-width ones. */
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--tx)', backgroundColor: 'var(--bg)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', fontSize: '12.5px', lineHeight: '20px', fontVariantLigatures: 'none' },
  '.cm-content': { caretColor: 'var(--tx)', padding: '6px 0' },
  '.cm-gutters': { color: 'var(--tx3)', backgroundColor: 'var(--bg2)', border: 'none', fontSize: '11px' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '44px', padding: '0 8px 0 12px' },
  '.cm-line': { padding: '0 12px 0 8px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--sel)' },
  '.cm-activeLineGutter': { color: 'var(--tx2)' },
  '.cm-cursor': { borderLeftColor: 'var(--tx)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--line2)' },
  '.cm-activeLine': { backgroundColor: 'transparent', boxShadow: 'inset 2px 0 var(--tx)' },
  '.cm-specialChar': { color: 'var(--against)', fontWeight: '700' },
});

/** The line end of the text. Where it is mixed, lines end at \n and a \r stays in its line as a sign: nothing is normalised. */
function separatorOf(text: string): string {
  const mixed = /(^|[^\r])\n/.test(text) || /\r(?!\n)/.test(text);
  return text.includes('\r\n') && !mixed ? '\r\n' : '\n';
}

/** Puts an editor with `text` into `parent`; `line` is the number of its first line. */
export function makeEditor(parent: HTMLElement, text: string, path: string, label: string, line = 1): Editor {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
  const tabs = /^\t/m.test(text) || /(^|\/)(Makefile|.*\.(go|mk))$/.test(path);
  const state = EditorState.create({
    doc: text,
    extensions: [
      EditorView.cspNonce.of(nonce),
      EditorState.lineSeparator.of(separatorOf(text)),
      EditorState.tabSize.of(4),
      indentUnit.of(tabs ? '\t' : '    '),
      history(),
      lineNumbers({ formatNumber: (number) => String(number + line - 1) }),
      drawSelection(),
      highlightActiveLine(),
      highlightSpecialChars({ specialChars: HIDDEN }),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
      keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
      look,
    ],
  });
  const view = new EditorView({ state, parent });
  return {
    text: () => view.state.sliceDoc(),
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
