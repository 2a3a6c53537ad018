/** The dashboard's page in Debian's Chromium, in front of a server with made-up data. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { axeProblems } from '../support/axe.ts';
import { FakeDashboard, pageDir } from '../support/dashboard-fake.ts';
import { event, largeWorld, liveApp } from '../support/dashboard-world.ts';
import { until } from '../support/until.ts';
import { startBrowser } from './chromium.ts';

const FIRST_LOAD_BYTES = 100 * 1024;

/** A place of the page, and what is there when it is complete. */
const pages = {
  overview: ['#/', 'text=1 thing failing'],
  app: ['#/apps/api', 'text=Variables (2)'],
  logs: ['#/logs?app=web&q=orders', '.log-line mark'],
  events: ['#/events', '.events li'],
  crashes: ['#/crashes', '.crash'],
  releases: ['#/releases', 'text=Canary 10 %'],
  release: ['#/releases/shop/20261123-220410-90adf00', 'text=TS2304'],
  outgoing: ['#/outgoing', 'text=tracker.example:443'],
  certificates: ['#/certificates', 'text=www.shop.example'],
} as const;

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1360, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1360, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light', deviceScaleFactor: 2 },
};

/** A page with a person in front of it, and what went wrong inside of it. */
async function open(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ ...looks.light, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}

async function shoot(page: Page, name: string): Promise<void> {
  const dir = process.env.HOLDFAST_SCREENSHOTS;
  if (!dir) return;
  mkdirSync(dir, { recursive: true });
  await page.screenshot({ path: join(dir, `dashboard-${name}.png`) });
}

/** The text of what has the focus. */
const focused = (page: Page) => page.evaluate('document.activeElement?.textContent') as Promise<string>;

test('the first load of the dashboard is at most 100 KB, charts included', () => {
  assert.ok(existsSync(join(pageDir, 'index.html')), `There is no built page in "${pageDir}"`);
  const files = readdirSync(pageDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('.'),
  );
  const bytes = files
    .filter((name) => !/\.(br|gz)$/.test(name))
    .map((name) => gzipSync(readFileSync(join(pageDir, name))).length);
  const total = bytes.reduce((sum, size) => sum + size, 0);
  assert.ok(total <= FIRST_LOAD_BYTES, `${total} bytes`);
});

test('the dashboard in a browser', async (t) => {
  const browser = await startBrowser(t);
  if (!browser) return;

  for (const [look, options] of Object.entries(looks)) {
    await t.test(`every page is complete, within its policy, and clean for axe: ${look}`, async (t) => {
      const fake = await FakeDashboard.start(t);
      fake.log = fake.log.slice(0, 60);
      const { page, problems } = await open(browser, fake.url, options);
      for (const [name, [hash, sign]] of Object.entries(pages)) {
        await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await page.locator(sign).first().waitFor();
        if (name === 'app') await page.locator('.plot canvas').first().waitFor();
        // What differs in the dark is its colours; the phone has the same parts in another order.
        const rules = look === 'dark' ? ['color-contrast'] : undefined;
        if (look !== 'phone') assert.deepEqual(await axeProblems(page, rules), [], `${name}, ${look}`);
        const [needed, there] = (await page.evaluate(
          '[document.documentElement.scrollWidth, innerWidth]',
        )) as [number, number];
        assert.ok(needed <= there, `${name}: ${needed} pixels are needed where ${there} are there`);
        await shoot(page, `${name}-${look}`);
      }
      assert.deepEqual(problems, []);
      await page.context().close();
    });
  }

  await t.test('keys lead everywhere, and nobody needs a pointer', async (t) => {
    const fake = await FakeDashboard.start(t);
    const { page } = await open(browser, fake.url);
    await page.locator('text=1 thing failing').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'Skip to the content');
    await page.keyboard.press('/');
    await page.keyboard.type('chat');
    await page.locator('table[aria-label=Apps] tbody tr').nth(1).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.locator('table[aria-label=Apps] tbody tr').nth(5).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.locator('dialog[open] >> text=Outgoing connections').waitFor();
    assert.deepEqual(await axeProblems(page), []);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('j');
    assert.equal(await focused(page), 'api', 'the place of the first problem');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(page), 'chat.example');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.locator('h1 >> text=api').waitFor();
    for (const [keys, title] of [
      ['gl', 'Logs'],
      ['ge', 'Events'],
      ['gc', 'Crashes'],
      ['gr', 'Releases'],
      ['gu', 'Outgoing'],
      ['gt', 'Certificates'],
      ['go', 'Overview'],
    ] as const) {
      for (const key of keys) await page.keyboard.press(key);
      await page.locator(`h1 >> text=${title}`).waitFor();
    }
    await page.keyboard.press('t');
    await page.keyboard.press('t');
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    await page.context().close();
  });

  await t.test('a crash appears live; without a connection the page says so, and comes back', async (t) => {
    const fake = await FakeDashboard.start(t);
    const { page } = await open(browser, fake.url);
    const row = page.locator('table[aria-label=Apps] tr', { hasText: 'web' });
    await row.locator('text=running').waitFor();
    fake.tell({
      whole: false,
      at: new Date().toISOString(),
      apps: { web: liveApp('web', 2, { status: 'degraded', wanted: 3 }) },
      events: [event(98, 'instance.crashed', { app: 'web', instance: 'web.2', reason: 'killed by SIGSEGV' })],
    });
    await row.locator('text=degraded').waitFor();
    await page.locator('.events >> text=killed by SIGSEGV').waitFor();
    const port = Number(new URL(fake.url).port);
    await fake.stop();
    await page.locator('text=/Not connected, showing what was at \\d\\d:\\d\\d:\\d\\d/').waitFor();
    await shoot(page, 'not-connected');
    assert.equal(await row.locator('text=degraded').count(), 1, 'what was, stays');
    await fake.listen(port);
    await row.locator('text=running').waitFor();
    await page.locator('text=Not connected').waitFor({ state: 'detached' });
    await page.context().close();
  });

  await t.test('what does harm asks first; a viewer sees controls that are off, and why', async (t) => {
    const fake = await FakeDashboard.start(t);
    const { page } = await open(browser, `${fake.url}#/apps/web`);
    const stop = page.getByRole('button', { name: 'Stop', exact: true });
    await stop.click();
    await page.locator('dialog >> text=All instances of web end').waitFor();
    await shoot(page, 'question');
    assert.equal(await focused(page), 'Cancel');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await stop.click();
    await page.locator('dialog button.danger').click();
    await page.locator('.doing >> text=All instances are new').waitFor();
    assert.deepEqual(fake.done, [{ do: 'stop', app: 'web' }]);
    fake.replies = [
      { error: { code: 'ROLLOUT_FAILED', message: 'web.0 was not ready', hint: 'See its crashes' } },
    ];
    await page.getByRole('button', { name: 'Reload', exact: true }).click();
    await page.locator('.doing.failed >> text=See its crashes').waitFor();
    assert.deepEqual(await axeProblems(page), []);

    if (fake.session) fake.session = { ...fake.session, user: 'vic', role: 'viewer' };
    await page.reload();
    await page.locator('text=You are signed in as a viewer').first().waitFor();
    const dones = fake.done.length;
    for (const name of ['Stop', 'Reload', 'Restart web.1']) {
      const button = page.getByRole('button', { name, exact: true });
      assert.equal(await button.getAttribute('aria-disabled'), 'true', name);
      await button.click({ force: true });
    }
    assert.equal(await page.locator('dialog').count(), 0);
    assert.equal(fake.done.length, dones);
    assert.deepEqual(await axeProblems(page), []);
    await page.context().close();
  });

  await t.test('a log is searched, followed, read backwards; what is in it cannot harm', async (t) => {
    const fake = await FakeDashboard.start(t);
    const { page, problems } = await open(browser, `${fake.url}#/logs?app=web`);
    await page.locator('text=300 lines').waitFor();
    fake.write({
      time: new Date().toISOString(),
      instance: 'web.0',
      stream: 'out',
      text: 'a line that is new',
    });
    await page.locator('text=301 lines').waitFor();
    const below =
      "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(document.querySelector('.log'))";
    await until(async () => Number(await page.evaluate(below)) < 2, { why: 'the newest line is in sight' });
    await page.getByRole('button', { name: 'Older lines' }).click();
    await page.locator('text=601 lines').waitFor();
    await page.getByRole('button', { name: 'more' }).last().click();
    await page.getByLabel('Search the log').fill('refused');
    await page.locator('text=/^19 lines found/').waitFor();
    assert.equal(await page.locator('.log-text mark').first().textContent(), 'refused');
    assert.match(
      (await page.locator('.log-text').first().textContent()) ?? '',
      /<script>alert\(1\)<\/script>$/,
    );
    assert.match(page.url(), /q=refused/);
    await page.getByLabel('Search the log').fill('nothing like it');
    await page.locator('text=No line has').waitFor();
    await page.getByLabel('Search the log').fill('/(/');
    await page.locator('text=Not a regular expression').waitFor();
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  await t.test('with a hundred instances only what changes is drawn again', async (t) => {
    const fake = await FakeDashboard.start(t);
    fake.world = largeWorld(0);
    const { page } = await open(browser, fake.url);
    await page.locator('text=service-49').waitFor();
    await page.evaluate(`
      window.longTasks = 0;
      new PerformanceObserver((list) => { longTasks += list.getEntries().length; }).observe({ type: 'longtask' });
      window.changed = new Set();
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const row = (target.nodeType === 1 ? target : target.parentElement)?.closest('tr');
          if (row) changed.add(row.querySelector('td')?.textContent);
        }
      }).observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true, attributes: true });
    `);
    const turns = 20;
    for (let turn = 1; turn <= turns; turn++) {
      fake.tell(largeWorld(turn));
      await page.evaluate('new Promise(requestAnimationFrame)');
    }
    await until(() => page.evaluate('changed.size === 50'), { why: 'all rows have changed' });
    t.diagnostic(`${await page.evaluate('longTasks')} long tasks in ${turns} turns`);
    const at = new Date().toISOString();
    const become = (name: string, status: 'stopping' | 'starting') => {
      fake.tell({ whole: false, at, apps: { [name]: liveApp(name, 2, { status }) } });
      return page.locator('tr', { hasText: name }).locator(`text=${status}`).waitFor();
    };
    await become('service-07', 'stopping'); // all turns are drawn when this one is
    await page.evaluate('changed.clear()');
    await become('service-11', 'starting');
    assert.deepEqual(await page.evaluate('[...changed]'), ['service-11']);
    await page.context().close();
  });

  await t.test('a link signs in once and leaves no ticket behind; so do a name and a password', async (t) => {
    const fake = await FakeDashboard.start(t);
    fake.session = null;
    const { page } = await open(browser, `${fake.url}#ticket=bad`);
    await page.locator('text=That name or password is wrong').waitFor();
    assert.deepEqual(await axeProblems(page), []);
    await shoot(page, 'sign-in');
    assert.equal(new URL(page.url()).hash, '#/');
    await page.getByLabel('Name').fill('ann');
    await page.getByLabel('Password').fill('secret');
    await page.keyboard.press('Enter');
    await page.locator('text=1 thing failing').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    await page.evaluate("location.hash = '#ticket=good'");
    await page.locator('text=1 thing failing').waitFor();
    assert.ok(!page.url().includes('ticket'));
    await page.context().close();
  });
});
