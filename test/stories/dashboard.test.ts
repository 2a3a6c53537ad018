/** `hold open` opens the dashboard for whoever has the link, and for nobody else; what is done there is in the journal with who. */
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import type { LiveMessage, SessionView } from '../../src/protocol/dashboard.ts';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { startSite } from '../support/site.ts';
import type { TestHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookie: string;
  readonly fields: http.IncomingHttpHeaders;
}

interface Asking {
  readonly body?: unknown;
  readonly fields?: http.OutgoingHttpHeaders;
  /** Enough of an answer that has no end. */
  readonly enough?: RegExp;
}

/** Paths go out as they are written, which `fetch` would not do. */
function ask(
  port: number,
  method: string,
  path: string,
  { body, fields, enough }: Asking = {},
): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { ...(text !== undefined && { 'Content-Type': 'application/json' }), ...fields };
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      (response) => {
        let said = '';
        const done = () => {
          const cookie = response.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
          resolve({ status: response.statusCode ?? 0, text: said, cookie, fields: response.headers });
          request.destroy();
        };
        response.setEncoding('utf8').on('data', (chunk: string) => {
          said += chunk;
          if (enough?.test(said)) done();
        });
        response.on('end', done);
      },
    );
    request.on('error', reject);
    request.end(text);
  });
}

async function ticketOf(home: TestHome, ...more: string[]): Promise<{ port: number; ticket: string }> {
  const { url } = (await home.ok(['open', '--json', ...more])).json<{ url: string }>();
  const { port, hash } = new URL(url);
  return { port: Number(port), ticket: hash.replace('#ticket=', '') };
}

test('a link opens it once; others, other hosts, other pages and viewers are refused; what is done says who did it', async (t) => {
  const listen = await freePort();
  const { home, port: edge } = await startSite(
    t,
    'hello.js',
    { instances: 1 },
    {
      dashboard: { listen: `127.0.0.1:${listen}` },
      sites: { '*': { routes: { '/': 'web', '/ops': '@dashboard' } } },
    },
  );
  const { port, ticket } = await ticketOf(home);
  assert.equal(port, listen);
  const origin = `http://127.0.0.1:${port}`;
  const api = (method: string, path: string, asking: Asking = {}) =>
    ask(port, method, `/api/${path}`, asking);

  assert.equal((await api('GET', 'live')).status, 401);
  assert.equal((await api('GET', 'session', { fields: { Host: `evil.example:${port}` } })).status, 421);
  const stranger = { body: { ticket }, fields: { Origin: 'http://evil.example' } };
  assert.equal((await api('POST', 'session', stranger)).status, 403);
  assert.equal((await api('POST', 'session', { body: { ticket } })).status, 403);

  const begun = await api('POST', 'session', { body: { ticket }, fields: { Origin: origin } });
  assert.equal(begun.status, 200);
  assert.match(begun.fields['set-cookie']?.[0] ?? '', /; HttpOnly; SameSite=Strict$/);
  assert.equal(begun.fields['cache-control'], 'no-store');
  const again = await api('POST', 'session', { body: { ticket }, fields: { Origin: origin } });
  assert.equal(again.status, 401, 'a link is good once');

  const { csrf, role } = JSON.parse(begun.text) as SessionView;
  assert.equal(role, 'admin');
  const me = { Cookie: begun.cookie, Origin: origin };
  const live = await api('GET', 'live', { fields: me, enough: /data: .*\n\n/ });
  const message = JSON.parse(/data: (.*)\n/.exec(live.text)?.[1] ?? '') as LiveMessage;
  assert.equal(message.apps?.web?.status, 'running');
  assert.equal(message.whole, true);

  const reset = { do: 'reset', app: 'web' };
  assert.equal((await api('POST', 'actions', { body: reset, fields: me })).status, 403);
  const stop = { body: { do: 'stop', app: 'web' }, fields: { ...me, 'Holdfast-CSRF': csrf } };
  assert.match((await api('POST', 'actions', stop)).text, /{"done":"web is stopped"}\n$/);
  const [stopped] = events(home, 'app.changed', 'web').filter(({ data }) => data?.change === 'stopped');
  assert.match(String(stopped?.data?.by), / \(dashboard\) from 127\.0\.0\.1$/);
  assert.match((await api('GET', 'events?type=app&limit=1', { fields: me })).text, /"change":"stopped"/);

  // Files of the page are those that were read at the start.
  for (const path of ['/assets/../../main.js', '/assets/%2e%2e/main.js', '/..%2f..%2fpackage.json'])
    assert.doesNotMatch((await ask(port, 'GET', path)).text, /"name": "holdfast"|import /, path);

  // Behind the edge, below its route, and for somebody who only looks.
  const viewer = await ticketOf(home, '--viewer');
  const far = { Origin: `http://127.0.0.1:${edge}`, Host: `127.0.0.1:${edge}` };
  const looks = await ask(edge, 'POST', '/ops/api/session', { body: { ticket: viewer.ticket }, fields: far });
  assert.match(looks.fields['set-cookie']?.[0] ?? '', /; Path=\/ops; /);
  const { csrf: theirs } = JSON.parse(looks.text) as SessionView;
  const may = { ...far, Cookie: looks.cookie, 'Holdfast-CSRF': theirs };
  assert.equal((await ask(edge, 'GET', '/ops/api/apps/web', { fields: may })).status, 200);
  const refused = await ask(edge, 'POST', '/ops/api/actions', {
    body: { do: 'start', app: 'web' },
    fields: may,
  });
  assert.equal(refused.status, 403);

  await home.ok(['open', '--close']);
  const isOut = async () => (await ask(edge, 'GET', '/ops/api/session', { fields: may })).status === 401;
  await until(isOut, { why: 'everybody is logged out' });
});
