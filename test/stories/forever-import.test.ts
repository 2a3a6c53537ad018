/** `hold import` prints a configuration that `hold up` takes as it is. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stays } from '../forever/forever.ts';
import { findProgram } from '../support/programs.ts';
import { script } from '../support/scripts.ts';
import { type TestHome, testHome } from '../support/test-home.ts';

/** The file as it is made with `hold import … > holdfast.config.ts`. */
async function importTo(home: TestHome, file: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await home.ok(['import', ...args]);
  writeFileSync(join(home.dir, file), stdout);
  return stderr;
}

describe('what is imported comes up at once', () => {
  test('from forever', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', stays);
    script(
      home,
      'processes.json',
      '[{"uid":"web","script":"app.js","args":["-x"]}, /* two */ {"uid":"jobs","script":"app.js"}]',
    );
    const said = await importTo(home, 'holdfast.config.ts', ['forever', 'processes.json']);
    assert.match(said, /^There are \d+ notes at the top of it\n$/);
    await home.ok(['up']);
    await home.ready('web', 1);
    await home.ready('jobs', 1);
    assert.deepEqual((await home.show('web')).plan.command.args, ['-x']);
  });

  test('from a Procfile', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', stays);
    script(home, 'Procfile', 'worker: node app.js\nshell: echo one && exec sleep 1000\n');
    await importTo(home, 'holdfast.config.ts', ['procfile', 'Procfile']);
    await home.ok(['up']);
    for (const name of ['worker', 'shell']) await home.ready(name, 1);
  });

  test('from systemd, as JSON, with the notes on stderr', async (t) => {
    const home = testHome(t);
    script(home, 'app.js', stays);
    const node = findProgram('node') ?? process.execPath;
    script(
      home,
      'app.service',
      `[Unit]\nDescription=An app\n[Service]\nWorkingDirectory=${home.dir}\nExecStart=${node} app.js "two words"\nRestart=always\nKillSignal=SIGINT\nProtectHome=yes\n`,
    );
    const said = await importTo(home, 'holdfast.config.json', ['systemd', 'app.service', '--json']);
    assert.match(said, /^note: left out, .*ProtectHome=yes$/m);
    await home.ok(['up']);
    await home.ready('app', 1);
    const { plan } = await home.show('app');
    assert.deepEqual(plan.command.args, ['two words']);
    assert.equal(plan.stop.signal, 'SIGINT');
  });
});

test('what cannot be imported is said, and nothing is printed', async (t) => {
  const home = testHome(t);
  script(home, 'Procfile', 'nothing here\n');
  for (const [args, code, words] of [
    [['procfile', 'Procfile'], 1, /Procfile: line 1 must be "name: command"/],
    [['forever', 'none.json'], 1, /Cannot read "none\.json": there is no such file/],
    [
      ['supervisord', 'x.conf'],
      2,
      /Cannot import from "supervisord": it must be pm2, forever, procfile, systemd/,
    ],
    [['forever', 'a.json', 'b.json'], 2, /One file at a time/],
  ] as const) {
    const result = await home.run(['import', ...args]);
    assert.equal(result.code, code, args.join(' '));
    assert.match(result.stderr, words);
    assert.equal(result.stdout, '');
  }
});
