import { mount } from 'svelte';
import { app } from './app.svelte';
import './style/tokens.css';
import './style/shell.css';
import './style/diff.css';
import './style/review.css';
import './style/over.css';
import App from './ui/App.svelte';

void app.start();
mount(App, { target: document.body });
