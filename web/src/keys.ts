/** Keys to commands. Single keys are off where one types, and can be switched off altogether (WCAG 2.1.4). */

/** The name of a key press: `j`, `Y`, `Space`, `Shift+Space`, `Ctrl+R`, `Ctrl+Shift+P`, `Escape`. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key === ' ' ? 'Space' : event.key;
  const control = event.ctrlKey || event.metaKey;
  if (control) return `Ctrl+${event.shiftKey ? 'Shift+' : ''}${key.length === 1 ? key.toUpperCase() : key}`;
  if (event.altKey) return `Alt+${key}`;
  return event.shiftKey && key.length > 1 ? `Shift+${key}` : key;
}

export const isSingle = (name: string): boolean => !name.includes('Ctrl+') && !name.includes('Alt+') && !/^(F\d+|Escape)$/.test(name);

/** True where letters belong to the text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches('input, textarea, select') || target.closest('.cm-editor') !== null;
}

const WRITTEN: Record<string, string> = {
  Escape: 'Esc',
  ArrowDown: '↓',
  ArrowUp: '↑',
  Space: 'space',
  'Shift+Space': 'Shift space',
};

/** A key as it is written on screen. */
export const written = (name: string): string => WRITTEN[name] ?? name.replaceAll('+', ' ');
