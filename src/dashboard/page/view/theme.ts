/** Light, dark, or as the system: a switch that is remembered on this device. */
import { Store } from './store.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'holdfast.theme';
const order: readonly Theme[] = ['system', 'light', 'dark'];

export const theme = new Store<Theme>(remembered());
/** What is really shown, also when the system changes by the time of day. */
export const dark = new Store<boolean>(false);
const system = window.matchMedia('(prefers-color-scheme: dark)');

export function nextTheme(): void {
  theme.set(order[(order.indexOf(theme.value) + 1) % order.length] ?? 'system');
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {} // Without storage it lasts as long as the page.
  apply();
}

function apply(): void {
  const { dataset } = document.documentElement;
  if (theme.value === 'system') delete dataset.theme;
  else dataset.theme = theme.value;
  dark.set(theme.value === 'dark' || (theme.value === 'system' && system.matches));
}

function remembered(): Theme {
  try {
    return order.find((one) => one === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
}

system.addEventListener('change', apply);
apply();
