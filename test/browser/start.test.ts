/** `npm start`: the example under Holdfast, and that nothing is left of it however it ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { cleanup } from '../support/cleanup.ts';
import { holdOk } from '../support/hold.ts';
import { requireProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';
import { ChatPage, startBrowser } from './chromium.ts';
import { runExample } from './example-run.ts';

async function instancesSeen(url: string): Promise<string[]> {
  const seen = new Set<string>();
  for (let n = 0; n < 30; n++) {
    const answer = await fetch(`${url}/whoami`, { headers: { connection: 'close' } });
    seen.add(((await answer.json()) as { instance: string }).instance);
  }
  return [...seen].sort();
}

test('npm start serves the chat from three instances, and SIGTERM leaves nothing', async (t) => {
  const example = await runExample(t);
  const url = await example.url();
  assert.deepEqual(await instancesSeen(url), ['chat.0', 'chat.1', 'chat.2']);
  assert.equal(await example.stop('SIGTERM'), 0);
  assert.match(example.said(), /Nothing is left running/);
  await example.nothingLeft();
});

test('npm start takes another port when its own is taken', async (t) => {
  const server = createServer().listen(0);
  cleanup(t, () => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const example = await runExample(t, { port });
  const url = await example.url();
  assert.notEqual(new URL(url).port, String(port));
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test('a killed npm start leaves nothing either', async (t) => {
  const example = await runExample(t);
  await example.url();
  await example.stop('SIGKILL');
  await example.nothingLeft();
});

test('Ctrl-C while it starts leaves nothing', async (t) => {
  const example = await runExample(t);
  await until(() => example.home(), { why: 'it has begun' });
  await example.stop('SIGINT');
  await example.nothingLeft();
});

for (const end of ['Ctrl-C', 'closing the terminal'] as const) {
  test(`on a terminal, npm start shows what runs, and ${end} leaves nothing`, async (t) => {
    const script = requireProgram(t, 'script');
    if (!script) return;
    const inTerminal = (command: string[]) => [script, '-qefc', command.join(' '), '/dev/null'];
    const example = await runExample(t, { wrap: inTerminal });
    await example.url();
    await until(() => /chat\.2|3\/3/.test(example.said()), { why: 'the live view is there' });
    if (end === 'Ctrl-C') example.program.stdin?.write('\x03');
    else await example.stop('SIGKILL');
    await example.nothingLeft();
  });
}

for (const transport of ['websocket', 'polling'] as const) {
  test(`two browsers chat through the edge on different instances, transport ${transport}`, async (t) => {
    const url = await (await runExample(t)).url();
    const browser = await startBrowser(t);
    if (!browser) return;
    const ada = await ChatPage.open(browser, `${url}/?transport=${transport}&name=Ada`);
    const grace = await ChatPage.open(browser, `${url}/?transport=${transport}&name=Grace`);
    if ((await ada.instance()) === (await grace.instance())) await grace.moveToAnotherInstance();
    assert.notEqual(await ada.instance(), await grace.instance());
    for (let n = 0; n < 10; n++) {
      await ada.say(`Ada says ${n}`);
      await grace.sees(`Ada says ${n}`);
      await grace.say(`Grace says ${n}`);
      await ada.sees(`Grace says ${n}`);
    }
    const over = transport === 'polling' ? 'polling' : 'WebSocket';
    assert.equal(await ada.served(), `Served by ${await ada.instance()} over ${over}`);
    await ada.page.getByText('Connected to').waitFor();
    await grace.page.getByText('Connected to').waitFor();
    await ada.page.fill('#ws-text', 'Ahoy');
    await ada.page.click('button[value=broadcast]');
    await grace.seesPlain('broadcast Ahoy');
    assert.deepEqual([...ada.problems, ...grace.problems], []);
  });
}

for (const transport of ['websocket', 'polling'] as const) {
  test(`a reload loses no message of two browsers that chat, transport ${transport}`, async (t) => {
    const example = await runExample(t);
    const url = await example.url();
    const browser = await startBrowser(t);
    if (!browser) return;
    const ada = await ChatPage.open(browser, `${url}/?transport=${transport}&name=Ada`);
    const grace = await ChatPage.open(browser, `${url}/?transport=${transport}&name=Grace`);
    const processes = new Set([await ada.process(), await grace.process()]);
    const reload = holdOk(example.home() ?? '', ['reload', 'chat']);
    let reloaded = false;
    const whenReloaded = reload.then(() => {
      reloaded = true;
    });
    const said: string[] = [];
    const moved = async () => !processes.has(await ada.process()) && !processes.has(await grace.process());
    while (!(reloaded && (await moved())) && said.length < 2000) {
      said.push(`message ${said.length}`);
      await ada.say(said.at(-1) ?? '');
      await ada.page.waitForTimeout(50);
    }
    await whenReloaded;
    await grace.sees(said.at(-1) ?? '');
    assert.deepEqual(await grace.messages(), said);
    assert.deepEqual(await ada.messages(), said);
  });
}

for (const transport of ['websocket', 'polling'] as const) {
  test(`a killed instance loses no message of two browsers that chat, transport ${transport}`, async (t) => {
    const url = await (await runExample(t)).url();
    const browser = await startBrowser(t);
    if (!browser) return;
    const ada = await ChatPage.open(browser, `${url}/?transport=${transport}&name=Ada`);
    const grace = await ChatPage.open(browser, `${url}/?transport=${transport}&name=Grace`);
    const said: string[] = [];
    for (let n = 0; n < 30; n++) {
      if (n === 10) process.kill(Number(await ada.process()), 'SIGKILL');
      if (n === 20) process.kill(Number(await grace.process()), 'SIGKILL');
      said.push(`message ${n}`);
      await ada.say(`message ${n}`);
      await ada.page.waitForTimeout(20);
    }
    for (const page of [ada, grace]) {
      await page.sees('message 29');
      assert.deepEqual(await page.messages(), said);
    }
  });
}
