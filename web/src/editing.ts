/** An editor in an element: its code is fetched when the first one is wanted. */
import type { Editor, makeEditor } from './editor';

/** Attaches the editor that `make` makes, gives it the focus, and takes it away with the element. */
export function editing(make: (host: HTMLElement, maker: typeof makeEditor) => Editor, ready: (editor: Editor) => void, onProblem: (error: unknown) => void): (host: HTMLElement) => () => void {
  return (host) => {
    let gone = false;
    let editor: Editor | null = null;
    void import('./editor').then((found) => {
      if (gone) return;
      editor = make(host, found.makeEditor);
      ready(editor);
      editor.focus();
    }, onProblem);
    return () => {
      gone = true;
      editor?.destroy();
    };
  };
}
