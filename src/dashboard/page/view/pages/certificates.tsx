/** With what the sites prove who they are, and for how long. */
import type { CertificateView } from '../../../../protocol/dashboard.ts';
import { formatDay, NOTHING } from '../../model/format.ts';
import { certificateTone } from '../../model/words.ts';
import { address } from '../api.ts';
import { useLoaded } from '../load.ts';
import { Ago, Empty, Panel, Problem, Status, Waiting } from '../parts/small.tsx';
import { type Column, Table } from '../parts/table.tsx';

export function Certificates() {
  const { data, problem } = useLoaded<readonly CertificateView[]>(address('certificates'), {
    everyMs: 60_000,
  });
  if (!data) return <Waiting problem={problem} />;
  if (data.length === 0) {
    return (
      <Empty title="No site has a certificate">
        Give a site <code>tls: 'auto'</code> in the configuration and run <code>hold up</code>: its
        certificate is obtained and renewed by itself.
      </Empty>
    );
  }
  const rows = [...data].sort((a, b) => ((a.notAfter ?? '') < (b.notAfter ?? '') ? -1 : 1));
  return (
    <>
      {problem && <Problem of={problem} />}
      <Panel title="Certificates of sites">
        <Table label="Certificates" columns={columns} rows={rows} keyOf={({ site }) => site} />
      </Panel>
    </>
  );
}

const columns: readonly Column<CertificateView>[] = [
  { head: 'site', title: true, cell: ({ site }) => <b>{site}</b> },
  { head: 'state', cell: ({ status }) => <Status tone={certificateTone(status)} text={status} /> },
  {
    head: 'expires',
    cell: ({ notAfter }) =>
      notAfter ? (
        <>
          {formatDay(notAfter)}{' '}
          <span class="muted">
            <Ago time={notAfter} />
          </span>
        </>
      ) : (
        NOTHING
      ),
  },
  { head: 'names', cell: ({ names }) => <span class="wrap">{names.join(', ') || NOTHING}</span> },
  { head: 'issuer', cell: ({ issuer }) => issuer ?? NOTHING },
  { head: 'from', cell: ({ from }) => (from === 'acme' ? 'obtained by Holdfast' : 'files') },
  { head: 'note', cell: ({ note }) => <span class="wrap">{note ?? ''}</span> },
];
