import { mount } from 'svelte';
import { app } from './app.svelte';
import './style/tokens.css';
import './style/shell.css';
import './style/bars.css';
import './style/diff.css';
import './style/review.css';
import './style/terrain.css';
import './style/groups.css';
import './style/narrow.css';
import './style/over.css';
import './style/pages.css';
import App from './ui/App.svelte';

/** An empty page this long is better than drawing everything twice. */
const PATIENCE_MS = 200;

/** The first drawing waits for the first rows, if they come soon. */
async function begin(): Promise<void> {
  await Promise.race([app.start(), new Promise((go) => setTimeout(go, PATIENCE_MS))]);
  mount(App, { target: document.body });
}

void begin();
