/** What Holdfast itself writes must have no finding of its own doctor. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';

const config = {
  apps: {
    web: { run: 'node -e 0', instances: 3 },
    jobs: { run: 'node -e 0', instances: 2, sticky: 'ip' },
  },
  sites: {
    'a.test': {
      tls: { auto: true },
      hsts: '180d',
      security: true,
      compress: true,
      requestId: true,
      routes: {
        '/': 'web',
        '/socket.io/': 'web',
        '/events/': 'web',
        '/api': 'jobs',
        '/files/': { files: '.' },
        '/old/': 'http://127.0.0.1:9000',
        '/some': { to: { web: 90, jobs: 10 } },
      },
      redirects: { '/x': '/y' },
      limits: { body: '5MB' },
    },
    'b.test': { routes: { '/': 'jobs' } },
  },
};

for (const target of ['nginx', 'apache']) {
  test(`what \`hold export ${target}\` writes has no finding`, async (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, 'holdfast.config.json'), JSON.stringify(config));
    const { code } = await runCli(join(dir, 'home'), ['export', target, '-o', 'out'], { cwd: dir });
    assert.equal(code, 0);
    const file = `out/${target}/holdfast.conf`;
    const result = await runCli(join(dir, 'home'), ['doctor', file, '--json'], { cwd: dir });
    assert.deepEqual(result.json(), { kind: target, findings: [], unread: [] });
    assert.equal(result.code, 0);
  });
}

test('a site is judged with the main file around it, and only what is its own is told', async (t) => {
  const dir = tempDir(t);
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  };
  const fields = [
    'Host $http_host',
    'X-Forwarded-For $remote_addr',
    'X-Forwarded-Proto $scheme',
    'Connection ""',
  ];
  put(
    'nginx.conf',
    `http { server_tokens off; client_max_body_size 9m; proxy_http_version 1.1; ssl_protocols SSLv3;
      ${fields.map((field) => `proxy_set_header ${field};`).join(' ')}
      include sites/*; server { listen 1 ssl; } }`,
  );
  put(
    'sites/a',
    'upstream a { server 127.0.0.1:1; keepalive 8; }\nserver { location / { proxy_pass http://a; } }',
  );
  const well = await runCli(join(dir, 'home'), ['doctor', 'sites/a'], { cwd: dir });
  assert.deepEqual([well.code, well.out], [0, '']);
  put('sites/a', 'server {\n  location / {\n    proxy_pass http://127.0.0.1:1;\n  }\n}');
  const ill = await runCli(join(dir, 'home'), ['doctor', 'sites/a'], { cwd: dir });
  assert.equal(ill.code, 1);
  assert.match(
    ill.out,
    /^warn sites\/a:3 no-keepalive\n {5}proxy_pass http:\/\/127.0.0.1:1;\n {2}Before .*\.\n/,
  );
  const main = await runCli(join(dir, 'home'), ['doctor', 'nginx.conf', '--json'], { cwd: dir });
  const { findings } = main.json<{ findings: { rule: string }[] }>();
  assert.deepEqual(
    findings.map(({ rule }) => rule),
    ['ssl-protocols', 'no-keepalive'],
  );
});
