/** What the daemon tells by itself and is still so, as checks; not what is looked at by other checks too. */
import { bad, type Check, warn } from './check.ts';

export interface AlertFacts {
  /** Such as `errors.many`. */
  readonly kind: string;
  /** An app, a site, a directory. */
  readonly subject: string;
  readonly level: 'warning' | 'failing';
  /** One line. */
  readonly text: string;
}

/** Apps that failed and certificates that end have checks of their own, which also see them without a daemon. */
const elsewhere = new Set(['app.failed', 'certificate.expiring']);

export function alertChecks(alerts: readonly AlertFacts[]): Check[] {
  return alerts
    .filter(({ kind }) => !elsewhere.has(kind))
    .map((alert) => (alert.level === 'failing' ? bad : warn)('alert', alert.text, advice(alert)));
}

function advice({ kind, subject }: AlertFacts): string {
  switch (kind) {
    case 'errors.many':
      return '`hold logs` shows what the apps wrote, `hold events` since when it is so';
    case 'disk.filling':
      return '`hold flush` or `logs.total` makes room where logs are the reason';
    case 'watchdog.blocked':
      return `\`hold crashes ${subject}\` and \`hold logs ${subject}\` show what it did`;
    default:
      return '`hold events` says since when it is so';
  }
}
