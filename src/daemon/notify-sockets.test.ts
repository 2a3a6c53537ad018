import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cleanup, type Test } from '../../test/support/cleanup.ts';
import { withoutDescriptors } from '../../test/support/no-descriptors.ts';
import { findProgram, requireProgram } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { until } from '../../test/support/until.ts';
import { systemClock } from '../kit/clock.ts';
import { helperNames } from './notify-helper.ts';
import { NotifySockets, parseNotice } from './notify-sockets.ts';

function setUp(t: Test, programs: readonly string[], path = process.env.PATH ?? '') {
  const dir = tempDir(t);
  const heard: string[] = [];
  const sockets = new NotifySockets({
    clock: systemClock,
    path,
    programs,
    heard: (key, notice) => heard.push(`${key} ${[...notice].join(' ')}`),
  });
  cleanup(t, () => sockets.end());
  return { dir, heard, sockets };
}

/** As sd_notify(3) sends. */
function send(path: string, text: string): void {
  const perl = findProgram('perl');
  const [program, code] = perl
    ? [
        perl,
        'use Socket; socket(my $s, PF_UNIX, SOCK_DGRAM, 0); send($s, $ARGV[1], 0, sockaddr_un($ARGV[0])) or die $!',
      ]
    : [
        'python3',
        'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), sys.argv[1])',
      ];
  execFileSync(program, [perl ? '-e' : '-c', code, path, text], { stdio: 'pipe' });
}

for (const name of helperNames) {
  describe(name, () => {
    test('hears every instance on its own socket, until it is closed', async (t) => {
      if (!requireProgram(t, name)) return;
      const { dir, heard, sockets } = setUp(t, [name]);
      const [first, second] = [join(dir, 'web 0'), join(dir, 'web.1')];
      await Promise.all([sockets.open('web.0#1', first), sockets.open('web.1#1', second)]);
      send(first, 'READY=1\nSTATUS=Größe ok');
      send(second, 'WATCHDOG=1\n');
      await until(() => heard.length === 2, { why: 'both are heard' });
      assert.deepEqual(heard.sort(), ['web.0#1 READY,1 STATUS,Größe ok', 'web.1#1 WATCHDOG,1']);
      sockets.close('web.0#1');
      await until(() => !existsSync(first), { why: 'it is gone' });
      send(second, 'STOPPING=1');
      await until(() => heard.length === 3, { why: 'the other one is heard' });
    });

    test('a path that cannot be, and one that is taken', async (t) => {
      if (!requireProgram(t, name)) return;
      const { dir, sockets } = setUp(t, [name]);
      await assert.rejects(sockets.open('web.0#1', join(dir, 'no', 'dir')), /sd_notify: ".*": No such file/);
      const path = join(dir, 'socket');
      await sockets.open('web.0#1', path);
      // What an earlier one left does not matter.
      await sockets.open('web.0#2', path);
    });

    test('a helper that dies is replaced', async (t) => {
      if (!requireProgram(t, name)) return;
      const { dir, heard, sockets } = setUp(t, [name]);
      const path = join(dir, 'socket');
      await sockets.open('web.0#1', path);
      process.kill(sockets.helperPid ?? 0, 'SIGKILL');
      await until(
        () => {
          send(path, 'READY=1');
          return heard.length > 0;
        },
        { why: 'another one hears' },
      );
    });

    test('it ends when its daemon does', async (t) => {
      if (!requireProgram(t, name)) return;
      const { dir, sockets } = setUp(t, [name]);
      await sockets.open('web.0#1', join(dir, 'socket'));
      const pid = sockets.helperPid;
      sockets.end();
      await until(() => !readStatus(pid).includes(name), { why: 'it is gone' });
    });
  });
}

test('without any of the programs it is said what is missing', async (t) => {
  const { dir, sockets } = setUp(t, helperNames, tempDir(t));
  await assert.rejects(
    sockets.open('web.0#1', join(dir, 'socket')),
    /^Error: cannot listen for sd_notify: that needs perl or python3, and neither is in PATH/,
  );
});

test('without a descriptor to spare it is said, and tried again', (t) => {
  if (!helperNames.some((name) => findProgram(name)) && !requireProgram(t, 'perl')) return;
  const path = join(tempDir(t), 'socket');
  const said = withoutDescriptors(`
    const { NotifySockets } = await import('${new URL('./notify-sockets.js', import.meta.url)}');
    const later = [];
    const clock = { now: Date.now, after: (ms, then) => { later.push(then); return () => undefined; } };
    const sockets = new NotifySockets({ clock, path: process.env.PATH, heard: () => undefined });
    for (const spare of [0, 3, 5]) {
      exhaust(spare);
      await sockets.open('web.0#1', '${path}').then(() => say('open'), (error) => say(error.message));
    }
    exhaust(50);
    later.at(-1)();
    say(String(sockets.helperPid > 0));
    process.exit(0);`);
  assert.match(said, /^(cannot listen for sd_notify: cannot start .*\n){3}true\n$/);
});

test('what is no line of sd_notify is left out', () => {
  const hex = (text: string) => Buffer.from(text).toString('hex');
  assert.deepEqual(
    [...parseNotice(hex('READY=1\nrubbish\n=x\nSTATUS=a=b\n'))],
    [
      ['READY', '1'],
      ['STATUS', 'a=b'],
    ],
  );
  assert.deepEqual([...parseNotice('')], []);
});

function readStatus(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8');
  } catch {
    return '';
  }
}
