import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { upstreamRoute } from '../../test/support/plans.ts';
import { root } from '../../test/support/root.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { HoldfastError } from '../errors.ts';
import { FakeClock } from '../kit/clock.ts';
import { appDefaults } from './app-defaults.ts';
import { configEndings } from './find.ts';
import { loadPlan } from './load.ts';
import type { Plan } from './plan.ts';
import { releaseDefaults } from './release-defaults.ts';

const fixtures = join(root, 'test', 'fixtures', 'configs');
const env = { PATH: '/usr/bin:/bin', HOME: '/home/a', NODE_ENV: 'test', AWS_REGION: 'eu' };

/** A directory with `server.js` and these files. */
function project(t: TestContext, files: Readonly<Record<string, string>>): string {
  const cwd = tempDir(t);
  for (const [name, text] of Object.entries({ 'server.js': '', ...files })) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
}

async function failure(cwd: string, file?: string): Promise<HoldfastError> {
  try {
    await loadPlan({ cwd, env, file });
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error));
    return error;
  }
  throw new Error('It should have been refused');
}

/** What is wrong with a configuration that is given as a value. */
async function problems(t: TestContext, config: unknown): Promise<string[]> {
  const cwd = project(t, { 'c.json': JSON.stringify(config, null, 1) });
  const { message, details } = await failure(cwd, 'c.json');
  return (details.length > 0 ? [...details] : [message]).map((line) =>
    line
      .replaceAll(cwd, '<cwd>')
      .replace('c.json: ', '')
      .replace(/ \(line \d+\)$/, ''),
  );
}

test('YAML, JSON and modules say the same', async () => {
  const plans = await Promise.all(
    ['yaml', 'json', 'mjs', 'cjs'].map((ending) =>
      loadPlan({ cwd: fixtures, env, file: `full/full.${ending}` }),
    ),
  );
  const [first, ...others] = plans.map((plan): Plan => ({ ...plan, source: null }));
  for (const other of others) assert.deepEqual(other, first);
  assert.equal(plans[0]?.source, join(fixtures, 'full', 'full.yaml'));
});

test('a plan is complete, resolved and frozen', async () => {
  const plan = await loadPlan({ cwd: fixtures, env, file: 'full/full.yaml' });
  const { web, jobs, old } = plan.apps;
  assert.ok(web && jobs && old);
  assert.equal(web.cwd, join(fixtures, 'full', 'api'));
  assert.deepEqual(web.command, {
    file: join(fixtures, 'full', 'api', 'server.js'),
    args: ['--verbose'],
    node: true,
    nodeArgs: ['--enable-source-maps'],
  });
  assert.deepEqual(web.env, {
    DATABASE_URL: 'postgres://app:secret@db/shop',
    REGION: 'us',
    NODE_ENV: 'production',
    WORKERS: '2',
    DEBUG: 'false',
  });
  assert.deepEqual(web.baseEnv, { AWS_REGION: 'eu', HOME: '/home/a', PATH: '/usr/bin:/bin' });
  assert.deepEqual(web.restart, {
    ...appDefaults.restart,
    backoffMinMs: 200,
    backoffMaxMs: 60_000,
    giveUp: { crashes: 5, withinMs: 120_000 },
  });
  assert.deepEqual(web.log, {
    ...appDefaults.log,
    rotateBytes: 10 * 1024 ** 2,
    keep: 3,
    totalBytes: 100 * 1024 ** 2,
    compress: false,
  });
  assert.deepEqual(old.command, { file: 'sh', args: ['-c', 'exec sleep $PORT'], node: false, nodeArgs: [] });
  assert.equal(jobs.readyTimeoutMs, 30_000);
  assert.deepEqual(Object.keys(plan.sites), ['example.com', '*']);
  assert.deepEqual(plan.sites['example.com']?.routes[3], upstreamRoute('/v6', '::1', 80));
  assert.deepEqual(plan.edge.http, { host: '127.0.0.1', port: 8081 });
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan, 'it is plain JSON');
  assert.throws(() => Object.assign(plan.edge.limits, { bodyBytes: 1 }), TypeError);
});

test('what is left out has a default', async (t) => {
  const plan = await loadPlan({ cwd: project(t, { 'holdfast.config.json': '{}' }), env });
  assert.deepEqual([plan.apps, plan.sites], [{}, {}]);
  assert.equal(plan.edge.http.port, process.getuid?.() === 0 ? 80 : 8080);
  const cwd = project(t, { 'c.json': '{"apps": {"web": {"run": "server.js", "instances": "max"}}}' });
  const { web } = (await loadPlan({ cwd, env, file: 'c.json' })).apps;
  assert.equal(web?.instances, availableParallelism());
  const { name: _, command: __, cwd: ___, baseEnv: ____, project: ______, ...rest } = web ?? assert.fail();
  const { baseEnv: _____, project: _______, ...defaults } = appDefaults;
  assert.deepEqual(rest, { ...defaults, instances: availableParallelism() });
  assert.deepEqual({ release: plan.release, deploy: plan.deploy }, { release: releaseDefaults, deploy: {} });
});

test('every kind of file is found', async (t) => {
  const module = 'export default { apps: { web: "server.js" } };';
  for (const ending of configEndings) {
    const text =
      ending === 'json'
        ? '{"apps":{"web":"server.js"}}'
        : ending.startsWith('y')
          ? 'apps: { web: server.js }'
          : module;
    const cjs = ending === 'cjs' ? 'module.exports = { apps: { web: "server.js" } };' : text;
    const cwd = project(t, { [`holdfast.config.${ending}`]: cjs });
    const { apps } = await loadPlan({ cwd, env });
    assert.equal(apps.web?.command.file, join(cwd, 'server.js'), ending);
  }
});

test('a module may export a function or a promise, in TypeScript and with defineConfig from anywhere', async (t) => {
  const typed = "import { defineConfig, type HoldfastConfig } from 'holdfast';\n";
  const modules: Readonly<Record<string, string>> = {
    'function.mjs':
      'export default ({ env }) => ({ apps: { web: { run: "server.js", env: { HOME: env.HOME } } } });',
    'async.js':
      'export default async () => ({ apps: { web: { run: "server.js", env: { HOME: process.env.X ?? "/home/a" } } } });',
    'promise.ts': `${typed}const home: string = '/home/a';\nexport default defineConfig(Promise.resolve({ apps: { web: { run: 'server.js', env: { HOME: home } } } } satisfies HoldfastConfig));`,
    'enum.ts': `${typed}enum Home { a = '/home/a' }\nexport default defineConfig(({ env }) => ({ apps: { web: { run: 'server.js', env: { HOME: Home.a } } } }));`,
    'parts.ts': `import { home } from './home';\nexport default { apps: { web: { run: 'server.js', env: { HOME: home } } } };`,
    'required.cjs':
      "const { defineConfig } = require('holdfast');\nmodule.exports = defineConfig({ apps: { web: { run: 'server.js', env: { HOME: '/home/a' } } } });",
    'compiled.cjs':
      "exports.__esModule = true;\nexports.default = { apps: { web: { run: 'server.js', env: { HOME: '/home/a' } } } };",
  };
  const cwd = project(t, { ...modules, 'home.ts': "export const home = '/home/a';" });
  for (const file of Object.keys(modules)) {
    const { apps } = await loadPlan({ cwd, env, file });
    assert.deepEqual(apps.web?.env, { HOME: '/home/a' }, file);
  }
});

test('every mistake is reported in one run, with its path and what would be right', async () => {
  const expected = readFileSync(join(fixtures, 'broken', 'problems.txt'), 'utf8')
    .trimEnd()
    .split('\n');
  const { code, message, details } = await failure(fixtures, 'broken/broken.yaml');
  assert.equal(code, 'CONFIG_INVALID');
  assert.deepEqual(
    details.map((line) => line.replaceAll(fixtures, '<fixtures>')),
    expected,
  );
  assert.equal(message, `${details[0]}, and ${details.length - 1} more problems`);
  const withoutLines = (lines: readonly string[]): string[] =>
    lines.map((line) => line.replace(/^.*?: /, '').replace(/ \(line \d+\)$/, '')).sort();
  const json = await failure(fixtures, 'broken/broken.json');
  assert.deepEqual(withoutLines(json.details), withoutLines(details), 'as in JSON');
});

test('one mistake is the message', async (t) => {
  const cwd = project(t, {
    'holdfast.config.json': '{ "apps": { "web": {\n "run": "server.js",\n "instnces": 2 } } }',
  });
  const { message, details } = await failure(cwd);
  assert.equal(
    message,
    'holdfast.config.json: apps.web.instnces is not a setting: did you mean "instances"? (line 3)',
  );
  assert.deepEqual(details, []);
});

test('a script that is missing is called that', async (t) => {
  const cwd = project(t, { 'holdfast.config.yaml': 'apps:\n  web: sever.js\n' });
  const { code, message } = await failure(cwd);
  assert.equal(code, 'SCRIPT_NOT_FOUND');
  assert.equal(
    message,
    `holdfast.config.yaml: apps.web.run cannot be run: there is no file "${cwd}/sever.js": did you mean "server.js"? (line 2)`,
  );
});

test('settings that do not go together', async (t) => {
  const run = 'server.js';
  assert.deepEqual(await problems(t, { apps: { web: { run, port: 80, env: { PORT: 81 } } } }), [
    'apps.web.env.PORT must be left out or be the same as port, 80: got "81"',
  ]);
  assert.deepEqual(await problems(t, { apps: { web: { run }, Web: { run } } }), [
    'apps.Web differs from "web" only in case',
  ]);
  assert.deepEqual(
    await problems(t, {
      apps: { web: { run, port: 80 } },
      listen: { http: 80 },
      sites: { '*': { routes: { '/': 'web' } } },
    }),
    ['apps.web.port must be a port of its own: 80 is the port of listen.http'],
  );
  assert.deepEqual(await problems(t, { sites: { a: { routes: {} } } }), [
    'sites.a.routes must have at least one route, such as "/": "web"',
  ]);
  assert.deepEqual(await problems(t, { sites: { a: { routes: { '/': 'constructor' } } } }), [
    'sites.a.routes["/"] must be the name of an app: there is none named "constructor"',
  ]);
});

test('names that JavaScript gives a meaning to are no hiding place', async (t) => {
  const cwd = project(t, {
    'c.json':
      '{"apps": {"__proto__": {"run": "x"}, "web": {"run": "server.js", "env": {"__proto__": 1}}}, "__proto__": 1}',
  });
  const { details } = await failure(cwd, 'c.json');
  assert.deepEqual(
    details.map((line) => line.replace(/ \(.*/, '')),
    [
      'c.json: apps.__proto__ is not a usable name',
      'c.json: apps.web.env.__proto__ is not a usable name',
      'c.json: __proto__ is not a usable name',
    ],
  );
  assert.match(
    (await problems(t, { apps: { constructor: 'server.js' } }))[0] ?? '',
    /"constructor" is reserved/,
  );
});

test('files of an app', async (t) => {
  const cwd = project(t, {
    'c.json': JSON.stringify({
      apps: {
        a: { run: 'server.js', envFile: ['a.env', 'b.env'] },
        b: { run: 'server.js', envFile: '.' },
        c: { run: 'server.js', cwd: 'server.js' },
      },
    }),
    'a.env': 'A=1\nB=1\n',
    'b.env': 'nonsense\nHOLDFAST_HOME=x\n',
  });
  const { details } = await failure(cwd, 'c.json');
  assert.deepEqual(
    details.map((line) => line.replaceAll(cwd, '<cwd>').replace(/ \(line \d+\)$/, '')),
    [
      'c.json: apps.a.envFile "<cwd>/b.env" cannot be used: line 1 must be KEY=VALUE, a comment or empty',
      'c.json: apps.a.envFile "<cwd>/b.env" cannot be used: "HOLDFAST_HOME": variables that begin with "HOLDFAST_" are set by Holdfast itself',
      'c.json: apps.b.envFile "<cwd>" cannot be read: it is a directory',
      'c.json: apps.c.cwd must be a directory: "<cwd>/server.js" is a file',
    ],
  );
});

test('files that cannot be read', async (t) => {
  const cwd = project(t, { 'dir.json/x': '', 'secret.json': '{}', 'holdfast.config.jso': '' });
  assert.equal((await failure(cwd)).code, 'CONFIG_NOT_FOUND');
  assert.match((await failure(cwd)).message, /^There is no holdfast\.config\.\* in "/);
  assert.equal((await failure(cwd, 'none.json')).code, 'CONFIG_NOT_FOUND');
  assert.match((await failure(cwd, 'secet.json')).message, /did you mean "secret\.json"\?/);
  const directory = await failure(cwd, 'dir.json');
  assert.equal(directory.code, 'CONFIG_UNREADABLE');
  assert.match(directory.message, /it is a directory/);
  assert.match((await failure(cwd, 'server.txt')).message, /a configuration file ends in one of \.ts/);
  if (process.getuid?.() === 0) return; // root may read everything
  chmodSync(join(cwd, 'secret.json'), 0);
  assert.match((await failure(cwd, 'secret.json')).message, /permission denied/);
});

test('two files at once are one too many', async (t) => {
  const cwd = project(t, { 'holdfast.config.json': '{}', 'holdfast.config.yaml': '' });
  const { code, message } = await failure(cwd);
  assert.equal(code, 'CONFIG_INVALID');
  assert.match(message, /holdfast\.config\.json and holdfast\.config\.yaml/);
});

test('mistakes of syntax have a place', async (t) => {
  const cwd = project(t, {
    'a.json': '{\n  "apps": }\n',
    'a.yaml': 'apps:\n  web: [\n',
    'b.yaml': 'apps:\n  web: a\n  web: b\n',
    'c.yaml': 'apps:\n  web: !secret a\n',
    'a.mjs': 'const a = 1;\nexport default { apps: {,} };\n',
    'a.ts': 'const a: number = 1;\nexport default { apps: {,} };\n',
    'a.cjs': 'module.exports = {;\n',
  });
  assert.equal((await failure(cwd, 'a.json')).message, 'a.json:2:11: there is "}" instead of a value');
  assert.match((await failure(cwd, 'a.yaml')).message, /^a\.yaml:\d+:\d+: /);
  assert.match((await failure(cwd, 'b.yaml')).message, /^b\.yaml:3:3: map keys must be unique$/);
  assert.match((await failure(cwd, 'c.yaml')).message, /^c\.yaml:2:8: unresolved tag/);
  for (const file of ['a.mjs', 'a.ts'])
    assert.match((await failure(cwd, file)).message, /^a\.(mjs|ts):2/, file);
  assert.match((await failure(cwd, 'a.cjs')).message, /^a\.cjs:1/);
});

test('YAML cannot fill the memory', async (t) => {
  const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]`);
  const cwd = project(t, {
    'bomb.yaml': `a0: &a0 x\n${levels.join('\n')}\n`,
    'deep.yaml': '['.repeat(50_000),
  });
  assert.match((await failure(cwd, 'bomb.yaml')).message, /^bomb\.yaml:1:1: excessive alias count/);
  assert.equal((await failure(cwd, 'deep.yaml')).code, 'CONFIG_INVALID');
});

test('a configuration that throws says where', async (t) => {
  const cwd = project(t, {
    'throws.mjs': 'const a = 1;\nthrow new TypeError("no way");\n',
    'calls.ts': 'const a: number = 1;\nexport default () => { throw new Error("no way"); };\n',
    'rejects.mjs': 'export default Promise.reject("no way");\n',
    'getter.mjs': 'export default {\n get apps() { throw new Error("no way"); } };\n',
    'circle.mjs': 'const a = {}; a.apps = a; export default a;\n',
    'nothing.mjs': 'export const apps = {};\n',
    'number.mjs': 'export default 5;\n',
    'map.mjs': 'export default { apps: new Map() };\n',
  });
  const message = async (file: string): Promise<string> => (await failure(cwd, file)).message;
  assert.match(await message('throws.mjs'), /^throws\.mjs:2:\d+: TypeError: no way$/);
  assert.match(await message('calls.ts'), /^calls\.ts:2:\d+: no way$/);
  assert.equal(await message('rejects.mjs'), 'rejects.mjs: it throws "no way"');
  assert.match(await message('getter.mjs'), /^getter\.mjs:2:\d+: no way$/);
  assert.match(await message('circle.mjs'), /refers to itself/);
  assert.match(await message('nothing.mjs'), /it has no default export: write "export default defineConfig/);
  assert.equal(
    await message('number.mjs'),
    'number.mjs: The configuration must be an object with settings: got 5',
  );
  assert.equal(await message('map.mjs'), 'map.mjs: apps must be an object with settings: got an object');
});

test('a configuration that never ends is given up', async (t) => {
  const cwd = project(t, { 'hangs.mjs': 'export default () => new Promise(() => {});\n' });
  const clock = new FakeClock();
  const loading = loadPlan({ cwd, env, file: 'hangs.mjs', clock });
  const refused = assert.rejects(loading, /hangs\.mjs: it was not done after 30 seconds/);
  await until(() => clock.pending > 0, { why: 'the configuration is evaluated' });
  clock.advance(30_000);
  await refused;
});

/** Values that look like configurations, with something wrong in some places. */
function configs(): fc.Arbitrary<unknown> {
  const names = fc.constantFrom(
    'run',
    'env',
    'envFile',
    'port',
    'stop',
    'restart',
    'backoff',
    'log',
    'rotate',
    'cwd',
    'args',
    'routes',
    '/',
    '/a',
    'x',
    'instances',
    '__proto__',
    'http',
    'trust',
    'limits',
    'constructor',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.constantFrom('server.js', '10s', 'max', 'a | b', '\0', '.', '$PORT', 'http://a', 'SIGTERM'),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      texts,
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(names, fc.string()), tie('any'), { maxKeys: 4 }),
    ),
  })).any;
  const app = fc.dictionary(names, value, { maxKeys: 4 });
  const site = fc.record(
    { routes: fc.dictionary(fc.oneof(names, fc.string()), value) },
    { requiredKeys: [] },
  );
  const record = (entry: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.dictionary(fc.oneof(fc.constant('web'), fc.string()), entry);
  return fc.record(
    {
      apps: fc.oneof(record(fc.oneof(app, value)), value),
      sites: fc.oneof(record(fc.oneof(site, value)), value),
      edge: value,
      listen: value,
    },
    { requiredKeys: [] },
  );
}

test('whatever a file says, it gives a plan or a clear answer', async (t) => {
  const cwd = project(t, {});
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(configs(), fc.jsonValue()), async (config) => {
      writeFileSync(join(cwd, 'c.json'), JSON.stringify(config));
      try {
        const plan = await loadPlan({ cwd, env, file: 'c.json' });
        assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
      } catch (error) {
        assert.ok(error instanceof HoldfastError, error instanceof Error ? error.stack : String(error));
        assert.notEqual(error.code, 'INTERNAL');
        assert.match(error.message, /^c\.json: /);
        refused++;
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(refused > 100);
});

test('whatever a text is, as JSON and as YAML it gives a plan or a clear answer', async (t) => {
  const cwd = project(t, {});
  const pieces = fc.constantFrom(
    'apps',
    ':',
    ' ',
    '\n',
    '  ',
    '-',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a',
    '*a',
    '<<',
    '!!x',
    '#',
    '|',
    ',',
    'web',
    '? ',
    '\t',
    '%',
    '---',
    '1',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces).map((parts) => parts.join('')),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom('c.json', 'c.yaml'), async (content, file) => {
      writeFileSync(join(cwd, file), content);
      await loadPlan({ cwd, env, file }).catch((error: unknown) => {
        assert.ok(error instanceof HoldfastError, error instanceof Error ? error.stack : String(error));
      });
    }),
    { numRuns: 400 },
  );
});

test('what supervision can be told: each mistake has its sentence', async (t) => {
  const run = 'server.js';
  const apps = {
    a: { run, after: ['b', 'nope'] },
    b: { run, after: 'c', namespace: 'c' },
    c: { run, after: ['b'] },
    d: { run, health: { every: '5s' }, ready: { path: '/x', tcp: true }, cron: { at: '61 * * * *' } },
    e: { run, umask: '9', user: 'no one', ulimits: { nofiles: 1 }, portStep: 1, restart: 'sometimes' },
    f: { run, guest: false, watchdog: '5s', stop: { message: true }, ready: 'message' },
    g: { run, secrets: { A: 'a' }, env: { A: '1' }, cron: '@daily', restart: { cron: '@daily' } },
    h: {
      run,
      log: { forward: ['udp://x', { otlp: 'https://u:p@x' }, { headers: {} }] },
      watch: { path: 'x' },
    },
    i: { run, health: { command: 'a | b' }, cron: { at: '@daily', timezone: 'Mars' } },
    j: { run, memory: { soft: '500MB', hard: '100MB' }, port: 1 },
    k: { run, pidFile: 'x', log: { files: { out: 'y', err: 'y' } } },
    l: { run, pidFile: 'y', log: { files: { all: 'x' } } },
  };
  assert.deepEqual(await problems(t, { apps }), [
    'apps.a.after must name apps of this file: there is none named "nope"',
    'apps.b.after must not lead back to the app itself: b is after c is after b',
    'apps.b.namespace must not be the name of an app: there is one named "c"',
    'apps.c.after must not lead back to the app itself: c is after b is after c',
    'apps.d.health.path is missing: name one of "path", "tcp" and "command"',
    'apps.d.ready.path must be given alone: name one of "path", "tcp" and "command"',
    'apps.d.cron.at must be a cron expression (minute hour day month weekday), such as "0 4 * * *": got "61 * * * *"',
    'apps.e.umask must be octal digits in quotes such as "027": got "9"',
    'apps.e.user must be the name or number of an account: got "no one"',
    'apps.e.ulimits.nofiles is not a limit: did you mean "nofile"?',
    'apps.e.restart must be "always", "on-failure" or "never": got "sometimes"',
    'apps.f.watchdog needs the guest: leave out "guest: false"',
    'apps.f.stop.message needs the guest: leave out "guest: false"',
    'apps.f.ready as a message needs the guest: leave out "guest: false"',
    'apps.g.secrets.A must be left out of "env" or of "secrets"',
    'apps.g.restart.cron is not for a job, which ends by itself',
    'apps.h.log.forward[0] must be an address such as "syslog://host:514", "syslog+tcp://host:601" or "syslog+unix:///dev/log": got "udp://x"',
    'apps.h.log.forward[1].otlp must be a URL without a password, which belongs in "headers": got "…"',
    'apps.h.log.forward[2].otlp is missing: name one of "otlp" and "http"',
    'apps.h.watch.path is not a setting: did you mean "paths"?',
    'apps.i.health.command cannot be run: pipes and "||" need a shell, and none is used: quote them, or name a shell, as ["sh", "-c", "…"]',
    'apps.i.cron.timezone must be a time zone such as "Europe/Berlin": got "Mars"',
    'apps.j.memory.soft must be less than memory.hard, or it never has a chance',
    'apps.l.pidFile must be a file of its own: "<cwd>/y" is apps.k.log.files.out',
    'apps.l.log.files.all must be a file of its own: "<cwd>/x" is apps.k.pidFile',
  ]);
});

test('short forms say the same as long ones', async (t) => {
  const long = {
    run: 'server.js',
    health: { path: '/healthz' },
    restart: { when: 'never' },
    cron: { at: '@daily' },
    watch: { paths: ['.'] },
    memory: { soft: '1GB' },
    after: ['b'],
    ready: { path: '/readyz' },
  };
  const short = {
    ...long,
    health: '/healthz',
    restart: 'never',
    cron: '@daily',
    watch: true,
    memory: '1GB',
    after: 'b',
  };
  const fine = project(t, {
    'c.json': JSON.stringify({ apps: { b: 'server.js', x: long, y: short } }),
  });
  const { x, y } = (await loadPlan({ cwd: fine, env, file: 'c.json' })).apps;
  assert.deepEqual({ ...y, name: 'x' }, x);
  assert.deepEqual(x?.health?.probe, { kind: 'http', path: '/healthz', port: null });
  assert.equal(x?.memory.softBytes, 1024 ** 3);
  assert.deepEqual(x?.watch?.paths, [fine]);
});

test('a project is called as its file says, else as its package, else as its directory', async (t) => {
  const name = async (files: Record<string, string>, dir = project(t, files)) =>
    (await loadPlan({ cwd: dir, env })).project;
  const config = { 'holdfast.config.json': '{}' };
  assert.equal(
    await name({ 'holdfast.config.json': '{"name": "shop"}', 'package.json': '{"name": "x"}' }),
    'shop',
  );
  assert.equal(await name({ ...config, 'package.json': '{"name": "@acme/web.shop"}' }), 'web-shop');
  const dir = project(t, config);
  assert.equal(await name({}, dir), basename(dir));
});

test('a release is known by its id, and by where `current` leads', async (t) => {
  const cwd = project(t, { 'holdfast.config.json': '{"apps": {"web": "server.js"}}' });
  const release = {
    id: '20260102-030405-abc',
    project: 'shop',
    source: '/srv/shop/current/holdfast.config.json',
  };
  const { source, project: name, apps } = await loadPlan({ cwd, env, release });
  assert.deepEqual([source, name], [release.source, 'shop']);
  assert.deepEqual([apps.web?.release, apps.web?.project, apps.web?.cwd], [release.id, 'shop', cwd]);
  assert.deepEqual(apps.web?.env, { NODE_ENV: 'production' });
});

test('an env file that is not in a release is to be shared', async (t) => {
  const app = { run: 'server.js', envFile: '.env' };
  const cwd = project(t, { 'holdfast.config.json': JSON.stringify({ apps: { web: app } }) });
  const shared = /\.env" cannot be read: .*: it is not in the release; name it in release\.shared/;
  const release = { id: 'r1', project: 'shop', source: join(cwd, 'holdfast.config.json') };
  await assert.rejects(loadPlan({ cwd, env, release }), ({ message }) => shared.test(message));
  await assert.rejects(loadPlan({ cwd, env }), ({ message }) => {
    assert.match(message, /\.env" cannot be read/);
    return !message.includes('release.shared');
  });
});

test('what a release may not say is refused', async (t) => {
  const refused = async (value: object) => {
    const cwd = project(t, { 'holdfast.config.json': JSON.stringify(value) });
    return await loadPlan({ cwd, env }).then(
      () => assert.fail('it is taken'),
      ({ message }) => message,
    );
  };
  assert.match(
    await refused({ release: { shared: ['../up'] } }),
    /release\.shared\[0\] must be inside the project: got "\.\.\/up"/,
  );
  assert.match(await refused({ release: { build: 'npm run a && b' } }), /release\.build/);
  assert.match(await refused({ release: { canary: ['50%', '10%'] } }), /release\.canary must grow/);
  assert.match(await refused({ release: { hooks: { 'before lunch': 'x' } } }), /before lunch/);
  assert.match(
    await refused({ deploy: { production: { hosts: ['-oProxyCommand=x'] } } }),
    /must not begin with "-"/,
  );
});
