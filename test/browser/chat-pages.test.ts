/** The example's page in a real browser, on instances without Holdfast. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { chatInstances } from './chat-instances.ts';
import { ChatPage, startBrowser } from './chromium.ts';

for (const transport of ['websocket', 'polling', 'auto']) {
  test(`two pages on two instances chat, transport ${transport}`, async (t) => {
    const browser = await startBrowser(t);
    if (!browser) return;
    const chat = chatInstances(t);
    const [first, second] = [await chat.start(), await chat.start()];
    const ada = await ChatPage.open(browser, `${first.url}/?transport=${transport}&name=Ada`);
    const grace = await ChatPage.open(browser, `${second.url}/?transport=${transport}&name=Grace`);
    await ada.say('Hello <b>Grace</b>');
    await grace.sees('Hello <b>Grace</b>');
    await grace.say('Hello Ada');
    await ada.sees('Hello Ada');
    for (const page of [ada, grace])
      assert.deepEqual(await page.messages(), ['Hello <b>Grace</b>', 'Hello Ada']);
    assert.match((await grace.page.locator('.message').first().textContent()) ?? '', /^Ada.*chat\.0/s);
    const over = transport === 'polling' ? 'polling' : 'WebSocket';
    await until(async () => (await ada.served()) === `Served by chat.0 over ${over}`, {
      why: `served over ${over}`,
    });
    await grace.page.locator('#people').getByText('Ada').waitFor();
    assert.deepEqual([...ada.problems, ...grace.problems], []);
  });
}

test('the panel of the plain WebSocket echoes, ticks and shows what other instances broadcast', async (t) => {
  const browser = await startBrowser(t);
  if (!browser) return;
  const chat = chatInstances(t);
  const [first, second] = [await chat.start(), await chat.start()];
  const ada = await ChatPage.open(browser, first.url);
  const grace = await ChatPage.open(browser, second.url);
  await ada.page.getByText('Connected to chat.0').waitFor();
  await grace.page.getByText('Connected to chat.1').waitFor();
  await ada.page.fill('#ws-text', 'Ahoy');
  await ada.page.click('button[value=echo]');
  await ada.seesPlain('echo Ahoy');
  await ada.page.click('button[value=broadcast]');
  await grace.seesPlain('broadcast Ahoy chat.0');
  await ada.page.click('#ws-clock');
  await ada.seesPlain('clock 20');
  await ada.page.click('#ws-clock');
  await ada.seesPlain('clock stopped');
  assert.deepEqual([...ada.problems, ...grace.problems], []);
});

test('a phone shows everything in one column, with nothing to scroll sideways', async (t) => {
  const browser = await startBrowser(t);
  if (!browser) return;
  const { url } = await chatInstances(t).start();
  const phone = await ChatPage.open(browser, url, { viewport: { width: 320, height: 568 }, isMobile: true });
  await phone.say('x'.repeat(300));
  await phone.sees('x'.repeat(300));
  const [needed, there] = (await phone.page.evaluate(
    '[document.documentElement.scrollWidth, innerWidth]',
  )) as [number, number];
  assert.ok(needed <= there, `${needed} pixels are needed where ${there} are there`);
});

test('every field and button of the page has a name for those who cannot see it', async (t) => {
  const browser = await startBrowser(t);
  if (!browser) return;
  const { url } = await chatInstances(t).start();
  for (const width of [1200, 360]) {
    const { page } = await ChatPage.open(browser, url, { viewport: { width, height: 700 } });
    for (const label of ['Transport', 'Your name', 'Message', 'Text to send']) {
      assert.equal(await page.getByLabel(label, { exact: true }).count(), 1, `"${label}" at ${width} pixels`);
    }
    for (const name of ['Send', 'Echo', 'Broadcast', 'Clock', 'Move to another instance']) {
      assert.equal(
        await page.getByRole('button', { name, exact: true }).count(),
        1,
        `"${name}" at ${width} pixels`,
      );
    }
  }
});
