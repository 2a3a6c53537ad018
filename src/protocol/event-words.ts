/** What an event says in words, on a terminal and in the dashboard alike. What comes from apps in it is not made safe for a terminal. */
import { formatDuration } from '../kit/units.ts';
import type { EventType, HoldfastEvent } from './events.ts';

export type EventTone = 'plain' | 'dim' | 'green' | 'yellow' | 'red';

const words: Readonly<Record<EventType, readonly [EventTone, string]>> = {
  'daemon.started': ['dim', 'daemon started'],
  'daemon.stopping': ['dim', 'daemon stopping'],
  'daemon.upgrading': ['dim', 'daemon changes to another version'],
  'state.repaired': ['yellow', 'state repaired'],
  'state.unsaved': ['red', 'state could not be saved'],
  'app.changed': ['plain', 'changed'],
  'config.changed': ['plain', 'changed by up'],
  'env.changed': ['plain', 'has other variables'],
  'instance.spawned': ['dim', 'starting'],
  'instance.ready': ['green', 'ready'],
  'instance.adopted': ['green', 'found alive and adopted'],
  'instance.draining': ['dim', 'draining'],
  'instance.stopping': ['dim', 'stopping'],
  'instance.stopped': ['dim', 'stopped'],
  'instance.crashed': ['red', 'crashed'],
  'instance.spawn-failed': ['red', 'could not be started'],
  'instance.backoff': ['yellow', 'waiting'],
  'instance.failed': ['red', 'failed'],
  'instance.killed': ['yellow', 'killed'],
  'instance.done': ['dim', 'done'],
  'instance.unhealthy': ['red', 'is ill and gets replaced'],
  'instance.worn': ['yellow', 'gets replaced'],
  'instance.signalled': ['dim', 'got a signal'],
  'instance.profiled': ['dim', 'was profiled'],
  'health.failed': ['yellow', 'health check failed'],
  'watch.changed': ['dim', 'files changed'],
  'job.started': ['dim', 'run started'],
  'job.done': ['green', 'run done'],
  'job.failed': ['red', 'run failed'],
  'job.skipped': ['yellow', 'run skipped'],
  'job.missed': ['yellow', 'run missed'],
  'rollout.started': ['dim', 'rollout started'],
  'rollout.done': ['green', 'rollout done'],
  'rollout.failed': ['red', 'rollout failed'],
  'port.held': ['dim', 'port held'],
  'port.released': ['dim', 'port released'],
  'port.unheld': ['yellow', 'port not held'],
  'logs.lost': ['red', 'log lines lost'],
  'logs.dropped': ['yellow', 'log lines dropped'],
  'logs.unforwarded': ['yellow', 'log lines not forwarded'],
  'certificate.loaded': ['green', 'certificate loaded'],
  'certificate.refused': ['red', 'certificate cannot be used'],
  'certificate.doubtful': ['yellow', 'certificate to look after'],
  'certificate.rejected': ['red', 'certificate is not accepted'],
  'certificate.obtained': ['green', 'certificate obtained'],
  'certificate.renewed': ['green', 'certificate renewed'],
  'certificate.failed': ['red', 'certificate not obtained'],
  'site.paused': ['yellow', 'paused'],
  'site.resumed': ['green', 'goes on'],
  'release.making': ['dim', 'is made'],
  'release.made': ['dim', 'is made and not yet served'],
  'release.trying': ['dim', 'is tried without traffic'],
  'release.canary': ['plain', 'gets a part of the traffic'],
  'release.rolling': ['plain', 'gets all of the traffic'],
  'release.baking': ['plain', 'has all of the traffic, and is watched'],
  'release.promoted': ['green', 'serves'],
  'release.failed': ['red', 'has failed'],
  'release.rolled-back': ['red', 'was rolled back'],
  'release.removed': ['dim', 'was removed from the disk'],
  'egress.denied': ['yellow', 'may not connect'],
  'front.written': ['dim', 'has its new configuration'],
  'front.refused': ['red', 'refuses its new configuration, and goes on with the one before'],
  'front.lacks': ['yellow', 'cannot do all that the configuration says'],
  'notify.failed': ['yellow', 'could not tell of it'],
  'history.unsaved': ['yellow', 'history of numbers could not be saved'],
  'history.damaged': ['yellow', 'history of numbers has a hole'],
  'alert.raised': ['red', 'alert'],
  'alert.cleared': ['green', 'alert is over'],
  'limit.unavailable': ['yellow', 'limit cannot be had'],
};

/** What happened: `ready`. One of a later version is told by its name. */
export function eventWords(event: HoldfastEvent): readonly [EventTone, string] {
  return event.type === 'app.changed' ? wish(event) : (words[event.type] ?? ['plain', event.type]);
}

/** What somebody asked for; that it came true is told by the events that follow. */
function wish({ data }: HoldfastEvent): readonly [EventTone, string] {
  const change = String(data?.change ?? 'changed');
  const word = wishes[change] ?? change;
  return ['plain', data?.via === 'release' ? word.replace(/ by up$/, ' by a release') : word];
}

const wishes: Readonly<Record<string, string>> = {
  started: 'asked to start',
  stopped: 'asked to stop',
  restarted: 'asked to restart',
  reloaded: 'asked to reload',
  scaled: 'asked to scale',
  added: 'added, stopped',
  reset: 'counts set to 0',
  deleted: 'asked to go',
  add: 'added by up',
  start: 'started by up',
  change: 'changed by up',
  scale: 'scaled by up',
  remove: 'removed by up',
};

function variablesOf({ set, removed }: Readonly<Record<string, unknown>>): string[] {
  const list = (names: unknown) => (Array.isArray(names) ? names.map(String) : []);
  return [...list(set), ...list(removed).map((name) => `without ${name}`)];
}

/** What one asks for next, besides the reason: `in 0.2s`, `port 3000`. */
export function eventFacts({ type, pid, data = {} }: HoldfastEvent): string[] {
  const facts: string[] = [];
  if (type === 'config.changed') facts.push(`${data.what}: ${data.change}`);
  if (type === 'env.changed') facts.push(...variablesOf(data));
  if (typeof data.instances === 'number') facts.push(`to ${data.instances}`);
  if (Array.isArray(data.detail)) facts.push(...data.detail.map(String));
  if (typeof data.signal === 'string' && type === 'instance.signalled') facts.push(data.signal);
  if (type === 'site.paused') facts.push(`requests wait for up to ${formatDuration(Number(data.timeoutMs))}`);
  if (type === 'release.canary') facts.push(`${Math.round(Number(data.share) * 100)} %`);
  if (type === 'daemon.upgrading') facts.push(`from ${data.from} to ${data.to}`);
  if (type === 'egress.denied' && Number(data.times) > 1) facts.push(`${data.times} times`);
  if (typeof data.lines === 'number') facts.push(`${data.lines} lines`);
  if (typeof data.failures === 'number') facts.push(`${data.failures} in a row`);
  if (typeof data.port === 'number') facts.push(`port ${data.port}`);
  if (typeof data.tookMs === 'number')
    facts.push(`${type === 'site.resumed' ? 'after' : 'in'} ${formatDuration(data.tookMs)}`);
  if (typeof data.uptimeMs === 'number') facts.push(`after ${formatDuration(data.uptimeMs)}`);
  if (typeof data.delayMs === 'number')
    facts.push(data.delayMs < 1 ? 'starts again now' : `starts again in ${formatDuration(data.delayMs)}`);
  if (type === 'instance.spawned' && pid !== undefined) facts.push(`pid ${pid}`);
  return facts;
}
