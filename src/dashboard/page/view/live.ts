/** Keeps what the page knows up to date: one stream of the server, opened again whenever it ends. */
import type { LiveMessage } from '../../../protocol/dashboard.ts';
import { type LiveState, merge, nothingYet } from '../model/live.ts';
import { address, loadSession, session } from './api.ts';
import { Store } from './store.ts';

export const live = new Store<LiveState>(nothingYet);

/** connected: what is shown is what is. lost: it is what was. */
export const connection = new Store<'connecting' | 'connected' | 'lost'>('connecting');

/** The server says something every 15 s; a laptop that slept notices by this that nothing comes any more. */
const SILENCE_MS = 40_000;
const AGAIN_MS = [500, 1000, 2000, 4000, 8000];

/** Opens the stream, and keeps it open until the function that it returns is called. */
export function keepLive(): () => void {
  let source: EventSource | undefined;
  let timer = 0;
  let silence = 0;
  let tries = 0;
  let ended = false;

  const heard = () => {
    window.clearTimeout(silence);
    silence = window.setTimeout(lose, SILENCE_MS);
  };
  const open = () => {
    window.clearTimeout(timer);
    source?.close();
    source = new EventSource(address('live'));
    source.onmessage = ({ data }) => {
      heard();
      tries = 0;
      live.set(merge(live.value, JSON.parse(data) as LiveMessage));
      connection.set(live.value.away ? 'lost' : 'connected');
    };
    source.onerror = lose;
    heard();
  };
  const lose = () => {
    source?.close();
    window.clearTimeout(silence);
    window.clearTimeout(timer);
    if (ended) return;
    connection.set('lost');
    timer = window.setTimeout(again, AGAIN_MS[Math.min(tries++, AGAIN_MS.length - 1)]);
  };
  // A stream does not say why it was refused: whether somebody is still signed in must be asked.
  const again = async () => {
    try {
      const now = await loadSession();
      if (ended) return;
      session.set(now);
      if (now) open();
    } catch {
      lose();
    }
  };
  const atOnce = () => {
    if (connection.value === 'lost' && !ended) open();
  };
  window.addEventListener('online', atOnce);
  open();
  return () => {
    ended = true;
    source?.close();
    window.clearTimeout(silence);
    window.clearTimeout(timer);
    window.removeEventListener('online', atOnce);
  };
}
