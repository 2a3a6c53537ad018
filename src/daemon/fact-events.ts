/** What the supervisor says, as events of the journal. Pure. */
import type { EventType } from '../protocol/events.ts';
import { describeExit, type Exit } from '../supervisor/exit.ts';
import type { SupervisorFact } from '../supervisor/supervisor.ts';
import type { NewEvent } from './journal.ts';

type Of<K extends SupervisorFact['kind']> = Extract<SupervisorFact, { kind: K }>;
type InstanceFact = Of<'instance'>['fact'];

interface Words {
  readonly type: EventType;
  readonly reason?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export function eventOf(fact: SupervisorFact): NewEvent {
  const app = fact.app.name;
  if (fact.kind === 'rollout') return { app, ...wordsForRollout(fact) };
  const { instance } = fact;
  const pid = instance.running?.record.pid;
  const about = { app, instance: instance.id, ...(pid === undefined ? {} : { pid }) };
  if (fact.kind === 'adopted') return { ...about, type: 'instance.adopted' };
  if (fact.kind === 'draining') return { ...about, type: 'instance.draining' };
  return { ...about, ...wordsFor(fact.fact) };
}

function wordsForRollout({ fact }: Of<'rollout'>): Words & { readonly instance?: string } {
  const { type, ...details } = fact;
  const { reason, instance, ...data } = { reason: null, instance: null, ...details };
  return {
    type: `rollout.${type}`,
    ...(reason === null ? {} : { reason }),
    ...(instance === null ? {} : { instance: instance.id }),
    ...(type === 'failed' ? {} : { data }),
  };
}

function wordsFor(fact: InstanceFact): Words {
  switch (fact.type) {
    case 'spawned':
      return { type: 'instance.spawned' };
    case 'ready':
      return { type: 'instance.ready', data: { tookMs: fact.tookMs } };
    case 'stopping':
      return { type: 'instance.stopping', ...(fact.reason ? { reason: fact.reason } : {}) };
    case 'killed':
      return { type: 'instance.killed', reason: fact.reason ?? 'it did not end in time' };
    case 'stopped': {
      const known = fact.exit && (fact.exit.code !== null || fact.exit.signal !== null);
      return { type: 'instance.stopped', ...(known ? { reason: describeEnd(fact.exit) } : {}) };
    }
    case 'crashed': {
      const { code, signal } = fact.exit;
      return {
        type: 'instance.crashed',
        reason: fact.reason,
        data: { code, signal, uptimeMs: fact.uptimeMs },
      };
    }
    case 'spawnFailed':
      return { type: 'instance.spawn-failed', reason: fact.reason };
    case 'backoff':
      return { type: 'instance.backoff', data: { delayMs: fact.delayMs } };
    case 'failed':
      return { type: 'instance.failed', reason: fact.reason };
    case 'done': {
      const { reason, exit, uptimeMs } = fact;
      return { type: 'instance.done', reason, data: { code: exit?.code ?? null, uptimeMs } };
    }
  }
}

/** Of one that was asked to end: that it did is no accident. */
function describeEnd(exit: Exit): string {
  const { signal } = exit;
  return signal && signal !== 'SIGKILL' ? `ended by ${signal}` : describeExit(exit);
}
