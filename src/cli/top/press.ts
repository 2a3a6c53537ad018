/** How keys change what the live view shows, and what they ask for. Pure. */
import type { Key } from './keys.ts';
import { sortColumns } from './rows.ts';
import {
  at,
  type Prompt,
  rowsOfState,
  type Subject,
  selectedIndex,
  type TopState,
  type Verb,
} from './state.ts';

/** What a key asks for beyond the screen. */
export type Wish =
  | { readonly kind: 'quit' | 'interrupt' | 'suspend' | 'redraw' }
  | { readonly kind: Verb; readonly subject: Subject }
  | { readonly kind: 'scale'; readonly subject: Subject; readonly instances: number };

export interface Pressed {
  readonly state: TopState;
  readonly wish?: Wish;
}

/** `page`: how many lines a page has. */
export function press(state: TopState, key: Key, page: number): Pressed {
  if (key === 'ctrl-c') return { state, wish: { kind: 'interrupt' } };
  if (key === 'ctrl-z') return { state, wish: { kind: 'suspend' } };
  if (key === 'ctrl-l') return { state, wish: { kind: 'redraw' } };
  if (state.prompt) return answer({ ...state, said: null }, state.prompt, key);
  const quiet = { ...state, said: null };
  if (state.help) return { state: { ...quiet, help: false } };
  if (key === '?') return { state: { ...quiet, help: true } };
  if (state.place.kind === 'list') return pressInList(quiet, key, page);
  return pressInPlace(quiet, state.place, key, page);
}

function pressInList(state: TopState, key: Key, page: number): Pressed {
  const rows = rowsOfState(state);
  const here = selectedIndex(state, rows);
  const to = (index: number): Pressed => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    return { state: { ...state, selected: row?.key ?? null } };
  };
  const row = rows[here];
  const subject = row && { app: row.app.name, instance: row.instance?.id ?? null };
  switch (key) {
    case 'q':
      return { state, wish: { kind: 'quit' } };
    case 'escape':
      // What one is in is left first.
      return state.filter === '' ? { state, wish: { kind: 'quit' } } : { state: { ...state, filter: '' } };
    case 'up':
    case 'k':
      return to(here - 1);
    case 'down':
    case 'j':
      return to(here + 1);
    case 'pageup':
      return to(here - page);
    case 'pagedown':
    case ' ':
      return to(here + page);
    case 'home':
    case 'g':
      return to(0);
    case 'end':
    case 'G':
      return to(rows.length - 1);
    case 'right':
    case 's':
      return { state: sortedBy(state, 1) };
    case 'left':
      return { state: sortedBy(state, -1) };
    case 'S':
      return { state: { ...state, reversed: !state.reversed } };
    case 'a':
      return { state: { ...state, instances: !state.instances } };
    case '/':
      return { state: { ...state, prompt: { kind: 'filter', text: state.filter, before: state.filter } } };
    case 'return':
      return { state: subject ? at(state, { kind: 'detail', ...subject }) : state };
    default:
      return subject ? pressOn(state, subject, key) : { state };
  }
}

function pressInPlace(
  state: TopState,
  place: Exclude<TopState['place'], { kind: 'list' }>,
  key: Key,
  page: number,
): Pressed {
  const isLog = place.kind === 'log';
  /** Positive = towards the end. */
  const scroll = (lines: number): Pressed => {
    if (!isLog) return { state: { ...state, offset: Math.max(0, state.offset + lines) } };
    const offset = Math.max(0, state.offset - lines);
    // Who looks back does not want it to move.
    return { state: { ...state, offset, paused: state.paused ?? (lines < 0 ? state.log : null) } };
  };
  switch (key) {
    case 'q':
    case 'escape':
    case 'left':
    case 'backspace':
      return { state: at(state, { kind: 'list' }) };
    case 'up':
    case 'k':
      return scroll(-1);
    case 'down':
    case 'j':
      return scroll(1);
    case 'pageup':
      return scroll(-page);
    case 'pagedown':
      return scroll(page);
    case 'home':
    case 'g':
      return scroll(Number.NEGATIVE_INFINITY);
    case 'end':
    case 'G':
    case 'f':
      return isLog ? { state: { ...state, offset: 0, paused: null } } : scroll(Number.MAX_SAFE_INTEGER);
    case ' ':
    case 'p':
      if (!isLog) return scroll(page);
      return { state: { ...state, offset: 0, paused: state.paused ? null : state.log } };
    case 'return':
      return { state: isLog ? at(state, { ...place, kind: 'detail' }) : state };
    default:
      return pressOn(state, place, key);
  }
}

const verbs: Readonly<Record<string, Verb>> = { r: 'restart', e: 'reload', x: 'stop', t: 'start' };

/** Keys that are about an app or an instance, wherever one is. */
function pressOn(state: TopState, { app, instance }: Subject, key: Key): Pressed {
  const view = state.apps.find(({ name }) => name === app);
  const verb = verbs[key];
  if (verb) {
    // The instances of an app are replaced one after the other: there is no reload of one.
    const subject = { app, instance: verb === 'reload' ? null : instance };
    return { state: { ...state, prompt: { kind: 'sure', verb, subject } } };
  }
  if (key === 'l' && state.place.kind !== 'log') return { state: at(state, { kind: 'log', app, instance }) };
  if ((key === '+' || key === 'n') && view) {
    return { state: { ...state, prompt: { kind: 'scale', app, now: view.wanted, text: '' } } };
  }
  return { state };
}

function answer(state: TopState, prompt: Prompt, key: Key): Pressed {
  const over = { ...state, prompt: null };
  if (prompt.kind === 'sure') {
    if (key !== 'y' && key !== 'Y') return { state: over };
    return { state: over, wish: { kind: prompt.verb, subject: prompt.subject } };
  }
  const typed = (text: string): TopState => ({
    ...state,
    prompt: { ...prompt, text },
    ...(prompt.kind === 'filter' && { filter: text }),
  });
  if (key === 'escape')
    return { state: prompt.kind === 'filter' ? { ...over, filter: prompt.before } : over };
  if (key === 'backspace') return { state: typed([...prompt.text].slice(0, -1).join('')) };
  if (key === 'ctrl-u') return { state: typed('') };
  if (key === 'return') return prompt.kind === 'filter' ? { state: over } : scaled(over, prompt);
  if ([...key].length > 1) return { state };
  if (prompt.kind === 'scale' && !/^\d$/.test(key)) return { state };
  return { state: typed((prompt.text + key).slice(0, prompt.kind === 'scale' ? 4 : 60)) };
}

function scaled(state: TopState, { app, text }: Extract<Prompt, { kind: 'scale' }>): Pressed {
  const instances = Number(text);
  if (text === '') return { state };
  if (instances < 1) {
    return {
      state: { ...state, said: { text: 'at least 1 instance must be left: x stops an app', bad: true } },
    };
  }
  return { state, wish: { kind: 'scale', subject: { app, instance: null }, instances } };
}

function sortedBy(state: TopState, step: number): TopState {
  const index = (sortColumns.indexOf(state.sort) + step + sortColumns.length) % sortColumns.length;
  return { ...state, sort: sortColumns[index] ?? 'name', reversed: false };
}
