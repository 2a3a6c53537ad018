/** What was deployed, what serves, and how to go back. */
import type { ReleaseDetail, ReleaseSummary, ReleasesView } from '../../../../protocol/dashboard.ts';
import { formatTime, NOTHING } from '../../model/format.ts';
import { link } from '../../model/route.ts';
import type { Tone } from '../../model/words.ts';
import { address } from '../api.ts';
import { live } from '../live.ts';
import { useLoaded } from '../load.ts';
import { Do, WhyOff } from '../parts/controls.tsx';
import { Promotion } from '../parts/promotion.tsx';
import { Ago, Empty, Facts, Mark, Moment, Output, Panel, Problem, Status, Waiting } from '../parts/small.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { useStore } from '../store.ts';

/** Something happened to a release: what was loaded is old. */
function useReleaseVersion(): string {
  return useStore(live, (state) => String(state.events.find(({ type }) => type.startsWith('release.'))?.seq));
}

export function Releases() {
  const { data, problem } = useLoaded<readonly ReleasesView[]>(address('releases'), {
    everyMs: 30_000,
    version: useReleaseVersion(),
  });
  if (!data) return <Waiting problem={problem} />;
  if (data.length === 0) {
    return (
      <Empty title="Nothing was deployed here yet">
        <code>hold deploy</code> makes a release of your project, tries it, and gives it the traffic.
      </Empty>
    );
  }
  return (
    <>
      {problem && <Problem of={problem} />}
      {data.map((view) => (
        <Project key={view.project} view={view} />
      ))}
    </>
  );
}

interface Row {
  readonly project: string;
  readonly release: ReleaseSummary;
}

function Project({ view }: { readonly view: ReleasesView }) {
  const { project, releases, deployFrom } = view;
  // The stage is live; the rest was loaded.
  const promotion =
    useStore(live, (state) => state.promotions.find((one) => one.project === project)) ?? view.promotion;
  const busy = promotion?.promotion ? 'A release is under way' : undefined;
  return (
    <Panel title={project} more={deployFrom && <span class="muted wrap">{deployFrom}</span>}>
      {promotion?.promotion && <Promotion view={promotion} />}
      <div class="buttons">
        {deployFrom && (
          <Do action={{ do: 'deploy', project }} kind="main" off={busy}>
            Deploy
          </Do>
        )}
        {releases.some(({ canRollBackTo }) => canRollBackTo) && (
          <Do action={{ do: 'rollback', project }} kind="danger" off={busy}>
            Roll back
          </Do>
        )}
        <WhyOff />
      </div>
      {releases.length > 0 ? (
        <Table
          label={`Releases of ${project}`}
          columns={columns}
          rows={releases.map((release) => ({ project, release }))}
          keyOf={({ release }) => release.id}
        />
      ) : (
        <Empty title="It has no release yet" />
      )}
    </Panel>
  );
}

/** `rolledBack` as `rolled back`. */
function releaseWords({ status, serves }: ReleaseSummary): string {
  return serves ? 'serves' : status.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The record's own words may be those of a newer version. */
function releaseTone({ status, serves }: ReleaseSummary): Tone {
  if (serves) return 'ok';
  if (/fail|rolled/i.test(status)) return 'failing';
  return /making|promot|bak|trial|canary|roll/i.test(status) ? 'busy' : 'quiet';
}

const columns: readonly Column<Row>[] = [
  {
    head: 'release',
    title: true,
    cell: ({ project, release }) => (
      <a href={link({ page: 'release', project, id: release.id })} data-item class="id">
        {release.id}
      </a>
    ),
  },
  {
    head: 'state',
    cell: ({ release }) => (
      <>
        <Status tone={releaseTone(release)} text={releaseWords(release)} />
        {release.reason && <div class="muted reason">{release.reason}</div>}
      </>
    ),
  },
  { head: 'source', cell: ({ release }) => <span class="wrap">{release.source}</span> },
  { head: 'by', cell: ({ release }) => release.by ?? NOTHING },
  { head: 'made', cell: ({ release }) => <Ago time={release.createdAt} /> },
  {
    head: 'do',
    cell: ({ project, release }) =>
      release.canRollBackTo ? (
        <Do action={{ do: 'rollback', project, release: release.id }} label={`Roll back to ${release.id}`}>
          Roll back
        </Do>
      ) : null,
  },
];

export function Release({ project, id }: { readonly project: string; readonly id: string }) {
  const { data, problem } = useLoaded<ReleaseDetail>(
    address(`releases/${encodeURIComponent(project)}/${encodeURIComponent(id)}`),
    { everyMs: 10_000, version: useReleaseVersion() },
  );
  if (!data) return <Waiting problem={problem} />;
  return (
    <>
      <Panel title="Release" more={<a href={link({ page: 'releases' })}>All releases</a>}>
        <Facts
          rows={[
            ['State', <Status key="state" tone={releaseTone(data)} text={releaseWords(data)} />],
            ...(data.reason ? [['Why', data.reason] as const] : []),
            ['Source', data.source],
            ['Made', <Moment key="made" time={data.createdAt} />],
            // The longer one says also from where.
            ...(data.facts.some(([label]) => label === 'By') ? [] : [['By', data.by ?? NOTHING] as const]),
            ...data.facts,
          ]}
        />
        {data.canRollBackTo && (
          <div class="buttons">
            <Do action={{ do: 'rollback', project, release: id }} kind="danger">
              Roll back to it
            </Do>
            <WhyOff />
          </div>
        )}
      </Panel>
      <Panel title="Steps">
        {data.steps.length === 0 && <Empty title="No step was recorded" />}
        {data.steps.map((step) => (
          <Step key={step.step} step={step} />
        ))}
      </Panel>
    </>
  );
}

const stepTones: Readonly<Record<string, Tone>> = { done: 'ok', failed: 'failing', running: 'busy' };

function Step({ step }: { readonly step: ReleaseDetail['steps'][number] }) {
  const head = (
    <>
      <Mark tone={stepTones[step.outcome] ?? 'quiet'} />
      <span>
        <b>{step.step}</b> <span class="muted">{step.outcome}</span>
      </span>
      <span class="muted took">{formatTime(step.tookMs)}</span>
    </>
  );
  if (!step.output) return <div class="step">{head}</div>;
  return (
    <details class="step" open={step.outcome === 'failed'}>
      <summary data-item>{head}</summary>
      <Output label={`Output of ${step.step}`} text={step.output} />
    </details>
  );
}
