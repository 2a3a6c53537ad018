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
const NEARLY_ALL = 0.9;

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
    const trouble = status === 'ok' ? null : note;
    const why = trouble === null ? '' : `: ${trouble}`;
    const refused = { kind: 'certificate.refused', subject } as const;
    if (notAfter === null) {
      // One that is on its way needs a moment, and what fails is told of when it does.
      const state = status === 'refused' ? 'bad' : 'unsure';
      return [{ ...refused, state, level: 'failing', text: `${subject} has no certificate${why}` }];
    }
    const leftMs = Date.parse(notAfter) - now;
    const isSoon = leftMs <= certificateMs;
    const findings: Finding[] = [];
    if (trouble !== null) {
      // When it is about to end, that is what is told.
      const state = isSoon ? 'unsure' : 'bad';
      findings.push({
        ...refused,
        state,
        level: 'warning',
        text: `The certificate of ${subject}: ${trouble}`,
      });
    }
    if (isSoon) {
      const renewal = from === 'acme' && trouble === null ? ', and is not renewed yet' : why;
      const ends = leftMs <= 0 ? 'has expired' : `expires in ${formatDuration(leftMs)}`;
      findings.push({
        ...{ kind: 'certificate.expiring', subject, state: 'bad' },
        level: leftMs <= 0 ? 'failing' : 'warning',
        text: `The certificate of ${subject} ${ends}${renewal}`,
      });
    }
    return findings;
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
  if (share === null) return [];
  const about = { kind: 'disk.filling', subject: home, level: 'warning' } as const;
  // It does not answer, which is no reason to say that it is well.
  if (!host) return [{ ...about, state: 'unsure', text: 'It does not answer' }];
  const { diskBytes, diskFreeBytes: free } = host;
  if (diskBytes === 0) return [];
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

/** What happened of late. */
export interface ErrorWindow {
  readonly sites: ReadonlyMap<string, SiteCounts>;
  /** All of WINDOW_MS was looked at. */
  readonly isWhole: boolean;
}

export function errorFindings(
  { sites, isWhole }: ErrorWindow,
  rulesOf: (site: string) => AlertRules,
): Finding[] {
  return [...sites].flatMap(([subject, { requests, errors }]): Finding[] => {
    const { errorShare } = rulesOf(subject);
    if (errorShare === null) return [];
    const share = requests === 0 ? 0 : errors / requests;
    const percent = `${Math.round(share * 1000) / 10}%`;
    const span = isWhole ? 'in two minutes' : 'of late';
    const text = `${subject} answers ${percent} of its requests with an error (5xx): ${errors} of ${requests} ${span}`;
    const about = { kind: 'errors.many', subject, level: 'failing', text } as const;
    // A start that goes wrong for a moment is no alert; that nothing works any more is known at once.
    const isSure = requests >= LEAST_REQUESTS && (isWhole || share >= NEARLY_ALL);
    if (isSure && share >= errorShare) return [{ ...about, state: 'bad' }];
    // A new daemon need not wait for the whole time to see that it is well.
    const isKnown = isWhole || requests >= LEAST_REQUESTS;
    return share >= errorShare / 2 || !isKnown ? [{ ...about, state: 'unsure' }] : [];
  });
}
