/**
 * What a shared cache has to do, as the public suite for HTTP caches (http-tests/cache-tests) asks it: its groups cc-freshness,
 * cc-parse, cc-request, cc-response, cc-stale, age-parse, expires, expires-parse, pragma, status, authorization, vary, vary-parse, conditional (ETag
 * and Last-Modified), partial, headers, update304, invalidation, stale, interim and other, written anew as data in
 * cache-cases/, with more of our own beside them.
 *
 * Left out, because they are for browsers or for delivery networks: what the suite marks so (`browser_only`, `cdn_only`,
 * with the groups cdn-cache-control and surrogate-control); Warning, which RFC 9111 has abolished; tags without quotes, which are no
 * tags (RFC 9110 section 8.8.3). And where the suite asks for what is allowed only, but we do otherwise, with reasons at the place
 * where that is decided: no heuristic freshness (heuristic), no errors but 404 and 410 (status), nothing for all from
 * Set-Cookie, Cookie and Authorization unless it is `public` (other, authorization), no POST (method), no parts of answers (partial), HEAD
 * changes nothing that is kept (update-head), languages in another order are another request (vary).
 *
 * The time is the test's own, so nothing here waits.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { asking } from './cache-cases/asking.ts';
import type { Case, Field, Step } from './cache-cases/case.ts';
import { freshness } from './cache-cases/freshness.ts';
import { renewing } from './cache-cases/renewing.ts';
import { storing } from './cache-cases/storing.ts';
import { vary } from './cache-cases/vary.ts';
import { cacheEdge } from './cache-edge.ts';
import { ask } from './support.ts';

for (const [name, cases] of Object.entries({ freshness, storing, asking, vary, renewing })) {
  test(`cases of ${name}`, async (t) => {
    const script = new Script();
    const { port, clock } = await cacheEdge(t, {
      app: (request, response) => script.answer(request, response),
      start: Date.UTC(2030, 4, 17, 12, 0, 0),
    });
    const agent = new http.Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    script.now = () => clock.now();
    const wrong: string[] = [];
    for (const one of cases) {
      for (const [i, step] of one.steps.entries()) {
        try {
          await play(one, i, step);
        } catch (error) {
          wrong.push(`${one.id}, step ${i}: ${error instanceof Error ? error.message : String(error)}`);
          break;
        }
        clock.advance((step.pause ?? 0) * 1000);
      }
    }
    assert.deepEqual(wrong, []);

    async function play({ id }: Case, i: number, step: Step): Promise<void> {
      script.turn(`${id} ${i}`, step);
      const headers = (step.fields ?? []).flatMap(([field, value]) => [field, script.value(value)]);
      const { method = 'GET', query = '', body } = step;
      const length = body === undefined ? [] : ['Content-Length', String(body.length)];
      const answer = await ask(port, `/${id}${query}`, {
        agent,
        method,
        headers: ['Host', 'x', ...headers, ...length] as unknown as http.OutgoingHttpHeaders,
        ...(body !== undefined && { body }),
      }).catch((error: NodeJS.ErrnoException) => {
        if (step.says?.breaks && step.says.body) return undefined;
        throw error;
      });
      assert.equal(script.heard.length > 0, step.comes !== 'kept', 'the app is asked');
      if (!answer) return;
      assert.equal(answer.status, step.status ?? 200, 'status');
      if (step.text !== undefined) assert.equal(answer.body, step.text, 'body');
      for (const [field, value] of step.has ?? []) {
        assert.equal(String(answer.headers[field.toLowerCase()]), script.value(value), field);
      }
      for (const field of step.lacks ?? [])
        assert.equal(answer.headers[field.toLowerCase()], undefined, field);
      const [seen] = script.heard;
      for (const [field, value] of step.sends ?? []) {
        assert.equal(seen?.[field.toLowerCase()], script.value(value), `${field} for the app`);
      }
      for (const field of step.keepsBack ?? [])
        assert.equal(seen?.[field], undefined, `${field} for the app`);
      if (step.comes === 'etag') assert.ok(seen?.['if-none-match'], 'the app is asked with If-None-Match');
      if (step.comes === 'date')
        assert.ok(seen?.['if-modified-since'], 'the app is asked with If-Modified-Since');
    }
  });
}

/** The app, which does as the step at hand says. */
class Script {
  now = () => 0;
  heard: http.IncomingHttpHeaders[] = [];
  #name = '';
  #step: Step = {};

  turn(name: string, step: Step): void {
    this.heard = [];
    this.#name = name;
    this.#step = step;
  }

  value(value: Field[1]): string {
    return typeof value === 'string' ? value : new Date(this.now() + value * 1000).toUTCString();
  }

  answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    this.heard.push(request.headers);
    const { says = {}, comes } = this.#step;
    request.resume();
    response.sendDate = false;
    const names = (says.fields ?? []).map(([field]) => field.toLowerCase());
    const fields = names.includes('date') ? [] : ['Date', this.value(0)];
    const all = [...(says.fields ?? []).flatMap(([field, value]) => [field, this.value(value)]), ...fields];
    const again = this.heard.length > 1;
    const validates = !again && (comes === 'etag' || comes === 'date');
    const body = says.body ?? this.#name + (again ? ' again' : '');
    const status = validates ? 304 : (says.status ?? 200);
    if (says.breaks && says.body === undefined) {
      request.socket.destroy();
      return;
    }
    if (says.early) response.writeEarlyHints({ link: '</a.css>; rel=preload' });
    if (again) response.strictContentLength = false;
    response.writeHead(status, again ? ['Date', this.value(0), 'Cache-Control', 'max-age=60'] : all);
    if (says.breaks) response.write(body, () => request.socket.destroy());
    else response.end(status === 304 || status === 204 ? undefined : body);
  }
}
