/** The first script: asks for the change while the rest of the page is still being read. */
import { begin } from './early';

begin(new URL(location.href));
void import('./main');
