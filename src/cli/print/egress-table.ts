/** Where apps connect to, as a table. */
import { formatBytes } from '../../kit/units.ts';
import type { EgressCount } from '../../protocol/egress.ts';
import type { Style } from './style.ts';
import { type Cell, table } from './table.ts';
import { plain } from './text.ts';
import { formatMoment } from './time.ts';

const columns = [
  { head: 'app' },
  { head: 'destination', shrink: 20, comfort: 30 },
  { head: 'connections', align: 'right' },
  { head: 'open', align: 'right', drop: 2 },
  { head: 'sent', align: 'right', drop: 1 },
  { head: 'received', align: 'right', drop: 1 },
  { head: 'failed', align: 'right', drop: 3 },
  { head: 'denied', align: 'right' },
  { head: 'last', drop: 4 },
] as const;

export function egressTable(
  counts: readonly EgressCount[],
  { width, style, now }: { width: number; style: Style; now: number },
): string[] {
  const rows = counts.map((row): Cell[] => [
    row.app,
    plain(destination(row)),
    String(row.connections),
    String(row.open),
    formatBytes(row.bytesOut),
    formatBytes(row.bytesIn),
    row.failed > 0 ? { text: String(row.failed), paint: style.yellow } : '0',
    row.denied > 0 ? { text: String(row.denied), paint: style.red } : '0',
    formatMoment(new Date(row.lastAt).toISOString(), now),
  ]);
  return table(columns, rows, { width, paintHead: style.dim });
}

function destination({ host, port }: EgressCount): string {
  if (port === 0) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
