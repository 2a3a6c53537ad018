/** What the files for platforms say beyond what all exporters are tried with: packages, migrations, networks, ports. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { readProjectFacts } from '../../src/cli/export/project-facts.ts';
import type { Plan } from '../../src/config/plan.ts';
import type { Exported, ExportOptions } from '../../src/exporters/exported.ts';
import { targets } from '../../src/exporters/targets.ts';
import { appPlan } from '../support/plans.ts';
import { everything, optionsFor, plain, planOf, secure } from './plans.ts';

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
      assert.equal(project.node, String(Number.parseInt(process.versions.node, 10)));
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

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** As the schemas of Kubernetes say: throws with what is wrong. */
function validate(object: KubernetesObject): void {
  const load = createRequire(import.meta.url);
  const { [object.kind]: Model } = load(`kubernetes-models/${object.apiVersion}/${object.kind}`) as Record<
    string,
    new (
      data: unknown,
    ) => { validate(): void }
  >;
  assert.ok(Model, object.kind);
  new Model(object).validate();
}

function objectsOf({ files }: Exported): KubernetesObject[] {
  return parseAllDocuments(files[0]?.text ?? '').flatMap((document) => document.toJS() ?? []);
}

test('Kubernetes: every object is one by its schema', () => {
  const migrating = { ...everything, release: { ...everything.release, migrate: ['node', 'migrate.js'] } };
  const egress = {
    observe: false,
    allow: [{ kind: 'network', address: '10.0.0.0', bits: 8, port: null }],
    apps: {},
  } as const;
  const kinds = new Set<string>();
  for (const plan of [plain, secure, { ...migrating, egress }])
    for (const more of [{}, { ingress: 'nginx', maxInstances: 9 }] as const)
      for (const object of objectsOf(exported('kubernetes', plan, more))) {
        kinds.add(object.kind);
        assert.doesNotThrow(() => validate(object), `${object.kind} ${JSON.stringify(object)}`);
      }
  assert.deepEqual([...kinds].sort(), [
    'CronJob',
    'Deployment',
    'HorizontalPodAutoscaler',
    'Ingress',
    'Job',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
  ]);
  const [wrong] = objectsOf(exported('kubernetes', plain));
  assert.ok(wrong);
  assert.throws(() => validate({ ...wrong, spec: { replicas: 'two' } }));
});

test('Kubernetes: more under load only where there are two at least, and nobody sets the number back', () => {
  const plan = planOf({
    web: appPlan({ instances: 2, port: 3000 }),
    alone: appPlan({ name: 'alone', port: 3001 }),
  });
  const objects = objectsOf(exported('kubernetes', plan, { maxInstances: 6 }));
  const named = (kind: string, name: string) =>
    objects.find((one) => one.kind === kind && (one.metadata as { name: string }).name === `holdfast-${name}`)
      ?.spec as Record<string, unknown> | undefined;
  const { minReplicas, maxReplicas } = named('HorizontalPodAutoscaler', 'web') ?? {};
  assert.deepEqual([minReplicas, maxReplicas], [2, 6]);
  assert.equal(named('Deployment', 'web')?.replicas, undefined);
  assert.equal(named('HorizontalPodAutoscaler', 'alone'), undefined);
  assert.equal(named('Deployment', 'alone')?.replicas, 1);
});

test('what scales under load takes a most, and is alone in that', () => {
  const takers = Object.keys(targets).filter((name) => targets[name]?.takes?.includes('maxInstances'));
  assert.deepEqual(takers.sort(), ['cloudrun', 'ecs', 'elasticbeanstalk', 'kubernetes']);
  const plan = planOf({ web: appPlan({ instances: 2, port: 3000 }) });
  for (const target of Object.keys(targets)) {
    const differs =
      JSON.stringify(exported(target, plan)) !== JSON.stringify(exported(target, plan, { maxInstances: 6 }));
    assert.equal(differs, takers.includes(target), target);
  }
});

test('Kubernetes: sessions stay by the words of whoever brings requests in', () => {
  const withKind = (ingress: ExportOptions['ingress']) =>
    exported('kubernetes', secure, ingress ? { ingress } : {}).files[0]?.text ?? '';
  const words = { traefik: /sticky\.cookie/, nginx: /affinity: cookie/, gateway: /sessionPersistence/ };
  for (const [ingress, own] of Object.entries(words))
    for (const [other, theirs] of Object.entries(words))
      assert.equal(theirs.test(withKind(ingress as 'nginx')), own === theirs, `${ingress}: ${other}`);
});

test('pipelines deploy the target that there is, and the key is gone before anything is started', () => {
  const { production, ...others } = everything.deploy;
  for (const target of ['github', 'gitlab']) {
    const text = exported(target, everything).files[0]?.text ?? '';
    assert.match(text, /TARGET: "production"/);
    assert.match(text, /app1\.example\.com; ssh-keygen -F '\[app2\.example\.com\]:2222'/);
    assert.match(
      exported(target, { ...everything, deploy: others }).files[0]?.text ?? '',
      /TARGET: "staging"/,
    );
    assert.equal(exported(target, plain).losses[0]?.setting, 'deploy');
    const own = {
      manager: 'pnpm',
      managerVersion: null,
      files: [],
      node: '24',
      hasBuild: false,
      holdfast: null,
    } as const;
    assert.match(
      exported(target, everything, { project: own }).files[0]?.text ?? '',
      /pnpm install --frozen-lockfile --ignore-scripts[\s\S]*node_modules\/\.bin\/hold deploy/,
    );
  }
  assert.match(exported('github', plain).files[0]?.text ?? '', /unset DEPLOY_SSH_KEY.*\n +hold deploy/);
});
