/** What the keys do, see model/keys.ts. */
import { type Command, nothingPressed, press } from '../model/keys.ts';
import { logsOf } from '../model/route.ts';
import { go } from './place.ts';
import { Store } from './store.ts';
import { nextTheme } from './theme.ts';

export const helpShown = new Store(false);

/** Listens until the function that it returns is called. */
export function listenToKeys(): () => void {
  let pressed = nothingPressed;
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = fieldOf(event.target);
    if (event.key === 'Escape') {
      if (field instanceof HTMLInputElement) field.blur();
      return;
    }
    if (field || document.querySelector('dialog[open]')) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (move(event.key === 'ArrowDown' ? 1 : -1, false)) event.preventDefault();
      return;
    }
    const next = press(pressed, event.key, event.timeStamp);
    pressed = next.pressed;
    if (next.command && run(next.command)) event.preventDefault();
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

function run(command: Command): boolean {
  switch (command) {
    case 'search': {
      const field = document.querySelector<HTMLInputElement>('main input[type=search]');
      field?.focus();
      field?.select();
      return field !== null;
    }
    case 'help':
      helpShown.set(true);
      return true;
    case 'theme':
      nextTheme();
      return true;
    case 'next':
      return move(1, true);
    case 'previous':
      return move(-1, true);
    case 'logs':
      go(logsOf(null));
      return true;
    default:
      go({ page: command });
      return true;
  }
}

/** Moves the focus among the entries of the page's lists (`data-item`). Arrows scroll as long as no entry has the focus. */
function move(step: 1 | -1, begin: boolean): boolean {
  const items = [...document.querySelectorAll<HTMLElement>('main [data-item]')].filter(
    (item) => item.offsetParent !== null,
  );
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (at < 0 && !begin) return false;
  const next = items[at < 0 ? (step > 0 ? 0 : items.length - 1) : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return next !== undefined;
}

function fieldOf(target: EventTarget | null): Element | null {
  return target instanceof Element ? target.closest('input, select, textarea') : null;
}
