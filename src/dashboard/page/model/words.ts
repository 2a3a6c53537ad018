/** Statuses and events in words and tones. A tone is shown as a colour and as a shape. */
import type { AppStatus, InstanceStatus } from '../../../protocol/api.ts';
import type {
  CertificateView,
  HealthProblem,
  HealthView,
  HoldfastEvent,
  LiveSite,
} from '../../../protocol/dashboard.ts';
import { eventFacts, eventWords } from '../../../protocol/event-words.ts';
import { plural } from './format.ts';
import { link, type Route } from './route.ts';

/** busy: on its way from one state to another. quiet: neither good nor bad. */
export type Tone = 'ok' | 'busy' | 'warning' | 'failing' | 'quiet';

const appTones: Readonly<Record<AppStatus, Tone>> = {
  running: 'ok',
  starting: 'busy',
  degraded: 'warning',
  stopping: 'busy',
  stopped: 'quiet',
  failed: 'failing',
  done: 'quiet',
  waiting: 'quiet',
};

const instanceTones: Readonly<Record<InstanceStatus, Tone>> = {
  down: 'quiet',
  starting: 'busy',
  ready: 'ok',
  draining: 'busy',
  stopping: 'busy',
  backoff: 'warning',
  failed: 'failing',
  done: 'quiet',
};

const certificateTones: Readonly<Record<CertificateView['status'], Tone>> = {
  ok: 'ok',
  expiring: 'warning',
  expired: 'failing',
  missing: 'warning',
  refused: 'failing',
};

// A newer daemon may know states that this page does not.
export const appTone = (status: AppStatus): Tone => appTones[status] ?? 'quiet';
export const instanceTone = (status: InstanceStatus): Tone => instanceTones[status] ?? 'quiet';
export const certificateTone = (status: CertificateView['status']): Tone =>
  certificateTones[status] ?? 'quiet';

export function siteTone(site: LiveSite): { readonly tone: Tone; readonly text: string } {
  if (site.tls === 'failed') return { tone: 'failing', text: 'certificate failed' };
  if (site.paused) return { tone: 'warning', text: 'paused' };
  if (site.tls === 'expiring') return { tone: 'warning', text: 'certificate expires soon' };
  return { tone: 'ok', text: site.tls === 'ok' ? 'https' : 'http' };
}

/** The first line of the page: how things are. */
export function healthLine(health: HealthView): { readonly tone: Tone; readonly text: string } {
  const { status, problems } = health;
  if (status === 'ok') return { tone: 'ok', text: 'All is well' };
  const worst = problems.filter((problem) => problem.level === 'failing').length;
  if (status === 'failing') {
    return { tone: 'failing', text: worst > 0 ? `${plural(worst, 'thing')} failing` : 'Failing' };
  }
  return { tone: 'warning', text: `${plural(problems.length, 'thing')} to look at` };
}

/** Where the reason of a problem can be seen; undefined: nowhere in this page. */
export function placeOf(
  problem: HealthProblem,
  known: { readonly apps: Readonly<Record<string, unknown>> },
): Route | undefined {
  if (problem.kind.startsWith('certificate.')) return { page: 'certificates' };
  if (problem.kind.startsWith('release.')) return { page: 'releases' };
  if (problem.kind.startsWith('egress.')) return { page: 'outgoing' };
  const app = problem.subject.replace(/\.\d+$/, '');
  for (const name of [problem.subject, app]) if (name in known.apps) return { page: 'app', app: name };
  return undefined;
}

const badEvents = /\.(crashed|failed|spawn-failed|killed|refused|rejected|rolled-back|unsaved|lost)$/;
const doubtfulEvents =
  /\.(backoff|unhealthy|worn|denied|doubtful|dropped|unforwarded|repaired|missed|unheld|unavailable|paused|lacks)$/;
const goodEvents = /\.(ready|done|promoted|obtained|renewed|resumed|made)$/;

export function eventTone(event: HoldfastEvent): Tone {
  if (badEvents.test(event.type)) return 'failing';
  if (doubtfulEvents.test(event.type)) return 'warning';
  return goodEvents.test(event.type) ? 'ok' : 'quiet';
}

/** `instance.spawn-failed` as `could not be started`. */
export function eventVerb(event: HoldfastEvent): string {
  return eventWords(event)[1];
}

/** What it is about: an instance, an app, a site, a project and its release. */
export function eventSubject({ type, instance, app, data }: HoldfastEvent): string {
  if (instance) return instance;
  if (app) return app;
  const { project, release } = data ?? {};
  if (type.startsWith('release.') && typeof project === 'string')
    return typeof release === 'string' ? `${project} ${release}` : project;
  for (const field of ['site', 'subject', 'project', 'name']) {
    const value = data?.[field];
    if (typeof value === 'string') return value;
  }
  return 'holdfast';
}

/** Why, its facts, and who asked for it. */
export function eventReason(event: HoldfastEvent): string {
  const by = typeof event.data?.by === 'string' ? `(by ${event.data.by})` : '';
  const facts = [event.reason ?? '', ...eventFacts(event)].filter(Boolean).join(', ');
  return `${facts} ${by}`.trim();
}

/** Where to go from an event. */
export function eventLink(event: HoldfastEvent): string | undefined {
  const { project, release } = event.data ?? {};
  if (event.type.startsWith('release.') && typeof project === 'string' && typeof release === 'string') {
    return link({ page: 'release', project, id: release });
  }
  if (event.type.startsWith('certificate.')) return link({ page: 'certificates' });
  if (event.type.startsWith('egress.')) return link({ page: 'outgoing' });
  return event.app ? link({ page: 'app', app: event.app }) : undefined;
}
