import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Test } from '../../../test/support/cleanup.ts';
import { loadImported } from '../../../test/support/imported.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { importProcfile } from './procfile.ts';

async function imported(t: Test, text: string, files: Readonly<Record<string, string>> = {}) {
  const dir = tempDir(t);
  for (const [name, content] of Object.entries({ 'server.js': '', Procfile: text, ...files })) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  const result = await importProcfile('Procfile', { cwd: dir });
  return { ...result, dir, plans: await loadImported(dir, result) };
}

test('process types become apps, with the ports of foreman', async (t) => {
  const { plans, dir } = await imported(
    t,
    `# comment\n\nworker: node server.js --queue "two words"\nweb:  node server.js -p $PORT  \r\nother: exec node server.js \${PORT}\n`,
  );
  assert.deepEqual(Object.keys(plans), ['worker', 'web', 'other']);
  assert.deepEqual(plans.worker?.command, {
    file: join(dir, 'server.js'),
    node: true,
    nodeArgs: [],
    args: ['--queue', 'two words'],
  });
  assert.deepEqual([plans.worker?.port, plans.web?.port, plans.other?.port], [null, 5100, 5200]);
  assert.deepEqual(plans.web?.command.args, ['-p', '$PORT']);
});

test('what needs a shell runs in one, and that is said', async (t) => {
  const lines = [
    'cd . && node server.js',
    'node server.js > out.txt',
    'echo $HOME',
    'ls *.js',
    'A=1 B=$(date) env',
  ];
  const { plans, notes } = await imported(t, lines.map((line, index) => `p${index}: ${line}`).join('\n'));
  for (const [index, line] of lines.entries()) {
    assert.deepEqual(plans[`p${index}`]?.command, {
      file: 'sh',
      args: ['-c', line],
      node: false,
      nodeArgs: [],
    });
    assert.ok(
      notes.some((note) => note.startsWith(`p${index} runs in a shell`)),
      line,
    );
  }
});

test('variables before the command, .env, and a release phase', async (t) => {
  const { plans } = await imported(
    t,
    "web: NODE_ENV=production X='a b' node server.js\nrelease: node server.js migrate\n",
    {
      '.env': 'FROM_FILE=1\n',
    },
  );
  assert.deepEqual(plans.web?.env, { FROM_FILE: '1', NODE_ENV: 'production', X: 'a b' });
  assert.deepEqual(plans.web?.after, ['release']);
  assert.equal(plans.release?.restart.when, 'never');
});

test('a line that is none is refused with its number', async (t) => {
  await assert.rejects(imported(t, 'web: node server.js\nnot a line\n'), {
    code: 'IMPORT_INVALID',
    message: 'Procfile: line 2 must be "name: command": got "not a line"',
  });
  await assert.rejects(imported(t, '# nothing\n'), { code: 'IMPORT_INVALID' });
});
