/** The time, for everything that says how long ago something was; one timer for all of them. */
import { Store, useStore } from './store.ts';

const now = new Store(Date.now());

window.setInterval(() => {
  if (!document.hidden) now.set(Date.now());
}, 5000);
document.addEventListener('visibilitychange', () => now.set(Date.now()));

/** What `show` makes of the time; drawn again only when that is another text. */
export function useNow(show: (now: number) => string): string {
  // Something that has just happened is newer than the last tick.
  return useStore(now, () => show(Date.now()));
}
