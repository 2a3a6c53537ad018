/** Completion as the shells do it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { scripts } from '../../src/cli/completion/scripts.ts';
import { releasePaths } from '../../src/release/paths.ts';
import { RecordFiles } from '../../src/release/records.ts';
import type { Test } from '../support/cleanup.ts';
import { appView, fakeDaemon } from '../support/fake-daemon.ts';
import { requireProgram } from '../support/programs.ts';
import { releaseRecord } from '../support/release-record.ts';
import { holdfastBin } from '../support/root.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

async function completed(home: string, ...words: string[]): Promise<string[]> {
  const { code, out, err } = await runCli(home, ['__complete', '--', ...words]);
  assert.equal(`${code}${err}`, '0');
  return out.split('\n').flatMap((line) => line.split('\t')[0] || []);
}

/** A home with two apps, and a directory in which there is `hold`. */
async function setUp(t: Test): Promise<{ home: string; dir: string }> {
  const home = tempDir(t);
  const daemon = await fakeDaemon(t, home);
  daemon.apps = [appView('web'), appView('worker'), appView('api')];
  daemon.outcomes['GET /v1/sites'] = {
    result: [{ host: 'example.com', source: null, apps: [], paused: null }],
  };
  const dir = tempDir(t);
  writeFileSync(join(dir, 'hold'), `#!/bin/sh\nexec '${process.execPath}' '${holdfastBin}' "$@"\n`);
  chmodSync(join(dir, 'hold'), 0o755);
  return { home, dir };
}

test('completion knows commands, options, their values, and names', async (t) => {
  const { home } = await setUp(t);
  assert.deepEqual(await completed(home, 'rest'), ['restart']);
  assert.deepEqual(await completed(home, 'stop', 'w'), ['web', 'worker', 'web.0', 'worker.0']);
  assert.deepEqual(await completed(home, 'stop', 'web', 'web'), ['web.0'], 'not what is there already');
  assert.deepEqual(await completed(home, 'reload', 'w'), ['web', 'worker']);
  assert.deepEqual(await completed(home, 'pause', ''), ['example.com']);
  assert.deepEqual(await completed(home, 'ls', '--w'), ['--watch']);
  assert.deepEqual(await completed(home, 'logs', '--level', 'wa'), ['warn']);
  assert.deepEqual(await completed(home, 'logs', '--since', ''), [], 'left to the shell');
  assert.deepEqual(await completed(home, 'completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(await completed(home, 'export', 'doc'), ['dockerfile']);
  assert.deepEqual(await completed(home, 'man', 'de'), ['deploy', 'delete']);
});

test('completion of releases: any to look at, and to go back to those that have served and do not serve', async (t) => {
  const home = tempDir(t);
  const paths = releasePaths(home, 'shop');
  const records = new RecordFiles(paths.records);
  const [never, now, before, gone] = ['4', '3', '2', '1'].map((n) => `2026110${n}-120000-3f2a91c`);
  for (const id of [never, now, before, gone]) {
    const servedFrom = id === never ? null : '2026-11-01T12:00:00.000Z';
    records.write(releaseRecord(id ?? '', { servedFrom }));
    if (id !== gone) mkdirSync(join(paths.releases, id ?? ''), { recursive: true });
  }
  symlinkSync(join(paths.releases, now ?? ''), paths.current);
  assert.deepEqual(await completed(home, 'releases', 'show', ''), [never, now, before, gone]);
  assert.deepEqual(await completed(home, 'rollback', ''), [before]);
});

test('completion without a daemon starts none, and knows the apps that are wished for', async (t) => {
  const home = tempDir(t);
  assert.deepEqual(await completed(home, 'stop', ''), []);
  mkdirSync(join(home, 'state'));
  writeFileSync(join(home, 'state', 'desired.json'), '{"apps":{"web":{}}}');
  assert.deepEqual(await completed(home, 'stop', ''), ['web']);
});

test('completion --install writes the script to where the shell looks for it, and says what else is to do', async (t) => {
  const dir = tempDir(t);
  const places = {
    bash: '.local/share/bash-completion/completions/hold',
    zsh: '.zfunc/_hold',
    fish: '.config/fish/completions/hold.fish',
  } as const;
  for (const [shell, place] of Object.entries(places)) {
    const { code, out, err } = await runCli(tempDir(t), ['completion', shell, '--install'], {
      env: { HOME: dir },
    });
    assert.deepEqual([code, out], [0, '']);
    assert.ok(err.startsWith(`wrote ${join(dir, place)}\n`), err);
    assert.equal(readFileSync(join(dir, place), 'utf8'), scripts[shell as keyof typeof scripts]);
  }
});

// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
const zshStub = 'compdef() { }; _files() { print files }; _describe() { print -l -- "${(@P)@[-1]}" }';
const shellsAndLines = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
  bash: '_hold hold stop w; printf "%s\\n" "${COMPREPLY[@]}"',
  zsh: 'words=(hold stop w); CURRENT=3; _hold',
  fish: 'complete -C "hold stop w"',
} as const;

for (const [shell, line] of Object.entries(shellsAndLines)) {
  test(`the completion script in a real ${shell}`, async (t) => {
    const program = requireProgram(t, shell);
    if (!program) return;
    const { home, dir } = await setUp(t);
    const file = join(dir, 'script');
    writeFileSync(file, scripts[shell as keyof typeof scripts]);
    const before =
      shell === 'bash' ? 'COMP_WORDS=(hold stop w); COMP_CWORD=2' : shell === 'zsh' ? zshStub : '';
    const flags = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell] ?? [];
    const { stdout } = await promisify(execFile)(
      program,
      [...flags, '-c', `${before}\nsource '${file}'\n${line}`],
      { env: { PATH: `${dir}:${process.env.PATH}`, HOME: dir, HOLDFAST_HOME: home } },
    );
    const found = stdout.split('\n').flatMap((each) => each.split(/[\t:]/)[0] || []);
    assert.deepEqual(found.toSorted(), ['web', 'web.0', 'worker', 'worker.0']);
  });
}
