/** Where the page begins: who is there, and then the frame with everything. */
import { render } from 'preact';
import { loadSession, type Refused, session, signIn } from './api.ts';
import { Frame } from './frame.tsx';
import { asRefused } from './load.ts';
import { SignIn } from './pages/sign-in.tsx';
import { place } from './place.ts';
import { useStore } from './store.ts';
import './theme.ts';

/** What the link of `hold open` carries behind the `#`, where no server and no log sees it. */
const TICKET = /^#ticket=([\w-]+)$/;
const AGAIN_MS = 2000;

let refused: Refused | undefined;

function Page() {
  const view = useStore(session, (value) => value);
  if (view === undefined) return null;
  return view === null ? <SignIn refused={refused} /> : <Frame />;
}

async function begin(): Promise<void> {
  const ticket = TICKET.exec(location.hash)?.[1];
  if (ticket !== undefined) {
    history.replaceState(null, '', '#/'); // it works once, and must not stay in the history
    place.set({ page: 'overview' }); // a replaced address tells nobody
    try {
      session.set(await signIn({ ticket }));
      return;
    } catch (error) {
      refused = asRefused(error); // a session from before may still be good
    }
  }
  try {
    session.set(await loadSession());
  } catch {
    window.setTimeout(begin, AGAIN_MS);
  }
}

const root = document.getElementById('page');
if (root) render(<Page />, root);
window.addEventListener('hashchange', () => {
  if (TICKET.test(location.hash)) void begin(); // a new link, typed into the page that is open
});
void begin();
