import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { releasePaths } from '../../src/release/paths.ts';
import { type GitProject, gitProject } from '../../test/support/git-project.ts';
import { plainEnv } from '../../test/support/hold.ts';
import { freePort } from '../../test/support/ports.ts';
import { root } from '../../test/support/root.ts';
import { listening } from '../contenders/apps.ts';
import { holdfastHome, holdfastVersion } from '../contenders/holdfast.ts';
import { pm2Home, pm2Version } from '../contenders/pm2.ts';
import { figure, median, ratio, table } from '../kit/figures.ts';
import { Scratch } from '../kit/scratch.ts';
import type { Section } from '../kit/section.ts';

const run = promisify(execFile);
/** So many answers in a row of the new version: all instances have it. */
const ENOUGH = 30;
const RELEASES = 10;

interface Deployer {
  /** Until the command is done. */
  deploy(): Promise<void>;
  readonly url: string;
}

/** How long until all answers are of the new version, with the chat example, three instances. */
export const deploySection: Section = {
  name: 'deploy',
  title: 'A deploy',
  about: `The chat example on three instances in a git repository; a commit changes one line. "To all traffic" is the time from the command to the first of ${ENOUGH} answers in a row of
the new version, each on a new connection. Holdfast: \`hold deploy\` (trial, rolling, without \`bake\`). PM2: \`pm2 deploy\` on the same machine without ssh, then \`npm ci --omit=dev\` and
\`pm2 reload\`, as its documentation has it. "Lockfile changed": another version of one package, with a warm cache. "Failed": requests that failed meanwhile, of a client that asks all the time.
The disk is what \`du\` says after one and after ${RELEASES} releases.`,
  async run({ rounds, say }) {
    const rows: string[][] = [];
    const times: Record<string, number[]> = {};
    const scratch = new Scratch();
    // Root's builds run as somebody else, who must get there.
    chmodSync(scratch.dir, 0o711);
    const aims = [];
    try {
      for (const [name, make] of [
        ['Holdfast', holdfast],
        ['PM2', pm2],
      ] as const) {
        if ((name === 'PM2' ? pm2Version() : holdfastVersion()) === undefined) continue;
        const project = chat(scratch, name);
        const deployer = await make(scratch, project);
        const took: Record<string, number[]> = { unchanged: [], changed: [] };
        let failed = 0;
        for (let round = 0; round < Math.max(3, rounds); round++) {
          for (const lockfile of ['unchanged', 'changed'] as const) {
            const version = `${lockfile}-${round}`;
            change(project, version, lockfile === 'changed');
            const found = await timed(deployer, version);
            took[lockfile]?.push(found.milliseconds);
            failed += found.failed;
          }
        }
        for (const [key, values] of Object.entries(took)) times[`${name} ${key}`] = values;
        const of = (key: string) => figure(median(took[key] ?? []) / 1000);
        rows.push([name, of('unchanged'), of('changed'), String(failed)]);
        say(rows.at(-1)?.join(' / ') ?? '');
      }
      const disk = await diskUse(scratch);
      const own = median(times['Holdfast unchanged'] ?? []) / 1000;
      aims.push(
        {
          what: 'A deploy with an unchanged lockfile',
          aim: '<= 3 s',
          result: `${figure(own)} s`,
          met: own <= 3,
        },
        {
          what: `${RELEASES} releases on the disk`,
          aim: '<= 1.2 x one',
          result: ratio(disk.many, disk.one),
          met: disk.many <= 1.2 * disk.one,
        },
      );
      const text = [
        table(['', 'to all traffic, s', 'lockfile changed, s', 'failed'], rows),
        '',
        `${RELEASES} releases take ${ratio(disk.many, disk.one)} the disk of one (${figure(disk.one / 1e6)} MB).`,
      ].join('\n');
      return { text, aims };
    } finally {
      await scratch.close();
    }
  },
};

/** The example with a lockfile, as a project of its own. */
function chat(scratch: Scratch, name: string): GitProject {
  const dir = scratch.fresh(`chat-${name}`);
  mkdirSync(dir, { recursive: true });
  cpSync(join(root, 'examples', 'chat'), dir, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  const server = join(dir, 'server.js');
  writeFileSync(
    server,
    readFileSync(server, 'utf8').replace(
      /const app = express\(\);/,
      `const app = express();\napp.get('/version', (req, res) => res.set('Connection', 'close').send('first'));`,
    ),
  );
  writeFileSync(join(dir, '.gitignore'), 'node_modules\n');
  npm(dir, ['install', '--package-lock-only']);
  const project = gitProject(dir);
  project.commit({}, 'the beginning');
  return project;
}

function npm(dir: string, args: readonly string[]): void {
  execFileSync('npm', [...args, '--no-audit', '--no-fund'], { cwd: dir, env: plainEnv(), stdio: 'ignore' });
}

function change(project: GitProject, version: string, lockfile: boolean): void {
  const server = readFileSync(join(project.dir, 'server.js'), 'utf8');
  const next = server.replace(/\.send\('[^']*'\)/, `.send('${version}')`);
  if (lockfile) {
    const text = readFileSync(join(project.dir, 'package.json'), 'utf8');
    const manifest = JSON.parse(text) as { dependencies: Record<string, string> };
    manifest.dependencies.ws = manifest.dependencies.ws === '8.18.0' ? '8.18.1' : '8.18.0';
    writeFileSync(join(project.dir, 'package.json'), JSON.stringify(manifest, null, 2));
    npm(project.dir, ['install', '--package-lock-only']);
  }
  project.commit({ 'server.js': next }, version);
}

async function holdfast(scratch: Scratch, project: GitProject): Promise<Deployer> {
  const port = await freePort();
  const config = {
    name: 'chat',
    apps: { chat: { run: 'server.js', instances: 3 } },
    sites: { '*': { routes: { '/': 'chat' } } },
    listen: { http: `127.0.0.1:${port}` },
    release: { bake: 0, install: { coolDown: 0 } },
  };
  project.commit({ 'holdfast.config.js': null, 'holdfast.config.json': JSON.stringify(config) });
  const home = holdfastHome(scratch);
  const deploy = async () => {
    await run(process.execPath, [join(root, 'bin', 'holdfast.js'), '--home', home.paths.home, 'deploy'], {
      cwd: project.dir,
      env: plainEnv(),
    });
  };
  await deploy();
  await listening(port);
  return { deploy, url: `http://127.0.0.1:${port}/version` };
}

async function pm2(scratch: Scratch, project: GitProject): Promise<Deployer> {
  const port = await freePort();
  const path = scratch.fresh('pm2-deploy');
  const pm2 = pm2Home(scratch);
  const bin = join(root, 'bench', 'node_modules', '.bin');
  const ecosystem = {
    apps: [
      {
        name: 'chat',
        script: 'server.js',
        instances: 3,
        exec_mode: 'cluster',
        env: { PORT: String(port), HOST: '127.0.0.1' },
      },
    ],
    deploy: {
      production: {
        host: 'localhost',
        ref: 'origin/main',
        repo: project.dir,
        path,
        'post-deploy': 'npm ci --omit=dev --no-audit --no-fund && pm2 startOrReload ecosystem.config.json',
      },
    },
  };
  project.commit({ 'ecosystem.config.json': JSON.stringify(ecosystem) });
  const env = {
    ...plainEnv(),
    PATH: `${bin}:${process.env.PATH}`,
    PM2_HOME: pm2.home,
    PM2_DISCRETE_MODE: 'true',
  };
  const command = (args: readonly string[]) =>
    run(join(bin, 'pm2'), ['deploy', 'ecosystem.config.json', 'production', ...args], {
      cwd: project.dir,
      env,
    });
  await command(['setup']);
  const deploy = async () => void (await command(['--force']));
  await deploy();
  await listening(port);
  return { deploy, url: `http://127.0.0.1:${port}/version` };
}

/** @returns until all answers are of this version, and how many requests failed meanwhile */
async function timed(
  { deploy, url }: Deployer,
  version: string,
): Promise<{ milliseconds: number; failed: number }> {
  let since = Number.NaN;
  let inARow = 0;
  let failed = 0;
  const start = performance.now();
  const done = deploy();
  let over = false;
  const watched = (async () => {
    while (!over || inARow < ENOUGH) {
      const asked = performance.now();
      const answer = await ask(url);
      if (answer === undefined) failed += 1;
      if (answer === version) {
        inARow += 1;
        if (inARow === 1) since = asked;
      } else inARow = 0;
      if (performance.now() - start > 120_000) throw new Error(`${url} does not answer with ${version}`);
      await sleep(5);
    }
  })();
  await done;
  over = true;
  await watched;
  return { milliseconds: since - start, failed };
}

function ask(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: 20_000 }, (res) => {
      let text = '';
      res.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      res.on('end', () => resolve(res.statusCode === 200 ? text : undefined));
      res.on('error', () => resolve(undefined));
    });
    request.on('error', () => resolve(undefined));
  });
}

/** Bytes on the disk after one release and after many; the store counts, caches do not. */
async function diskUse(scratch: Scratch): Promise<{ one: number; many: number }> {
  const project = chat(scratch, 'disk');
  const home = holdfastHome(scratch);
  const config = { name: 'chat', apps: {}, release: { bake: 0, keep: RELEASES } };
  project.commit({ 'holdfast.config.js': null, 'holdfast.config.json': JSON.stringify(config) });
  const paths = releasePaths(home.paths.home, 'chat');
  const deploy = () =>
    run(process.execPath, [join(root, 'bin', 'holdfast.js'), '--home', home.paths.home, 'deploy'], {
      cwd: project.dir,
      env: plainEnv(),
    });
  const used = () =>
    Number(
      execFileSync('du', ['-sk', paths.root, paths.store], { encoding: 'utf8' })
        .split('\n')
        .reduce((sum, line) => sum + Number(line.split('\t')[0] || 0), 0),
    ) * 1024;
  await deploy();
  const one = used();
  for (let n = 1; n < RELEASES; n++) {
    change(project, `release ${n}`, false);
    await deploy();
  }
  return { one, many: used() };
}
