/** All about one app. */
import { useMemo, useState } from 'preact/hooks';
import type { AppDetail, InstanceView, PortView } from '../../../../protocol/api.ts';
import type { AppPage, LiveApp, Rates } from '../../../../protocol/dashboard.ts';
import {
  formatCount,
  formatCpu,
  formatMs,
  formatRate,
  formatShare,
  formatSize,
  formatTime,
  NOTHING,
} from '../../model/format.ts';
import { isOwn } from '../../model/live.ts';
import { link, logsOf } from '../../model/route.ts';
import { settingRows, variableRows } from '../../model/settings.ts';
import { appTone, instanceTone } from '../../model/words.ts';
import { address } from '../api.ts';
import { live } from '../live.ts';
import { useLoaded } from '../load.ts';
import { Charts } from '../parts/charts.tsx';
import { Do, WhyOff } from '../parts/controls.tsx';
import { Destinations } from '../parts/destinations.tsx';
import { Crash, Events } from '../parts/events.tsx';
import { Ago, Empty, Facts, Figure, Mark, Panel, Status, Waiting } from '../parts/small.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useStore } from '../store.ts';

export function App({ name }: { readonly name: string }) {
  const app = useStore(live, (state) => state.apps[name]);
  const known = useStore(live, (state) => state.at !== null);
  // What is not live is loaded again when something happened to this app.
  const newest = useStore(live, (state) => state.events.find((event) => event.app === name)?.seq);
  const { data, problem } = useLoaded<AppPage>(address(`apps/${encodeURIComponent(name)}`), {
    everyMs: 30_000,
    version: String(newest),
  });
  if (!app && !known) return <Waiting problem={undefined} />;
  if (!app) {
    return (
      <Empty title={`There is no app “${name}”`}>
        It may have been deleted. <a href={link({ page: 'overview' })}>Go to the overview</a>
      </Empty>
    );
  }
  return (
    <>
      <Head app={app} />
      <Notes app={app} detail={data?.detail} />
      <Instances app={app} />
      {data?.crashes[0] && (
        <Panel
          title="Last crash"
          more={data.crashes.length > 1 && <a href={link({ page: 'crashes' })}>All crashes</a>}
        >
          <Crash key={data.crashes[0].time} crash={data.crashes[0]} open />
        </Panel>
      )}
      <Charts title="Over time" series={`app:${name}`} />
      {data ? <Details page={data} /> : <Waiting problem={problem} />}
    </>
  );
}

function Head({ app }: { readonly app: LiveApp }) {
  const { rates } = app;
  return (
    <section class="app-head" aria-label="Now">
      <div class="app-title">
        <Status tone={appTone(app.status)} text={app.status} />
        {app.urls.map((url) => (
          <a key={url} href={url} rel="noreferrer" target="_blank">
            {url}
          </a>
        ))}
        {app.nextRun && (
          <span class="muted">
            next run <Ago time={app.nextRun} />
          </span>
        )}
      </div>
      {rates && (
        <dl class="figures">
          <Figure name="requests/s" value={formatRate(rates.requestsPerSecond)} />
          <Figure name="errors" value={formatShare(rates.errorsPerSecond, rates.requestsPerSecond)} />
          <Figure name="p50" value={formatMs(rates.p50Ms)} />
          <Figure name="p95" value={formatMs(rates.p95Ms)} />
          <Figure name="p99" value={formatMs(rates.p99Ms)} />
          <Figure name="WebSockets" value={formatCount(rates.openWebSockets)} />
          <Figure name="in progress" value={formatCount(rates.openRequests)} />
        </dl>
      )}
      <Actions app={app} />
    </section>
  );
}

function Actions({ app }: { readonly app: LiveApp }) {
  const { name, status, wanted } = app;
  const stopped = status === 'stopped' || status === 'done';
  const off = stopped ? `${name} is ${status}` : undefined;
  if (isOwn(app)) {
    return (
      <div class="buttons">
        <Do action={{ do: 'reload', app: name }}>Reload</Do>
        <a class="button" href={link(logsOf(name))}>
          Logs
        </a>
        <WhyOff />
      </div>
    );
  }
  return (
    <div class="buttons">
      {stopped ? (
        <Do action={{ do: 'start', app: name }} kind="main">
          Start
        </Do>
      ) : (
        <Do action={{ do: 'reload', app: name }} kind="main">
          Reload
        </Do>
      )}
      {app.nextRun !== null && <Do action={{ do: 'run', app: name }}>Run now</Do>}
      <Do action={{ do: 'restart', app: name }} off={off}>
        Restart
      </Do>
      <span class="scale">
        <Do
          action={{ do: 'scale', app: name, instances: Math.max(0, wanted - 1) }}
          label="One instance less"
          off={wanted === 0 ? 'There is none' : off}
        >
          −
        </Do>
        <span>{wanted === 1 ? '1 instance' : `${wanted} instances`}</span>
        <Do action={{ do: 'scale', app: name, instances: wanted + 1 }} label="One instance more" off={off}>
          +
        </Do>
      </span>
      <Do action={{ do: 'stop', app: name }} kind="danger" off={off}>
        Stop
      </Do>
      <a class="button" href={link(logsOf(name))}>
        Logs
      </a>
      <WhyOff />
    </div>
  );
}

function Notes({ app, detail }: { readonly app: LiveApp; readonly detail: AppDetail | undefined }) {
  const paused = (app.paused ?? []).map((host) => `Requests to ${host} wait: the site is paused`);
  const notes = [...new Set([...paused, ...(app.notes ?? []), ...(detail?.notes ?? [])])];
  return (
    <>
      {notes.map((note) => (
        <p class="notice warning" key={note}>
          <Mark tone="warning" />
          <span>{note}</span>
        </p>
      ))}
      {(app.paused ?? []).map((site) => (
        <div class="buttons" key={site}>
          <Do action={{ do: 'resume', site }}>Resume {site}</Do>
        </div>
      ))}
    </>
  );
}

interface InstanceRow {
  readonly instance: InstanceView;
  readonly rates: Rates | undefined;
  readonly app: string;
}

function Instances({ app }: { readonly app: LiveApp }) {
  const { instances, instanceRates, name } = app;
  const rows = useMemo(
    () => instances.map((instance) => ({ instance, rates: instanceRates[instance.id], app: name })),
    [instances, instanceRates, name],
  );
  const restarted = instances.some(({ restarts }) => restarts > 0);
  return (
    <Panel title="Instances" more={restarted && <Do action={{ do: 'reset', app: name }}>Reset counts</Do>}>
      {rows.length > 0 ? (
        <Table
          label="Instances"
          columns={instanceColumns}
          rows={rows}
          keyOf={({ instance }) => `${instance.id} ${instance.serial}`}
        />
      ) : (
        <Empty title="No instance runs">
          {app.status === 'stopped' && 'Press Start, or type hold start.'}
        </Empty>
      )}
    </Panel>
  );
}

const instanceColumns: readonly Column<InstanceRow>[] = [
  {
    head: 'instance',
    title: true,
    cell: ({ instance, app }) => (
      <a href={link(logsOf(app, { instance: instance.id }))} data-item title="Its log">
        {instance.id}
      </a>
    ),
  },
  {
    head: 'state',
    cell: ({ instance }) => (
      <>
        <Status tone={instanceTone(instance.status)} text={instance.status} />
        {instance.nextStartMs !== null && (
          <span class="muted"> again in {formatTime(instance.nextStartMs)}</span>
        )}
        {instance.reason && <div class="muted reason">{instance.reason}</div>}
      </>
    ),
  },
  { head: 'pid', number: true, cell: ({ instance }) => instance.pid ?? NOTHING },
  { head: 'up', number: true, cell: ({ instance }) => formatTime(instance.uptimeMs) },
  { head: 'restarts', number: true, cell: ({ instance }) => instance.restarts },
  { head: 'CPU', number: true, cell: ({ instance }) => formatCpu(instance.cpu) },
  { head: 'memory', number: true, cell: ({ instance }) => formatSize(instance.memoryBytes) },
  { head: 'loop delay', number: true, cell: ({ instance }) => formatMs(instance.loopDelayMs) },
  { head: 'req/s', number: true, cell: ({ rates }) => formatRate(rates?.requestsPerSecond) },
  { head: 'p95', number: true, cell: ({ rates }) => formatMs(rates?.p95Ms) },
  {
    head: 'do',
    cell: ({ instance, app }) => (
      <Do action={{ do: 'restart', app, slot: instance.slot }} label={`Restart ${instance.id}`}>
        Restart
      </Do>
    ),
  },
];

function Details({ page }: { readonly page: AppPage }) {
  const { detail, egress } = page;
  const variables = variableRows(detail.plan);
  const events = useMemo(() => [...detail.events].reverse().slice(0, 20), [detail.events]);
  return (
    <>
      {detail.ports.length > 0 && (
        <Panel title="Ports">
          <Table
            label="Ports"
            columns={portColumns}
            rows={detail.ports}
            keyOf={({ host, port }) => `${host} ${port}`}
          />
        </Panel>
      )}
      <Panel
        title="Settings"
        more={detail.plan.project && <span class="muted">of {detail.plan.project}</span>}
      >
        <Facts rows={[...settingRows(detail.plan), ['Log file', detail.logFile]]} />
        {variables.length > 0 && (
          <details class="more">
            <summary>Variables ({variables.length})</summary>
            <Facts rows={variables} />
          </details>
        )}
      </Panel>
      {egress && (
        <Panel title="Outgoing">
          {egress.counts.length > 0 ? (
            <Destinations counts={egress.counts} />
          ) : (
            <Empty title="It has connected to nothing yet" />
          )}
        </Panel>
      )}
      <Panel title="Its latest events">
        {events.length > 0 ? <Events events={events} /> : <Empty title="Nothing has happened yet" />}
      </Panel>
      <Earlier page={page} />
    </>
  );
}

/** The crashes before the last one. */
function Earlier({ page }: { readonly page: AppPage }) {
  const [shown, setShown] = useState(5);
  const earlier = page.crashes.slice(1);
  if (earlier.length === 0) return null;
  return (
    <Panel title="Earlier crashes">
      {earlier.slice(0, shown).map((crash) => (
        <Crash key={`${crash.time} ${crash.instance}`} crash={crash} />
      ))}
      {earlier.length > shown && (
        <button type="button" class="button" onClick={() => setShown(shown + 20)}>
          Show more
        </button>
      )}
    </Panel>
  );
}

const portColumns: readonly Column<PortView>[] = [
  { head: 'port', title: true, cell: ({ port }) => <b>{port}</b> },
  { head: 'address', cell: ({ host }) => host ?? 'all' },
  { head: 'speaks', cell: ({ tls }) => (tls ? 'https' : 'http or other') },
  {
    head: 'while the app is away',
    cell: ({ held }) =>
      held ? (
        <Status tone="ok" text="connections wait" />
      ) : (
        <Status tone="warning" text="connections are refused" />
      ),
  },
];
