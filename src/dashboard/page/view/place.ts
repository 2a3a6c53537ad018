/** Where in the page a person is, see model/route.ts. */
import { link, parseRoute, type Route } from '../model/route.ts';
import { Store } from './store.ts';

export const place = new Store<Route>(parseRoute(location.hash));

window.addEventListener('hashchange', () => place.set(parseRoute(location.hash)));

export function go(route: Route): void {
  location.hash = link(route);
}

/** The address changes, but what is shown stays: for searches, so that a reload and the back key find them. */
export function noteInAddress(route: Route): void {
  history.replaceState(null, '', link(route));
}
