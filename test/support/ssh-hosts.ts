/** Hosts that ssh reaches: one sshd on loopback, with its own keys, and a Holdfast home for each name. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { cleanup, type Test } from './cleanup.ts';
import { plainEnv } from './hold.ts';
import { freePort } from './ports.ts';
import { requireProgram } from './programs.ts';
import { holdfastBin } from './root.ts';
import { tempDir } from './temp-dir.ts';
import { type TestHome, testHome } from './test-home.ts';
import { until } from './until.ts';

export interface SshHost {
  readonly name: string;
  readonly home: TestHome;
  /** What its app listens on: the configuration sees it as SHOP_PORT there, and the name as SHOP_NAME. */
  readonly port: number;
}

export interface SshHosts {
  readonly hosts: readonly SshHost[];
  /** For commands here: the `ssh` in its PATH knows the hosts, and `stranger`, whose host key is another one. */
  readonly env: Readonly<Record<string, string>>;
  /** Holdfast on the hosts. */
  readonly command: string;
}

export interface SshHostsOptions {
  /** The home directory of who logs in, for what is put below it. Root says there that it is not root. */
  readonly userHome?: string;
}

/** Undefined, and the test skipped, where there is no sshd. */
export async function sshHosts(
  t: Test,
  names: readonly string[],
  options: SshHostsOptions = {},
): Promise<SshHosts | undefined> {
  const sshd = requireProgram(t, 'sshd');
  const ssh = requireProgram(t, 'ssh');
  if (!sshd || !ssh) return undefined;
  const dir = tempDir(t);
  chmodSync(dir, 0o711);
  for (const name of ['host', 'other', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, name)]);
  const port = await listening(t, sshd, dir, options);
  const known = (file: string, key: string) => {
    const [type, value] = readFileSync(join(dir, `${key}.pub`), 'utf8').split(' ');
    writeFileSync(join(dir, file), `[127.0.0.1]:${port} ${type} ${value}\n`);
  };
  known('known', 'host');
  known('mistaken', 'other');
  const hosts: SshHost[] = [];
  for (const name of names) {
    const home = testHome(t);
    // Root's builds run as somebody else, who must get there.
    chmodSync(home.dir, 0o711);
    hosts.push({ name, home, port: await freePort() });
  }
  const sections = hosts.map(({ name, home, port: app }) =>
    section(name, [`SetEnv HOLDFAST_HOME=${home.paths.home} SHOP_PORT=${app} SHOP_NAME=${name}`]),
  );
  const all = [
    ...sections,
    section('stranger', [`UserKnownHostsFile ${join(dir, 'mistaken')}`]),
    section('*', [
      'HostName 127.0.0.1',
      `Port ${port}`,
      `User ${userInfo().username}`,
      `IdentityFile ${join(dir, 'user')}`,
      'IdentitiesOnly yes',
      'GlobalKnownHostsFile /dev/null',
      `UserKnownHostsFile ${join(dir, 'known')}`,
    ]),
  ];
  const config = join(dir, 'config');
  writeFileSync(config, all.join(''));
  mkdirSync(join(dir, 'bin'));
  program(join(dir, 'bin', 'ssh'), `exec ${ssh} -F ${config} "$@"`);
  const command = join(dir, 'holdfast');
  program(command, `exec ${process.execPath} ${holdfastBin} "$@"`);
  return { hosts, env: { PATH: `${join(dir, 'bin')}:${process.env.PATH}` }, command };
}

/** A shell script. */
export function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

function section(name: string, lines: readonly string[]): string {
  return `Host ${name}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

/** @returns its port */
async function listening(t: Test, sshd: string, dir: string, { userHome }: SshHostsOptions): Promise<number> {
  const port = await freePort();
  // Where root's sshd locks its unprivileged half in; Debian makes it when the service starts.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const paths = [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'];
  if (userHome !== undefined) {
    mkdirSync(join(dir, 'user-bin'));
    program(join(dir, 'user-bin', 'id'), 'case $1 in -u) echo 1000;; *) echo deploy;; esac');
    paths.unshift(join(dir, 'user-bin'));
  }
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(dir, 'host')}`,
    `AuthorizedKeysFile ${join(dir, 'user.pub')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    'AcceptEnv HOLDFAST_HOME SHOP_*',
    // As many as a deploy opens at once, and more.
    'MaxStartups 100',
    'UseDNS no',
    `SetEnv PATH=${paths.join(':')}${userHome === undefined ? '' : ` HOME=${userHome}`}`,
  ];
  const file = join(dir, 'sshd_config');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(sshd, ['-D', '-e', '-f', file], {
    env: plainEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  cleanup(t, async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => said.includes('Server listening') || child.exitCode !== null, { why: 'sshd listens' });
  if (child.exitCode !== null) throw new Error(`sshd has ended: ${said}`);
  return port;
}
