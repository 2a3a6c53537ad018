/** Releases of a project as a deploy leaves them on disk, made by hand: a program, its configuration, its record. */
import assert from 'node:assert/strict';
import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Client } from '../../src/client/client.ts';
import { connectNow } from '../../src/client/connect.ts';
import type { HoldfastConfig } from '../../src/config/config-types.ts';
import { loadPlan } from '../../src/config/load.ts';
import type { PromoteRequest, PromotionView, ReleaseRecord } from '../../src/protocol/release.ts';
import { releasePaths } from '../../src/release/paths.ts';
import { RecordFiles } from '../../src/release/records.ts';
import { cleanup, type Test } from './cleanup.ts';
import type { TestHome } from './test-home.ts';

export interface Project {
  readonly client: Client;
  /** Writes a release; `files` are beside its configuration. */
  make(id: string, config: HoldfastConfig, files: Readonly<Record<string, string>>): Promise<PromoteRequest>;
  /** Promotes it, or goes back to it; rejects when it comes to nothing. */
  promote(request: PromoteRequest, kind?: PromoteRequest['kind']): Promise<PromotionView>;
  record(id: string): ReleaseRecord;
  /** Where `current` leads. */
  current(): string;
  view(): Promise<PromotionView | undefined>;
}

/** A project in a home whose daemon runs. */
export async function startProject(t: Test, home: TestHome, project = 'shop'): Promise<Project> {
  await home.ok(['start', 'true', '-n', 'bystander', '--set', 'restart.when=never']);
  const paths = releasePaths(home.paths.home, project);
  const records = new RecordFiles(paths.records);
  const client = await connectNow(home.paths.home);
  assert.ok(client, 'there is a daemon');
  cleanup(t, () => client.close());
  return {
    client,
    async make(id, config, files) {
      const dir = join(paths.releases, id);
      mkdirSync(dir, { recursive: true });
      const all = { ...files, 'holdfast.config.json': JSON.stringify(config) };
      for (const [name, text] of Object.entries(all)) writeFileSync(join(dir, name), text);
      records.write(recordOf(project, id));
      const source = join(paths.current, 'holdfast.config.json');
      const plan = await loadPlan({ cwd: dir, env: process.env, release: { id, project, source } });
      return { project, release: id, root: paths.root, plan, kind: 'deploy' };
    },
    promote: (request, kind = 'deploy') => client.promote({ ...request, kind }),
    record(id) {
      const record = records.read(id);
      assert.ok(record, `there is a record of ${id}`);
      return record;
    },
    current: () => basename(readlinkSync(paths.current)),
    view: async () => (await client.releases()).find((one) => one.project === project),
  };
}

function recordOf(project: string, id: string): ReleaseRecord {
  return {
    id,
    project,
    createdAt: new Date().toISOString(),
    outcome: 'made',
    reason: null,
    source: {
      kind: 'directory',
      from: '/src',
      ref: null,
      commit: null,
      author: null,
      subject: null,
      dirty: false,
      treeHash: id,
    },
    by: { user: 'ann', host: 'laptop', via: 'local' },
    config: 'holdfast.config.json',
    node: null,
    packages: null,
    steps: [],
    servedFrom: null,
    servedUntil: null,
  };
}
