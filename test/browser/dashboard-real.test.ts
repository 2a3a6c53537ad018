/** The dashboard in Debian's Chromium, in front of a machine that really runs: deployed, crashed, searched and rolled back by click. */
import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { gitProject } from '../support/git-project.ts';
import { events } from '../support/journal.ts';
import { freePort } from '../support/ports.ts';
import { type TestHome, testHome } from '../support/test-home.ts';
import { until } from '../support/until.ts';
import { startBrowser } from './chromium.ts';

const server = (answer: string) => `const http = require('node:http');
http.createServer((req, res) => {
  if (req.url === '/break') {
    console.log('looking for order 4711');
    console.error('\\x1b[31morder 4711 has no price\\x1b[0m');
    throw new TypeError('the price is undefined');
  }
  res.end('${answer}');
}).listen(process.env.PORT);
`;

const config = (port: number, listen: number) => ({
  name: 'shop',
  apps: { web: { run: 'server.js', instances: 2 } },
  sites: { '*': { routes: { '/': 'web' } } },
  listen: { http: `127.0.0.1:${port}` },
  dashboard: { listen },
  release: { bake: 0 },
});

/** Somebody with a browser of his own, who has followed the link that `hold open` printed. */
async function visitor(browser: Browser, home: TestHome, ...more: string[]) {
  const { url } = (await home.ok(['open', '--json', ...more])).json<{ url: string }>();
  const page = await (await browser.newContext({ viewport: { width: 1360, height: 900 } })).newPage();
  page.setDefaultTimeout(60_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  await page.locator('table[aria-label=Apps]').waitFor();
  return { page, problems };
}

async function press(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name, exact: true }).first().click();
  await page.locator('dialog button.danger').click();
}

test('a real machine is deployed to, watched while it crashes, searched and rolled back, by click and by admins only', async (t) => {
  const browser = await startBrowser(t);
  if (!browser) return;
  const home = testHome(t);
  // Root's builds run as somebody else, who must get there.
  chmodSync(home.dir, 0o711);
  const port = await freePort();
  const project = gitProject(join(home.dir, 'shop'), {
    'holdfast.config.json': JSON.stringify(config(port, await freePort())),
    'server.js': server('one'),
  });
  const ask = async (path = '/', method = 'GET') =>
    (await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close' } })).text();
  // Not by GET, which would be repeated at the other instance.
  const crashOne = () => ask('/break', 'POST');
  await home.ok(['deploy'], { cwd: project.dir });
  const { page, problems } = await visitor(browser, home);
  assert.ok(!page.url().includes('ticket'), 'the link leaves no ticket behind');
  const row = page.locator('table[aria-label=Apps] tr', { hasText: 'web' });
  await row.locator('text=running').waitFor();

  // A new version, by click.
  project.commit({ 'server.js': server('two') }, 'Prices for islands');
  await page.evaluate("location.hash = '#/releases'");
  await press(page, 'Deploy');
  await page.locator('.doing.done >> text=shop is deployed').waitFor();
  assert.equal(await ask(), 'two');
  const newest = page.locator('table[aria-label="Releases of shop"] tbody tr').first();
  await newest.locator('text=Prices for islands').waitFor();
  await newest.locator('text=serves').waitFor();

  // It crashes while somebody looks, and says why.
  await page.evaluate("location.hash = '#/'");
  await row.locator('text=running').waitFor();
  await crashOne();
  await page.locator('.events li', { hasText: 'crashed' }).first().waitFor();
  await row.getByRole('link').click();
  const crash = page.locator('section[aria-label="Last crash"]');
  await crash.locator('.log >> text=order 4711 has no price').waitFor();
  await crash.locator('text=/the price is undefined/').first().waitFor();
  await page.locator('table[aria-label=Instances] tbody tr', { hasText: 'ready' }).nth(1).waitFor();
  await page.locator('.plot canvas').first().waitFor();

  // What did it say about that order? What comes meanwhile is found, too.
  await page.evaluate("location.hash = '#/logs?app=web'");
  await page.getByLabel('Search the log').fill('4711');
  await page.locator('text=2 lines found').waitFor();
  assert.equal(await page.locator('.log-text mark').first().textContent(), '4711');
  await crashOne();
  await page.locator('text=4 lines found').waitFor();

  // Back to what worked.
  await page.evaluate("location.hash = '#/releases'");
  await press(page, 'Roll back');
  await page.locator('.doing.done >> text=shop is back').waitFor();
  assert.equal(await ask(), 'one');
  for (const { data } of events(home, 'release.promoted').slice(1))
    assert.match(String(data?.by), /\(dashboard\).* from 127\.0\.0\.1$/);
  for (const [hash, sign] of [
    ['#/events', '.events li'],
    ['#/crashes', '.crash'],
    ['#/outgoing', 'text=No app goes through the egress proxy'],
    ['#/certificates', '.empty-title'],
  ] as const) {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.locator(`main >> ${sign}`).first().waitFor();
  }
  assert.deepEqual(problems, []);

  // Who only looks is refused by the page, and by the server when the page is got around.
  const viewer = (await visitor(browser, home, '--viewer')).page;
  await viewer.evaluate("location.hash = '#/apps/web'");
  const stop = viewer.getByRole('button', { name: 'Stop', exact: true });
  await stop.click({ force: true });
  assert.equal(await stop.getAttribute('aria-disabled'), 'true');
  assert.equal(await viewer.locator('dialog').count(), 0);
  const status = await viewer.evaluate(`(async () => {
    const { csrf } = await (await fetch('api/session')).json();
    const headers = { 'Content-Type': 'application/json', 'Holdfast-CSRF': csrf };
    const body = JSON.stringify({ do: 'stop', app: 'web' });
    return (await fetch('api/actions', { method: 'POST', headers, body })).status;
  })()`);
  assert.equal(status, 403);
  assert.equal(await ask(), 'one');

  // Everybody is logged out, and sees that.
  await home.ok(['open', '--close']);
  await until(async () => (await page.getByLabel('Password').count()) > 0, {
    why: 'the page asks who is there',
  });
});
