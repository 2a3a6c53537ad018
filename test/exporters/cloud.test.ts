/** What the files for platforms say beyond what all exporters are tried with: packages, migrations, networks, ports. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { readProjectFacts } from '../../src/cli/export/project-facts.ts';
import type { Plan } from '../../src/config/plan.ts';
import type { Exported, ExportOptions } from '../../src/exporters/exported.ts';
import { targets } from '../../src/exporters/targets.ts';
import { appPlan } from '../support/plans.ts';
import { everything, optionsFor, plain, planOf } from './plans.ts';

function exported(target: string, plan: Plan, more: Partial<ExportOptions> = {}): Exported {
  const found = targets[target];
  assert.ok(found, target);
  return found.export(plan, { ...optionsFor(plan), ...more });
}

const PLATFORMS = Object.keys(targets).filter((name) => targets[name]?.kind === 'platform');

test('no value that looks secret is in any file, and its name is', () => {
  for (const target of PLATFORMS) {
    const { files } = exported(target, everything);
    const all = files.map(({ text }) => text).join('');
    assert.doesNotMatch(all, /very-secret/, target);
    if (target !== 'dockerfile') assert.match(all, /API_TOKEN/, target);
  }
});

test('packages are installed by whom the lockfile is of, exactly, and scripts are run where they are allowed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'facts-'));
  const plan = {
    ...plain,
    release: { ...plain.release, install: { ...plain.release.install, allowScripts: ['sharp'] } },
  };
  const cases = [
    [
      'package-lock.json',
      '{}',
      'npm@11.2.0',
      /npm install --global npm@11\.2\.0\n[\s\S]* npm ci --ignore-scripts\nRUN npm rebuild "sharp"/,
    ],
    [
      'pnpm-lock.yaml',
      '',
      'pnpm@10.1.0+sha512.x',
      /global pnpm@10\.1\.0\n[\s\S]*pnpm install --frozen-lockfile --ignore-scripts/,
    ],
    ['yarn.lock', '# yarn lockfile v1', '', /yarn install --frozen-lockfile/],
    ['yarn.lock', '__metadata:\n  version: 8\n', '', /cli-dist@4\n[\s\S]*yarn install --immutable/],
    ['bun.lock', '{}', '', /bun install --frozen-lockfile/],
  ] as const;
  try {
    for (const [lockfile, text, packageManager, wanted] of cases) {
      writeFileSync(join(dir, lockfile), text);
      writeFileSync(join(dir, 'package.json'), JSON.stringify({ packageManager, scripts: { build: 'tsc' } }));
      const project = readProjectFacts(dir);
      const file = exported('dockerfile', plan, { project }).files[0]?.text ?? '';
      assert.match(file, wanted);
      assert.ok(file.includes(`COPY ["package.json","${lockfile}","./"]`), file);
      assert.match(file, /RUN \w+ run build/);
      rmSync(join(dir, lockfile));
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('a migration runs where the platform has a place for it, and is told where it has none', () => {
  const plan = { ...plain, release: { ...plain.release, migrate: ['node', 'migrate.js'] } };
  for (const target of PLATFORMS) {
    const { files, losses } = exported(target, plan);
    const isKept = files.some(({ text }) => /migrate\.js/.test(text));
    assert.notEqual(
      isKept,
      losses.some(({ setting }) => setting === 'release.migrate'),
      target,
    );
  }
});

test('Kubernetes: where apps may connect to, as far as a NetworkPolicy can say it', () => {
  const egress = {
    observe: false,
    allow: [
      { kind: 'network', address: '10.0.0.0', bits: 8, port: 5432 },
      { kind: 'host', host: 'api.example.com', port: 443 },
    ],
    apps: {},
  } as const;
  const { files, losses } = exported('kubernetes', { ...plain, egress });
  const objects = parseAllDocuments(files[0]?.text ?? '').map((document) => document.toJS());
  const policy = objects.find((object) => object?.kind === 'NetworkPolicy');
  assert.deepEqual(policy.spec.egress[1], {
    to: [{ ipBlock: { cidr: '10.0.0.0/8' } }],
    ports: [{ protocol: 'TCP', port: 5432 }],
  });
  assert.match(losses.find(({ setting }) => setting === 'egress.allow')?.text ?? '', /api\.example\.com/);
});

test('what listens nowhere gets no port and no probe: it would be waited for in vain', () => {
  const plan = planOf({ worker: appPlan({ name: 'worker' }) });
  const { services } = parse(exported('compose', plan).files[0]?.text ?? '');
  const { ports, healthcheck, environment } = services['holdfast-worker'];
  assert.deepEqual([ports, healthcheck, environment.PORT], [undefined, undefined, undefined]);
});
