/** From an event of the journal to what somebody should be told of. Pure. */

import type { HoldfastEvent } from '../../protocol/events.ts';
import type { NotifyTopic } from '../../protocol/notify-rules.ts';
import { baseName, isNext } from '../releases/next-name.ts';

export interface Notice {
  readonly topic: NotifyTopic;
  /** What is the same thing once more has the same key. */
  readonly key: string;
  readonly level: 'good' | 'bad';
  /** One line, for people. */
  readonly title: string;
  /** Why, and what to do; may be empty. */
  readonly text: string;
  readonly event: HoldfastEvent;
}

type Facts = Readonly<Record<string, unknown>>;
type Told = Omit<Notice, 'key' | 'event' | 'text'> & { readonly text?: string };

/** @param before the event of the daemon (`daemon.*`) that came before this one */
export function noticeOf(event: HoldfastEvent, before: HoldfastEvent | undefined): Notice | null {
  const told = tell(event, event.data ?? {}, before);
  if (!told) return null;
  const { type, app, reason = '', data = {} } = event;
  const about = [data.project, data.release, data.site, data.kind, data.subject];
  const key = [type, app, ...about].map((part) => String(part ?? '')).join(' ');
  return { text: reason, ...told, key, event };
}

function tell(event: HoldfastEvent, data: Facts, before: HoldfastEvent | undefined): Told | null {
  const { app = 'holdfast', instance = app, reason } = event;
  // What becomes of a release on trial is told once, when it is over.
  if (isNext(app)) return null;
  const bad = (topic: NotifyTopic, title: string, text?: string): Told => ({
    topic,
    level: 'bad',
    title,
    ...(text !== undefined && { text }),
  });
  const release = `${data.project} ${data.release}`;
  const who = typeof data.by === 'string' ? `, by ${data.by}` : '';
  switch (event.type) {
    case 'release.promoted':
      return { topic: 'deploys', level: 'good', title: `${release} serves${who}` };
    case 'release.failed': {
      const kept = data.to === undefined ? '' : `; ${data.to} still serves`;
      const where = data.step ? ` in ${data.step}` : '';
      return bad('deploys', `${release} has failed${where}${who}${kept}`);
    }
    case 'release.rolled-back':
      return bad(
        'deploys',
        `${release} was rolled back${data.to === undefined ? '' : ` to ${data.to}`}${who}`,
      );
    case 'instance.failed':
      return bad('crashes', `${instance} keeps crashing, and was given up`, hint(reason, baseName(app)));
    case 'job.failed':
      return bad('jobs', `A run of ${app} has failed`);
    case 'job.missed':
      return bad('jobs', `Runs of ${app} were missed`, 'There was no Holdfast at their time');
    case 'certificate.failed':
      return bad('certificates', `No certificate could be had for ${data.site}`);
    case 'certificate.refused':
      return bad('certificates', `The certificate of ${data.site} cannot be used`);
    case 'certificate.doubtful':
      return bad('certificates', `The certificate of ${data.site} needs somebody`);
    case 'certificate.rejected':
      return bad('certificates', `Browsers do not accept the certificate of ${data.site}`);
    case 'state.unsaved':
      return bad('disk', 'What is to run could not be written down', reason);
    case 'logs.lost':
      return bad('disk', `Log lines of ${app} are lost: they could not be written`);
    case 'instance.unhealthy':
      return bad('health', `${instance} is ill, and gets replaced`);
    case 'alert.raised':
    case 'alert.cleared':
      return tellAlert(event, data);
    case 'state.repaired':
      return bad('daemon', 'A damaged state file was set aside');
    case 'daemon.started':
      // An upgrade and a proper end say so before.
      if (!before || before.type === 'daemon.stopping' || before.type === 'daemon.upgrading') return null;
      return bad(
        'daemon',
        'Holdfast is back, after it had ended unexpectedly',
        'It crashed or was killed, or the machine went down. `daemon.log` in its home may say why',
      );
    default:
      return null;
  }
}

const alertTopics: Readonly<Record<string, NotifyTopic>> = {
  'app.failed': 'crashes',
  'watchdog.blocked': 'health',
  'errors.many': 'errors',
  'disk.filling': 'disk',
};

/** What began with an event of its own was told by that; that it is over, or still so after a day, is told here. */
function tellAlert({ type, reason = '' }: HoldfastEvent, { kind, text, again }: Facts): Told | null {
  const topic = alertTopics[String(kind)] ?? 'certificates';
  const isTold = kind === 'app.failed' || kind === 'watchdog.blocked' || kind === 'certificate.refused';
  if (type === 'alert.cleared') {
    // Nobody can tell when event loops are well, only that they were not blocked again.
    if (kind === 'watchdog.blocked') return null;
    return { topic, level: 'good', title: `Over: ${text}`, text: '' };
  }
  if (isTold && again !== true) return null;
  return { topic, level: 'bad', title: again === true ? `Still so: ${reason}` : reason, text: '' };
}

function hint(reason: string | undefined, app: string): string {
  const next = `\`hold crashes ${app}\` shows its last words, \`hold start ${app}\` tries again`;
  return reason === undefined ? next : `${reason}. ${next}`;
}
