/** Requests to the server of the page, below wherever it is mounted. */
import { type Action, type ActionReply, CSRF_FIELD, type SessionView } from '../../../protocol/dashboard.ts';
import { Replies } from '../model/actions.ts';
import { Store } from './store.ts';

/** undefined: not asked yet. null: nobody is signed in. */
export const session = new Store<SessionView | null | undefined>(undefined);

/** What the server refused, or that it could not be reached (`status` 0). */
export class Refused extends Error {
  readonly status: number;
  readonly hint: string | undefined;

  constructor(status: number, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.hint = hint;
  }
}

/** The address of something of the API, such as `apps/web`. */
export function address(
  path: string,
  fields: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const url = new URL(`api/${path}`, document.baseURI.replace(/[?#].*$/, ''));
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  }
  return url.href;
}

export async function get<T>(url: string, signal?: AbortSignal): Promise<T> {
  const answer = await ask(url, signal ? { signal } : {});
  return (await answer.json()) as T;
}

/** Asks who is signed in; null = nobody. */
export async function loadSession(): Promise<SessionView | null> {
  try {
    return await get<SessionView>(address('session'));
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null;
    throw error;
  }
}

/** With the ticket of a link, or with a name and a password. */
export async function signIn(
  proof: { readonly ticket: string } | { readonly user: string; readonly password: string },
): Promise<SessionView> {
  const answer = await ask(address('session'), posted(proof, ''), false);
  return (await answer.json()) as SessionView;
}

export async function signOut(): Promise<void> {
  await ask(address('session/end'), posted({}, session.value?.csrf ?? ''));
  session.set(null);
}

/** Does it, and tells each reply as it comes. */
export async function act(action: Action, tell: (reply: ActionReply) => void): Promise<void> {
  const answer = await ask(address('actions'), posted(action, session.value?.csrf ?? ''));
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  const replies = new Replies();
  let ended = false;
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) break;
    for (const reply of replies.push(part.value)) {
      ended ||= !('line' in reply);
      tell(reply);
    }
  }
  if (!ended)
    throw new Refused(
      0,
      'The connection ended before the answer was complete',
      'Look at the events for how it ended',
    );
}

function posted(body: unknown, csrf: string): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', [CSRF_FIELD]: csrf },
    body: JSON.stringify(body),
  };
}

async function ask(url: string, init: RequestInit, signsOut = true): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, cache: 'no-store' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refused(0, 'The dashboard does not answer', 'It is tried again by itself');
  }
  if (answer.ok) return answer;
  if (answer.status === 401 && signsOut) session.set(null);
  const body = await answer.json().catch(() => undefined);
  const { message, hint } = (body?.error ?? {}) as { message?: string; hint?: string };
  throw new Refused(answer.status, message ?? `The dashboard answered with status ${answer.status}`, hint);
}
