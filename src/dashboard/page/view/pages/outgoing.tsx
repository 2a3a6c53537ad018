/** What apps connect to. */
import { useState } from 'preact/hooks';
import type { EgressView } from '../../../../protocol/dashboard.ts';
import { plural } from '../../model/format.ts';
import { matches } from '../../model/live.ts';
import { address } from '../api.ts';
import { useLoaded } from '../load.ts';
import { Search } from '../parts/controls.tsx';
import { Destinations } from '../parts/destinations.tsx';
import { Empty, Panel, Problem, Waiting } from '../parts/small.tsx';

export function Outgoing() {
  const { data, problem } = useLoaded<EgressView>(address('egress'), { everyMs: 5000 });
  const [filter, setFilter] = useState('');
  if (!data) return <Waiting problem={problem} />;
  const apps = Object.entries(data.apps);
  const counts = data.counts.filter(({ app, host, port }) => matches(filter, app, `${host}:${port}`));
  const denied = counts.filter((count) => count.denied > 0).length;
  if (apps.length === 0 && data.counts.length === 0) {
    return (
      <Empty title="No app goes through the egress proxy">
        With{' '}
        <code>
          egress: {'{'} observe: true {'}'}
        </code>{' '}
        in the configuration and <code>hold up</code>, you see here where your apps connect to; with{' '}
        <code>allow</code> they reach only what you list.
      </Empty>
    );
  }
  return (
    <>
      {problem && <Problem of={problem} />}
      <p class="lead">
        {apps.map(([app, mode]) => (
          <span class="chip" key={app}>
            <b>{app}</b> {mode === 'observe' ? 'may connect to anything' : 'may connect to what is listed'}
          </span>
        ))}
      </p>
      <Search label="Filter destinations" value={filter} onValue={setFilter} />
      <Panel
        title="Destinations"
        more={
          <span class="muted">
            {plural(counts.length, 'destination')}
            {denied > 0 && `, ${denied} with denials`}
          </span>
        }
      >
        {counts.length > 0 ? (
          <Destinations counts={counts} />
        ) : (
          <Empty title={filter ? `Nothing matches “${filter}”` : 'No app has connected to anything yet'} />
        )}
      </Panel>
    </>
  );
}
