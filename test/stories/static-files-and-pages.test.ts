/** A site with files, and what people put nginx in front of Node for, from the configuration file to the browser. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { configure } from '../support/config-file.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { type TestHome, testHome } from '../support/test-home.ts';

type SiteConfig = NonNullable<Parameters<typeof configure>[1]['sites']>[string];

interface Answer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

function get(port: number, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    request.on('error', reject);
  });
}

/** Two releases of a site, and `current`, which leads to the first. */
function releases(home: TestHome): (to: string) => void {
  const page = (name: string) => `<title>${name}</title>\n${name.repeat(1000)}`;
  for (const name of ['one', 'two']) {
    mkdirSync(join(home.dir, name));
    writeFileSync(join(home.dir, name, 'index.html'), page(name));
    writeFileSync(join(home.dir, name, '.env'), 'SECRET=1');
  }
  const lead = (to: string) => {
    symlinkSync(to, join(home.dir, 'next'));
    renameSync(join(home.dir, 'next'), join(home.dir, 'current'));
  };
  lead('one');
  return lead;
}

test('files, an app beside them, a host that only leads elsewhere, and the next release by a link', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const lead = releases(home);
  configure(home, {
    apps: { web: app('hello.js') },
    sites: {
      '*': { routes: { '/': { files: 'current' }, '/api/': 'web' }, compress: true, security: true },
      'www.example.com': { redirects: { '/*': { to: 'https://example.com/*', status: 308 } } },
    },
    listen: { http: port },
  });
  await home.ok(['up']);
  const first = await get(port, '/', { 'Accept-Encoding': 'gzip' });
  assert.equal(first.headers['content-encoding'], 'gzip');
  assert.match(gunzipSync(first.body).toString(), /<title>one</);
  assert.equal(first.headers['x-content-type-options'], 'nosniff');
  assert.equal((await get(port, '/.env')).status, 404);
  assert.match((await get(port, '/api/x')).body.toString(), /web\.0/);
  const www = await get(port, '/a?b', { Host: 'www.example.com' });
  assert.deepEqual([www.status, www.headers.location], [308, 'https://example.com/a?b']);

  // Requests all the while; each gets one release or the other, whole.
  let seen = '';
  lead('two');
  for (const end = Date.now() + 10_000; !seen.includes('two') && Date.now() < end; ) {
    const { status, body } = await get(port, '/');
    const name = /<title>(\w+)</.exec(body.toString())?.[1] ?? '';
    assert.equal(status, 200);
    assert.equal(body.toString(), `<title>${name}</title>\n${name.repeat(1000)}`);
    seen += name;
  }
  assert.match(seen, /two$/);
});

test('passwords from hold hash-password, and maintenance that fails no request of those who work on it', async (t) => {
  const home = testHome(t);
  const port = await freePort();
  const { stdout } = await home.ok(['hash-password'], { input: 'open sesame\n' });
  writeFileSync(join(home.dir, 'down.html'), '<h1>back soon</h1>');
  const site = (more: Partial<SiteConfig>) =>
    configure(home, {
      apps: { web: app('hello.js') },
      sites: { '*': { routes: { '/': 'web' }, auth: { users: { ann: stdout.trim() } }, ...more } },
      listen: { http: port },
    });
  site({});
  await home.ok(['up']);
  const as = (password: string) => ({
    Authorization: `Basic ${Buffer.from(`ann:${password}`).toString('base64')}`,
    Accept: 'text/html',
  });
  assert.equal((await get(port, '/')).status, 401);
  assert.equal((await get(port, '/', as('open'))).status, 401);
  assert.equal((await get(port, '/', as('open sesame'))).status, 200);

  site({ maintenance: { page: 'down.html' } });
  const changed = await home.ok(['up']);
  assert.match(changed.stdout, /maintenance/);
  const down = await get(port, '/', as('open sesame'));
  assert.deepEqual([down.status, down.body.toString()], [503, '<h1>back soon</h1>']);
  site({ maintenance: { page: 'down.html', allow: ['127.0.0.1', '::1'] } });
  await home.ok(['up']);
  assert.equal((await get(port, '/', as('open sesame'))).status, 200);

  site({ auth: { users: { ann: 'open sesame' } } });
  const refused = await home.run(['up']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /hold hash-password/);
  assert.doesNotMatch(refused.stderr, /sesame/);
});

test('curl gets files as it gets them from others: parts, times, and what it has already', async (t) => {
  const curl = requireProgram(t, 'curl');
  if (!curl) return;
  const home = testHome(t);
  const port = await freePort();
  mkdirSync(join(home.dir, 'public'));
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
  writeFileSync(join(home.dir, 'public', 'movie.mp4'), bytes);
  configure(home, { sites: { '*': { routes: { '/': { files: 'public' } } } }, listen: { http: port } });
  await home.ok(['up']);
  const url = `http://127.0.0.1:${port}/movie.mp4`;
  const run = (...args: string[]) =>
    spawnSync('curl', ['-sS', ...args, url], { cwd: home.dir, maxBuffer: 1e8 });
  writeFileSync(join(home.dir, 'half'), bytes.subarray(0, 100_000));
  run('-C', '-', '-o', 'half');
  const whole = run();
  assert.ok(whole.stdout.equals(bytes));
  assert.ok(spawnSync('cmp', ['half', 'public/movie.mp4'], { cwd: home.dir }).status === 0);
  run('--etag-save', 'tag', '-o', 'saved');
  const again = run('--etag-compare', 'tag', '-o', 'saved2', '-w', '%{http_code}');
  assert.equal(again.stdout.toString(), '304');
  assert.equal(run('-z', 'saved', '-o', '/dev/null', '-w', '%{http_code}').stdout.toString(), '304');
});
