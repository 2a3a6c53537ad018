/** `git push` makes a release; what does not work is not accepted. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { gitProject } from '../support/git-project.ts';
import { plainEnv } from '../support/hold.ts';
import { sshHosts } from '../support/ssh-hosts.ts';
import { testHome } from '../support/test-home.ts';

const server = (answer: string) =>
  `require('node:http').createServer((req, res) => res.end('${answer}')).listen(process.env.PORT);`;

test('a push to the branch serves, a bad one is refused, other branches are stored', async (t) => {
  const ssh = await sshHosts(t, ['app1']);
  if (!ssh) return;
  const [host] = ssh.hosts;
  assert.ok(host);
  const home = testHome(t);
  const config = (release: object) => `export default {
    name: 'shop',
    apps: { web: { run: 'server.js', port: Number(process.env.SHOP_PORT ?? 1) } },
    release: ${JSON.stringify({ bake: 0, ...release })},
    deploy: { production: { hosts: ['app1'], command: ${JSON.stringify(ssh.command)} } },
  };`;
  const project = gitProject(join(home.dir, 'shop'), {
    'holdfast.config.mjs': config({}),
    'server.js': server('one'),
  });
  const push = async (...refs: string[]) => {
    const child = spawn('git', ['push', 'holdfast', ...refs], {
      cwd: project.dir,
      env: { ...plainEnv(), ...ssh.env, GIT_CONFIG_GLOBAL: '/dev/null' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { said: await text(child.stderr), code: await ended };
  };
  const answer = async () =>
    (await fetch(`http://127.0.0.1:${host.port}/`, { headers: { connection: 'close' } })).text();

  const { stdout } = await home.ok(['host', 'push-url', 'production'], { cwd: project.dir, env: ssh.env });
  const [git, ...words] = stdout.trim().split(' ');
  assert.equal(git, 'git');
  project.git(...words);
  const first = await push('main');
  assert.equal(first.code, 0, first.said);
  assert.match(first.said, /remote: .*✔ seal/);
  assert.match(first.said, /remote: +Ctrl-C does not stop this; `hold deploy <target> --abort` does/);
  assert.match(first.said, /remote: ✔ shop .* serves/);
  assert.equal(await answer(), 'one');

  const good = project.git('rev-parse', 'HEAD');
  project.commit({
    'holdfast.config.mjs': config({ build: 'node build.js' }),
    'build.js': 'console.error("no such file: main.css"); process.exit(3);',
    'server.js': server('two'),
  });
  const bad = await push('main');
  assert.equal(bad.code, 1);
  assert.match(bad.said, /remote: .*no such file: main\.css/);
  assert.match(bad.said, /pre-receive hook declined/);
  assert.equal(
    project.git('ls-remote', `${host.home.paths.home}-releases/shop/repository.git`, 'main').slice(0, 40),
    good,
  );
  assert.equal(await answer(), 'one');

  const other = await push('main:try');
  assert.equal(other.code, 0, other.said);
  assert.match(other.said, /only pushes to "main" are deployed/);
});
