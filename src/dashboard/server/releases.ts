/** Releases as the page shows them, from their records on the disk. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { ReleaseDetail, ReleaseSummary, ReleasesView } from '../../protocol/dashboard.ts';
import type { PromotionView, ReleaseRecord } from '../../protocol/release.ts';
import { type ReleasePaths, releasePaths } from '../../release/paths.ts';
import { RecordFiles } from '../../release/records.ts';
import { stepOutput } from '../../release/step-output.ts';

const MOST = 200;
const MOST_OUTPUT = 256 * 1024;

export function releasesViews(home: string, promotions: readonly PromotionView[]): ReleasesView[] {
  const known = promotions.map(({ project }) => project);
  const names = [...new Set([...known, ...projectsOf(home)])].sort();
  return names.flatMap((project) => {
    const paths = releasePaths(home, project);
    const records = new RecordFiles(paths.records).list().slice(0, MOST);
    if (records.length === 0) return [];
    const promotion = promotions.find((one) => one.project === project) ?? null;
    return {
      project,
      releases: records.map((record) => summaryOf(record, paths, promotion?.serving ?? null)),
      promotion,
      deployFrom: placeToDeploy(records)?.dir ?? null,
    };
  });
}

export function releaseDetail(
  home: string,
  project: string,
  id: string,
  promotions: readonly PromotionView[],
): ReleaseDetail {
  const paths = releasePaths(home, project);
  const files = new RecordFiles(paths.records);
  const record = files.ids().includes(id) ? files.read(id) : null;
  if (!record) throw new HoldfastError('RELEASE_UNKNOWN', `There is no release "${id}" of "${project}"`);
  const promotion = promotions.find((one) => one.project === project);
  return {
    ...summaryOf(record, paths, promotion?.serving ?? null),
    facts: factsOf(record),
    steps: record.steps.map(({ name, tookMs, outcome, note }) => ({
      step: name,
      tookMs,
      outcome,
      output: stepOutput(paths, id, name).join('\n').slice(-MOST_OUTPUT) || (note ?? ''),
    })),
  };
}

/** Where the newest release that was made on this machine came from, if it is still there. */
export function placeToDeploy(
  records: readonly ReleaseRecord[],
): { readonly dir: string; readonly config: string; readonly isWorkingTree: boolean } | null {
  for (const { source, config, by } of records) {
    if (by.via !== 'local' || source.kind === 'tarball' || !isAbsolute(source.from)) continue;
    const file = join(source.from, config);
    if (existsSync(file))
      return { dir: dirname(file), config: file, isWorkingTree: source.kind === 'directory' };
  }
  return null;
}

function projectsOf(home: string): string[] {
  try {
    return readdirSync(dirname(releasePaths(home, 'any').root)).filter((name) =>
      /^[A-Za-z0-9][\w-]*$/.test(name),
    );
  } catch {
    return [];
  }
}

function summaryOf(record: ReleaseRecord, paths: ReleasePaths, serving: string | null): ReleaseSummary {
  const { id, outcome, createdAt, by, source, reason, servedFrom } = record;
  const serves = id === serving;
  const commit = source.commit?.slice(0, 7);
  return {
    id,
    status: outcome,
    createdAt,
    by: `${by.user}@${by.host}`,
    source: [commit, source.subject ?? (commit === undefined ? source.from : null)].filter(Boolean).join(' '),
    reason,
    serves,
    canRollBackTo: !serves && servedFrom !== null && existsSync(join(paths.releases, id)),
  };
}

function factsOf({ source, node, packages, by, config, servedFrom, servedUntil }: ReleaseRecord) {
  const rows: readonly (readonly [string, string | null | undefined])[] = [
    ['From', source.from],
    ['Commit', source.commit],
    ['Branch', source.ref === 'HEAD' ? null : source.ref],
    ['Author', source.author],
    ['Differs from the commit', source.dirty ? 'yes' : null],
    ['Configuration', config],
    ['Node', node?.version],
    ['Packages', packages && `${packages.count} by ${packages.manager} ${packages.managerVersion}`],
    ['By', `${by.user}@${by.host} (${by.via})`],
    ['Served from', servedFrom],
    ['Served until', servedUntil],
    ['Contents', source.treeHash],
  ];
  return rows.flatMap(([label, value]): (readonly [string, string])[] => (value ? [[label, value]] : []));
}
