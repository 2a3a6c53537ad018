import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { requireProgram } from '../../test/support/programs.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { shellQuote, systemdQuote } from '../kit/quote.ts';
import { removeFiles, writeFiles } from './apply.ts';
import { detectInit, detectScanDir, lastingPath, type Machine, serviceName } from './machine.ts';
import { bootPlan } from './plan.ts';
import { type BootSite, INITS, MARK } from './site.ts';

const user = {
  name: 'deploy',
  uid: 1000,
  group: 'deploy',
  groups: ['deploy', 'docker'],
  home: '/home/deploy',
};
const root = { name: 'root', uid: 0, group: 'root', groups: ['root'], home: '/root' };

function site(changes: Partial<BootSite> = {}): BootSite {
  return {
    init: 'systemd',
    scope: 'system',
    name: 'holdfast-deploy',
    home: '/home/deploy/.holdfast',
    user,
    scanDir: null,
    programs: new Set(),
    ...changes,
  };
}

function texts(plan: BootSite): string[] {
  return bootPlan(plan).files.flatMap(({ content }) => ('text' in content ? content.text : []));
}

function machine(facts: {
  first?: string;
  paths?: string[];
  programs?: string[];
  platform?: NodeJS.Platform;
}): Machine {
  return {
    platform: facts.platform ?? 'linux',
    firstProcess: facts.first ?? '',
    exists: (path) => facts.paths?.includes(path) ?? false,
    has: (program) => facts.programs?.includes(program) ?? false,
  };
}

test('the init is told by what it leaves behind, and a container has none', () => {
  const found = {
    systemd: { first: 'systemd', paths: ['/run/systemd/system', '/etc/init.d'] },
    openrc: { first: 'init', paths: ['/run/openrc/softlevel', '/etc/init.d'] },
    runit: { first: 'runit' },
    s6: { first: 's6-svscan' },
    upstart: { first: 'init', paths: ['/etc/init', '/etc/init.d'], programs: ['initctl', 'update-rc.d'] },
    sysv: { first: 'init', paths: ['/etc/init.d'], programs: ['chkconfig'] },
    launchd: { platform: 'darwin' as const },
  };
  for (const [init, facts] of Object.entries(found)) assert.equal(detectInit(machine(facts)), init);
  assert.equal(
    detectInit(machine({ first: 'tini', paths: ['/etc/init.d'], programs: ['update-rc.d'] })),
    undefined,
  );
  assert.equal(detectScanDir('runit', machine({ paths: ['/etc/service'] })), '/etc/service');
  assert.equal(detectScanDir('systemd', machine({ paths: ['/etc/service'] })), null);
});

test('several homes have services of several names', () => {
  assert.equal(serviceName('/var/lib/holdfast', root, 'system'), 'holdfast');
  assert.equal(serviceName('/home/deploy/.holdfast', user, 'system'), 'holdfast-deploy');
  assert.equal(serviceName('/home/deploy/.holdfast', user, 'user'), 'holdfast');
  assert.equal(serviceName('/srv/my shop', user, 'system'), 'holdfast-srv-my-shop');
});

test('of PATH only what is there at the next boot is kept', () => {
  const path = lastingPath(
    '/home/a/bin:/run/user/1000/fnm_multishells/1/bin:./x:/tmp/y:/usr/bin:/home/a/bin',
  );
  assert.equal(path, '/home/a/bin:/usr/bin:/usr/local/bin:/bin:/usr/sbin:/sbin');
});

test('every text says who wrote it, and every shell script is one', () => {
  for (const init of INITS) {
    for (const who of [root, user]) {
      for (const programs of [new Set<string>(), new Set(['setpriv', 'chpst', 's6-setuidgid'])]) {
        for (const text of texts(
          site({ init, user: who, programs, home: "/srv/it's here", scanDir: '/scan' }),
        )) {
          assert.ok(text.includes(MARK) || /^\d+\n$/.test(text), text);
          if (!text.startsWith('#!')) continue;
          const { status, stderr } = spawnSync('sh', ['-n'], { input: text, encoding: 'utf8' });
          assert.equal(status, 0, `${init}: ${stderr}\n${text}`);
        }
      }
    }
  }
});

test('nobody but root runs as root, and only the right to ports is given', () => {
  for (const init of INITS) {
    const text = texts(site({ init, programs: new Set(['setpriv']) })).join('\n');
    assert.match(text, /--reuid=deploy|User=deploy|<key>UserName<\/key><string>deploy</, init);
    if (init === 'launchd') continue;
    assert.match(
      text,
      /--ambient-caps=-all,\+net_bind_service|AmbientCapabilities=CAP_NET_BIND_SERVICE\n/,
      init,
    );
  }
  const without = bootPlan(site({ init: 'runit', programs: new Set(['chpst']) }));
  assert.match(
    texts(site({ init: 'runit', programs: new Set(['chpst']) })).join(),
    /chpst -u deploy:deploy:docker /,
  );
  assert.match(without.notes.join(), /ip_unprivileged_port_start/);
});

test('systemd itself finds nothing wrong with its unit', (t) => {
  const analyze = requireProgram(t, 'systemd-analyze');
  if (!analyze) return;
  const dir = tempDir(t);
  for (const [name, who] of Object.entries({ root, user })) {
    const unit = join(dir, `holdfast-${name}.service`);
    const launcher = join(dir, 'bin', 'holdfast-boot');
    mkdirSync(join(dir, 'bin'), { recursive: true });
    writeFileSync(launcher, '#!/bin/sh\n', { mode: 0o755 });
    const [text = ''] = texts(site({ user: { ...who, name: 'root', group: 'root' }, home: dir }));
    writeFileSync(unit, text);
    const verified: { stdout: string; stderr: string } = spawnSync(analyze, ['verify', '--man=no', unit], {
      encoding: 'utf8',
    });
    const about: readonly string[] = `${verified.stdout}${verified.stderr}`
      .split('\n')
      .filter((line) => line.includes('holdfast'));
    assert.deepEqual(about, []);
    const score = spawnSync(analyze, ['security', '--offline=yes', unit], { encoding: 'utf8' });
    t.diagnostic(`${name}: ${score.stdout.trimEnd().split('\n').at(-1)}`);
  }
});

test('no file of others is overwritten or removed', (t) => {
  const dir = tempDir(t);
  const path = join(dir, 'sv', 'holdfast', 'run');
  const file = { path, content: { text: `# ${MARK} for /a; \`x\` removes it.\n`, mode: 0o755 } };
  const link = { path: join(dir, 'link'), content: { link: join(dir, 'sv', 'holdfast') } };
  writeFiles([file, link]);
  writeFiles([file, link]);
  const other = { path, content: { text: `# ${MARK} for /b; \`x\` removes it.\n`, mode: 0o755 } };
  assert.throws(() => writeFiles([other]), /it is there already, and not ours/);
  assert.deepEqual(removeFiles([other, { ...link, content: { link: '/elsewhere' } }]), []);
  assert.deepEqual(removeFiles([file, link]), [link.path, path]);
  assert.equal(existsSync(join(dir, 'sv', 'holdfast')), false);
  writeFileSync(join(dir, 'theirs'), 'x');
  symlinkSync('/theirs', link.path);
  assert.throws(() => writeFiles([link]), /not ours/);
  assert.equal(readFileSync(join(dir, 'theirs'), 'utf8'), 'x');
});

test('words are safe in the files that they stand in', () => {
  assert.equal(shellQuote("/srv/it's here"), `'/srv/it'\\''s here'`);
  assert.equal(systemdQuote('/srv/100% $sure "x"'), '"/srv/100%% $$sure \\"x\\""');
  assert.equal(systemdQuote('/srv/app'), '/srv/app');
});
