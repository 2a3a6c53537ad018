/** From readings to findings. Pure. */
import { metricsDefaults } from '../../config/metrics-defaults.ts';
import type { AlertRules } from '../../config/plan.ts';
import { formatBytes, formatDuration } from '../../kit/units.ts';
import type { CertificateView } from '../../protocol/certificates.ts';
import type { HostView } from '../../protocol/dashboard.ts';
import type { AppReading } from '../metrics/reading.ts';
import { isNext } from '../releases/next-name.ts';
import type { Finding } from './finding.ts';

const HOUR_MS = 3_600_000;
const GB = 1024 ** 3;
/** On smaller file systems, less than this is usual. */
const LEAST_DISK_FOR_BYTES = 4 * GB;
/** Told again only when it has become better by so much. */
const CLEAR = 1.25;
/** Errors: the time that is looked at, and the least that there must be of it. */
export const WINDOW_MS = 120_000;
const LEAST_REQUESTS = 120;

export const defaultRules = metricsDefaults.alerts;

export function appFindings(apps: readonly AppReading[], rulesOf: (app: string) => AlertRules): Finding[] {
  return apps.flatMap(({ name, status, instances }): Finding[] => {
    if (isNext(name) || !rulesOf(name).crashes) return [];
    const about = { kind: 'app.failed', subject: name, level: 'failing' } as const;
    const failed = instances.filter((one) => one.status === 'failed').map(({ id }) => id);
    const text =
      status === 'failed'
        ? `${name} has failed: none of its instances runs`
        : `${failed.join(', ')} keeps crashing, and was given up`;
    if (failed.length > 0) return [{ ...about, state: 'bad', text }];
    // On its way up it may fail again.
    const isUp = ['running', 'stopped', 'done', 'waiting'].includes(status);
    return isUp ? [] : [{ ...about, state: 'unsure', text: `${name} is ${status}` }];
  });
}

export function certificateFindings(
  views: readonly CertificateView[],
  now: number,
  rulesOf: (site: string) => AlertRules,
): Finding[] {
  return views.flatMap(({ site: subject, status, notAfter, note, from }): Finding[] => {
    const { certificateMs } = rulesOf(subject);
    if (certificateMs === null) return [];
    const why = note === null || status === 'ok' ? '' : `: ${note}`;
    if (notAfter === null) {
      // One that is on its way needs a moment, and what fails is told of when it does.
      if (status !== 'refused') return [];
      return [
        {
          kind: 'certificate.refused',
          subject,
          state: 'bad',
          level: 'failing',
          text: `${subject} has no certificate${why}`,
        },
      ];
    }
    const leftMs = Date.parse(notAfter) - now;
    const state = 'bad';
    if (leftMs <= 0)
      return [
        {
          kind: 'certificate.expired',
          subject,
          state,
          level: 'failing',
          text: `The certificate of ${subject} has expired${why}`,
        },
      ];
    if (leftMs <= certificateMs) {
      const renews = from === 'acme' ? ', and could not be renewed' : '';
      const text = `The certificate of ${subject} expires in ${formatDuration(leftMs)}${renews}${why}`;
      return [{ kind: 'certificate.expiring', subject, state, level: 'warning', text }];
    }
    if (status === 'refused')
      return [
        {
          kind: 'certificate.refused',
          subject,
          state,
          level: 'warning',
          text: `The new certificate of ${subject} cannot be used${why}`,
        },
      ];
    return [];
  });
}

export interface DiskPoint {
  readonly at: number;
  readonly freeBytes: number;
}

/** @param points of the last hours, oldest first */
export function diskFindings(
  home: string,
  host: HostView | null,
  points: readonly DiskPoint[],
  share: number | null,
): Finding[] {
  if (!host || share === null || host.diskBytes === 0) return [];
  const { diskBytes, diskFreeBytes: free } = host;
  const about = { kind: 'disk.filling', subject: home, level: 'warning' } as const;
  const left = `${formatBytes(free)} of ${formatBytes(diskBytes)} are free where ${home} is`;
  const isLess = (factor: number) =>
    free < diskBytes * share * factor || (diskBytes >= LEAST_DISK_FOR_BYTES && free < GB * factor);
  if (isLess(1))
    return [{ ...about, level: free < diskBytes * 0.02 ? 'failing' : 'warning', state: 'bad', text: left }];
  const fullInMs = timeToFull(points);
  const text = `${left}, and at this rate it is full in ${formatDuration(fullInMs ?? 0)}`;
  if (fullInMs !== null && fullInMs < 24 * HOUR_MS && free < diskBytes / 2)
    return [{ ...about, state: 'bad', text }];
  const isNear = isLess(CLEAR) || (fullInMs !== null && fullInMs < 36 * HOUR_MS);
  return isNear ? [{ ...about, state: 'unsure', text: left }] : [];
}

/** null: it does not fill, or was not watched for long enough. A file that comes and goes is no trend: both halves must go down. */
function timeToFull(points: readonly DiskPoint[]): number | null {
  const [first, middle, last] = [points[0], points[Math.floor(points.length / 2)], points.at(-1)];
  if (!first || !middle || !last || last.at - first.at < 3 * HOUR_MS) return null;
  const slope = (a: DiskPoint, b: DiskPoint) => (b.freeBytes - a.freeBytes) / Math.max(1, b.at - a.at);
  const slowest = Math.max(slope(first, middle), slope(middle, last));
  return slowest >= 0 ? null : last.freeBytes / -slowest;
}

export interface SiteCounts {
  readonly requests: number;
  readonly errors: number;
}

/** @param window what happened within WINDOW_MS */
export function errorFindings(
  window: ReadonlyMap<string, SiteCounts>,
  rulesOf: (site: string) => AlertRules,
): Finding[] {
  return [...window].flatMap(([subject, { requests, errors }]): Finding[] => {
    const { errorShare } = rulesOf(subject);
    if (errorShare === null || requests < LEAST_REQUESTS) return [];
    const share = errors / requests;
    if (share < errorShare / 2 || errors === 0) return [];
    const percent = `${Math.round(share * 1000) / 10}%`;
    const text = `${subject} answers ${percent} of its requests with an error (5xx): ${errors} of ${requests} in two minutes`;
    return [
      { kind: 'errors.many', subject, state: share >= errorShare ? 'bad' : 'unsure', level: 'failing', text },
    ];
  });
}
