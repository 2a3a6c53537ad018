/** Where apps connect to, through the egress proxy. */
import type { EgressCount } from '../../../../protocol/egress.ts';
import { formatCount, formatSize } from '../../model/format.ts';
import { link } from '../../model/route.ts';
import { Ago, Status } from './small.tsx';
import { type Column, Table } from './table.tsx';

const columns: readonly Column<EgressCount>[] = [
  {
    head: 'destination',
    title: true,
    cell: ({ host, port }) => <b class="wrap">{port === 0 ? host : `${host}:${port}`}</b>,
  },
  {
    head: 'app',
    cell: ({ app }) => (
      <a href={link({ page: 'app', app })} data-item>
        {app}
      </a>
    ),
  },
  {
    head: 'state',
    cell: ({ denied, failed, connections }) => {
      if (denied > 0 && connections === 0) return <Status tone="failing" text="denied" />;
      if (denied > 0) return <Status tone="warning" text="some denied" />;
      return failed > 0 ? <Status tone="warning" text="some failed" /> : <Status tone="ok" text="allowed" />;
    },
  },
  { head: 'connections', number: true, cell: ({ connections }) => formatCount(connections) },
  { head: 'open', number: true, cell: ({ open }) => formatCount(open) },
  { head: 'denied', number: true, cell: ({ denied }) => formatCount(denied) },
  { head: 'failed', number: true, cell: ({ failed }) => formatCount(failed) },
  { head: 'sent', number: true, cell: ({ bytesOut }) => formatSize(bytesOut) },
  { head: 'received', number: true, cell: ({ bytesIn }) => formatSize(bytesIn) },
  { head: 'last', cell: ({ lastAt }) => <Ago time={new Date(lastAt).toISOString()} /> },
];

export function Destinations({ counts }: { readonly counts: readonly EgressCount[] }) {
  return (
    <Table
      label="Destinations"
      columns={columns}
      rows={counts}
      keyOf={({ app, host, port }) => `${app} ${host} ${port}`}
    />
  );
}
