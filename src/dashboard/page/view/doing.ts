/** Actions under way: first the question, then the progress. */
import type { Action } from '../../../protocol/dashboard.ts';
import { type Question, questionOf, titleOf } from '../model/actions.ts';
import { act, Refused, session } from './api.ts';
import { asRefused } from './load.ts';
import { Store } from './store.ts';

export interface Asked extends Question {
  readonly answer: (yes: boolean) => void;
}

export interface Doing {
  readonly id: number;
  readonly title: string;
  /** Newest last. */
  readonly lines: readonly string[];
  readonly state: 'running' | 'done' | 'failed';
  readonly hint: string | undefined;
}

/** The question that waits for an answer. */
export const asked = new Store<Asked | null>(null);
export const doings = new Store<readonly Doing[]>([]);

const KEPT_LINES = 200;
let ids = 0;

/** Why the person who is signed in may not change anything; undefined: may. */
export function whyNot(): string | undefined {
  return session.value?.role === 'admin'
    ? undefined
    : 'You are signed in as a viewer: you see everything and change nothing';
}

/** Asks when it must, does it, and shows how it goes. */
export async function perform(action: Action): Promise<void> {
  const question = questionOf(action);
  if (question && !(await confirmed(question))) return;
  const id = ids++;
  doings.set([
    ...doings.value.slice(-4),
    { id, title: titleOf(action), lines: [], state: 'running', hint: undefined },
  ]);
  try {
    await act(action, (reply) => {
      if ('line' in reply) change(id, ({ lines }) => ({ lines: [...lines, reply.line].slice(-KEPT_LINES) }));
      else if ('done' in reply) change(id, ({ lines }) => ({ lines: [...lines, reply.done], state: 'done' }));
      else throw new Refused(0, reply.error.message, reply.error.hint);
    });
  } catch (error) {
    const { message, hint } = asRefused(error);
    change(id, ({ lines }) => ({ lines: [...lines, message], state: 'failed', hint }));
  }
}

export function dismiss(id: number): void {
  doings.set(doings.value.filter((doing) => doing.id !== id));
}

function change(id: number, to: (doing: Doing) => Partial<Doing>): void {
  doings.set(doings.value.map((doing) => (doing.id === id ? { ...doing, ...to(doing) } : doing)));
}

function confirmed(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.set({
      ...question,
      answer: (yes) => {
        asked.set(null);
        resolve(yes);
      },
    });
  });
}
