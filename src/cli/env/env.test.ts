import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { appPlan } from '../../../test/support/plans.ts';
import { runCli } from '../../../test/support/run-cli.ts';
import { tempDir } from '../../../test/support/temp-dir.ts';
import type { InstanceView } from '../../protocol/api.ts';
import type { Variable } from '../../vault/variables-file.ts';
import { differences, viewsOf } from './compare.ts';
import { outdatedNote, overridingNote } from './outdated.ts';
import { printValues, Typing, valuesIn } from './values.ts';

function shop(t: Parameters<typeof tempDir>[0]) {
  const dir = tempDir(t);
  const home = join(dir, 'home');
  const apps = { web: { run: 'server.js' } };
  writeFileSync(join(dir, 'holdfast.config.json'), JSON.stringify({ name: 'shop', apps }));
  const env = (args: string[], input = '', options: Parameters<typeof runCli>[2] = {}) =>
    runCli(home, ['env', ...args], {
      cwd: dir,
      stdin: Readable.from([input]) as unknown as NodeJS.ReadStream,
      ...options,
    });
  return { dir, home, env };
}

test('values come from stdin, whole or as lines, and are shown to nobody who does not ask for them', async (t) => {
  const { dir, env } = shop(t);
  const pem = '-----BEGIN\nkey\n-----END\n';
  assert.equal((await env(['set', 'PEM'], pem)).code, 0);
  assert.equal((await env(['set', '--stdin', '--app', 'web'], 'A=1\nB="two words" # why\n')).code, 0);
  writeFileSync(join(dir, '.env'), 'C=\nD=four\n');
  assert.match((await env(['import', '.env'])).err, /shop: C, D are set/);
  const list = await env(['ls']);
  assert.match(list.out, /^PEM +all apps/m);
  assert.match(list.out, /^A +web/m);
  assert.doesNotMatch(list.out + JSON.stringify((await env(['ls', '--json'])).json()), /key|two words|four/);
  assert.equal((await env(['get', 'PEM'])).code, 2);
  assert.equal((await env(['get', 'PEM', '--reveal'])).out, pem);
  assert.equal((await env(['get', 'A', '--reveal'])).code, 1);
  assert.equal(
    (await env(['get', 'A', '--app', 'web', '--reveal', '--json'])).json<{ value: string }>().value,
    '1',
  );
  assert.match((await env(['rm', 'D', 'E'])).err, /shop: D is removed/);
  assert.match((await env(['rm', 'D'])).err, /nothing to change/);
});

test('what would put a secret where it can be seen, or nowhere, is refused and not repeated', async (t) => {
  const { env } = shop(t);
  const refused: [string[], string, RegExp][] = [
    [['set', 'A=hunter2'], '', /Name the variable alone: got "A="/],
    [['set', 'HOLDFAST_HOME'], 'x', /set by Holdfast itself/],
    [['set', 'A', 'B'], 'hunter2', /Cannot read several values from stdin/],
    [['set', 'A'], '', /the value is empty/],
    [['set', 'A'], 'hunter2\0', /zero byte/],
    [['set', '--stdin'], 'hunter2\n', /line 1 must be KEY=VALUE/],
    [['set'], 'hunter2', /Nothing to set/],
    [['set', 'A', '--app', 'wep'], 'hunter2', /no app "wep" .* did you mean "web"/],
    [['set', 'A', '--project', '../x'], 'hunter2', /no project "..\/x"/],
    [['set', 'A', '--target', 'production'], 'hunter2', /no deploy target "production"/],
    [['diff', 'here', 'constructor'], '', /no deploy target "constructor"/],
  ];
  for (const [args, input, words] of refused) {
    const { code, out, err } = await env(args, input);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, words);
    assert.doesNotMatch(out + err, /hunter2/);
  }
  assert.match((await env(['ls'])).err, /shop has no variables/);
});

test('a terminal is asked for each value, and shows nothing of it', async (t) => {
  const { home, env } = shop(t);
  const raw: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (on: boolean) => raw.push(on) });
  stdin.write('one');
  const typing = env(['set', 'A'], '', { tty: true, stdin: stdin as unknown as NodeJS.ReadStream });
  stdin.write('\r');
  const { code, err } = await typing;
  assert.equal(code, 0, err);
  assert.match(err, /^A: \n/);
  assert.doesNotMatch(err, /one/);
  assert.deepEqual(raw, [true, false]);
  assert.equal((await env(['get', 'A', '--reveal'])).out, 'one\n');
  assert.doesNotMatch(readFileSync(join(home, 'variables/shop.json'), 'utf8'), /one/);
});

test('keys do what they do in a terminal', () => {
  const typed = (...texts: string[]) => {
    const typing = new Typing();
    const ended = texts.map((text) => typing.take(text));
    return [typing.line, ended.at(-1)];
  };
  assert.deepEqual(typed('ab', 'c\r'), ['abc', 'done']);
  assert.deepEqual(typed('aé😀\x7f\x7fb\n'), ['ab', 'done']);
  assert.deepEqual(typed('wrong\x15right\x1b[D\x1bOA\r'), ['right', 'done']);
  assert.deepEqual(typed('\x1b[200~pasted\x1b[201~\r'), ['pasted', 'done']);
  assert.deepEqual(typed('half\x03'), ['half', 'interrupted']);
  assert.deepEqual(typed('-----BEGIN\nkey\n'), ['-----BEGIN', 'lines']);
  assert.deepEqual(typed('end\r\n'), ['end', 'done']);
  assert.deepEqual(typed('end\x04'), ['end', 'done']);
});

test('what travels to a host arrives as it was', () => {
  const values = { A: 'a "b" \\n $c\n\r\t#d', B: '', C: "it's", D: ' x ' };
  assert.deepEqual(valuesIn(printValues(values), 'stdin'), values);
});

const variable = (name: string, value: string | null, given: Partial<Variable> = {}): Variable => ({
  name,
  value,
  app: null,
  changedAt: '2026-11-23T10:00:00.000Z',
  by: 'ann',
  ...given,
});

test('two places are compared by fingerprints that say nothing without their salt', () => {
  const one = [variable('A', '1'), variable('B', '2'), variable('C', '3'), variable('GONE', null)];
  const two = [variable('A', '1'), variable('B', 'other'), variable('C', '3', { app: 'web' })];
  assert.deepEqual(differences(viewsOf(one, 'salt'), viewsOf(two, 'salt')), [
    { name: 'B', app: null, kind: 'value' },
    { name: 'C', app: null, kind: 'only-first' },
    { name: 'C', app: 'web', kind: 'only-second' },
  ]);
  assert.notEqual(viewsOf(one, 'salt')[0]?.fingerprint, viewsOf(one, 'pepper')[0]?.fingerprint);
  assert.equal('fingerprint' in (viewsOf(one, null)[0] ?? {}), false);
});

test('an app that began before a change is told of, unless the change is not for it', () => {
  const instance = { pid: 1, startedAt: '2026-11-23T09:00:00.000Z' } as InstanceView;
  const web = { name: 'web', instances: [instance], plan: appPlan({ env: { A: 'x' } }) };
  const note = (...variables: Variable[]) => outdatedNote(web, variables);
  assert.match(
    note(variable('A', '1'), variable('B', null)) ?? '',
    /values that A, B had before: `hold reload web`/,
  );
  assert.equal(note(variable('A', '1', { changedAt: '2026-11-23T08:00:00.000Z' })), null);
  assert.equal(note(variable('A', '1', { app: 'jobs' })), null);
  const own = variable('A', '1', { app: 'web', changedAt: '2026-11-23T08:00:00.000Z' });
  assert.equal(note(variable('A', '2'), own), null);
  assert.match(overridingNote(web, [variable('A', '1'), variable('B', '1')]) ?? '', /^A: /);
  assert.equal(overridingNote(web, [variable('A', null)]), null);
});

test('the hosts of a target are told over ssh, on stdin', async (t) => {
  const { dir, env } = shop(t);
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  // Writes down what it was told, and lists one variable, whose value differs with the host.
  writeFileSync(
    join(bin, 'ssh'),
    `#!/bin/sh
for last; do :; done
echo "$last" >> ${dir}/commands
case "$last" in *" ls "*) echo '[{"name":"A","app":null,"changedAt":"","by":"","fingerprint":"x"}]';; *) cat >> ${dir}/input; echo '{"set":["A"]}';; esac
`,
    { mode: 0o755 },
  );
  const deploy = {
    production: { hosts: ['deploy@app1', 'deploy@app2'], home: '/srv/it', command: '~/bin/hold' },
  };
  writeFileSync(join(dir, 'holdfast.config.json'), JSON.stringify({ name: 'shop', deploy }));
  const options = { env: { PATH: `${bin}:${process.env.PATH}` } };
  const set = ['set', 'A', '--target', 'production', '--json'];
  const { code, err, out } = await env(set, 'hunter2', options);
  assert.equal(code, 0, err);
  assert.deepEqual(
    (JSON.parse(out) as { host: string }[]).map(({ host }) => host),
    ['deploy@app1', 'deploy@app2'],
  );
  assert.equal(
    readFileSync(join(dir, 'commands'), 'utf8').split('\n')[0],
    './bin/hold --home /srv/it env set --stdin --project shop --json',
  );
  assert.equal(readFileSync(join(dir, 'input'), 'utf8'), 'A="hunter2"\n'.repeat(2));
  const diff = await env(['diff', 'here', 'production'], '', options);
  assert.match(diff.out, /^A +all apps +only in production$/m);
});
