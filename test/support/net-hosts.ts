/**
 * Hosts with a network each: namespaces of network, processes and host name that hang on one switch, and real sshd as process 1. They share
 * the files of this machine; what is a host's own is its Holdfast home. A power cut ends all of its processes at once, and nobody hears of it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type HomePaths, homePaths } from '../../src/protocol/home.ts';
import { cleanup, type Test } from './cleanup.ts';
import { plainEnv } from './hold.ts';
import { findProgram, requireProgram, unavailable } from './programs.ts';
import { holdfastBin, root } from './root.ts';
import { program } from './ssh-hosts.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

export interface NetHost {
  readonly name: string;
  readonly address: string;
  readonly paths: HomePaths;
  /** Its link goes first, so that nobody is told, then every process. */
  powerCut(): Promise<void>;
  /** The link, sshd, and Holdfast as an init starts it when it was there before. */
  boot(): Promise<void>;
}

export interface Net {
  readonly hosts: readonly NetHost[];
  /** For commands here: the `ssh` in its PATH knows the hosts by their names. */
  readonly env: Readonly<Record<string, string>>;
  /** Holdfast on the hosts. */
  readonly command: string;
  /** Runs a program on a host of its own until the test is over. @returns its address */
  alongside(makeCommand: (address: string) => readonly [string, ...string[]]): string;
}

/** Undefined, and the test skipped, where namespaces cannot be made. */
export async function netHosts(t: Test, names: readonly string[]): Promise<Net | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    unavailable(t, 'hosts in network namespaces need Linux and root');
    return undefined;
  }
  const found = ['ip', 'nsenter', 'unshare', 'mount', 'sshd', 'ssh'].map((name) => requireProgram(t, name));
  if (found.includes(undefined)) return undefined;
  const dir = tempDir(t);
  chmodSync(dir, 0o711);
  const sw = openSwitch(t);
  if (!sw) return undefined;
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, key)]);
  const hosts = names.map((name, index) => netHost(t, sw, { dir, name, number: index + 1 }));
  const [type, key] = readFileSync(join(dir, 'host.pub'), 'utf8').split(' ');
  writeFileSync(join(dir, 'known'), hosts.map(({ address }) => `${address} ${type} ${key}\n`).join(''));
  writeFileSync(join(dir, 'config'), sshConfig(dir, hosts));
  mkdirSync(join(dir, 'bin'));
  // What is lost is lost within seconds: the test does not wait for as long as people are given.
  const soon = '-o ConnectTimeout=3 -o ServerAliveInterval=1 -o ServerAliveCountMax=4';
  program(join(dir, 'bin', 'ssh'), `exec ${findProgram('ssh')} ${soon} -F ${join(dir, 'config')} "$@"`);
  const command = join(dir, 'holdfast');
  program(command, `exec ${process.execPath} ${holdfastBin} "$@"`);
  await Promise.all(hosts.map((host) => host.boot()));
  let others = names.length;
  return {
    hosts,
    env: { PATH: `${join(dir, 'bin')}:${process.env.PATH}` },
    command,
    alongside(makeCommand) {
      others += 1;
      const place = sw.plug(others);
      const [file, ...args] = makeCommand(place.address);
      const child = spawn('nsenter', [`--net=/run/netns/${place.namespace}`, file, ...args], {
        env: plainEnv(),
        stdio: 'ignore',
      });
      cleanup(t, () => ended(child));
      return place.address;
    },
  };
}

function sshConfig(dir: string, hosts: readonly NetHost[]): string {
  const sections = hosts.map(
    ({ name, address, paths }) =>
      `Host ${name}\n  HostName ${address}\n  SetEnv HOLDFAST_HOME=${paths.home} SHOP_NAME=${name}\n`,
  );
  return `${sections.join('')}Host *
  User root
  IdentityFile ${join(dir, 'user')}
  IdentitiesOnly yes
  GlobalKnownHostsFile /dev/null
  UserKnownHostsFile ${join(dir, 'known')}
`;
}

interface Plug {
  readonly namespace: string;
  readonly address: string;
}

interface Switch {
  /** A namespace of its own with an address, by number. */
  plug(number: number): Plug;
}

/** In a namespace of its own, too; this machine has an address on it. */
function openSwitch(t: Test): Switch | undefined {
  const id = process.pid;
  const name = `holdfast-${id}`;
  // A block for measurements between networks (RFC 2544), which nobody has at home.
  const net = `198.18.${id % 256}`;
  const ip = (...lines: string[]) => {
    const batch = lines.join('\n');
    execFileSync('ip', ['-batch', '-'], { input: batch, stdio: ['pipe', 'pipe', 'pipe'] });
  };
  const ipIn = (namespace: string, ...lines: string[]) =>
    execFileSync('ip', ['-n', namespace, '-batch', '-'], { input: lines.join('\n'), stdio: 'pipe' });
  const remove = (...args: string[]) => {
    try {
      execFileSync('ip', args, { stdio: 'pipe' });
    } catch {
      // It has not come to be.
    }
  };
  cleanup(t, () => {
    remove('link', 'del', `hf${id}`);
    remove('netns', 'del', name);
  });
  try {
    ip(`netns add ${name}`);
  } catch (error) {
    unavailable(t, `network namespaces cannot be made here: ${String(error)}`);
    return undefined;
  }
  ipIn(name, 'link add br0 type bridge', 'link set br0 up');
  ip(`link add hf${id} type veth peer name here netns ${name}`);
  ipIn(name, 'link set here master br0', 'link set here up');
  ip(`addr add ${net}.254/24 dev hf${id}`, `link set hf${id} up`);
  return {
    plug(number) {
      const namespace = `${name}-${number}`;
      cleanup(t, () => remove('netns', 'del', namespace));
      ip(`netns add ${namespace}`);
      // The same address of the card after each boot: who remembers it finds the host again.
      const mac = `02:00:0a:00:00:${number.toString(16).padStart(2, '0')}`;
      ip(`link add p${id}x${number} type veth peer name eth0 address ${mac} netns ${namespace}`);
      ip(`link set p${id}x${number} netns ${name}`);
      ipIn(name, `link set p${id}x${number} master br0`, `link set p${id}x${number} up`);
      ipIn(namespace, 'link set lo up', `addr add ${net}.${number}/24 dev eth0`, 'link set eth0 up');
      return { namespace, address: `${net}.${number}` };
    },
  };
}

function netHost(
  t: Test,
  sw: Switch,
  { dir, name, number }: { readonly dir: string; readonly name: string; readonly number: number },
): NetHost {
  const { namespace, address } = sw.plug(number);
  const own = join(dir, name);
  mkdirSync(own, { mode: 0o711 });
  chmodSync(own, 0o711);
  const paths = homePaths(join(own, 'home'));
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const sshdConfig = join(own, 'sshd_config');
  writeFileSync(
    sshdConfig,
    `ListenAddress ${address}
HostKey ${join(dir, 'host')}
AuthorizedKeysFile ${join(dir, 'user.pub')}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
AcceptEnv HOLDFAST_HOME SHOP_*
MaxStartups 100
UseDNS no
SetEnv PATH=${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin
`,
  );
  const script = join(own, 'boot');
  program(
    script,
    `mount -t proc proc /proc && hostname ${name}
[ ! -d ${paths.state} ] || setsid ${process.execPath} ${join(root, 'dist/daemon/main.js')} --home ${paths.home} >/dev/null 2>&1 &
exec ${findProgram('sshd')} -D -e -f ${sshdConfig}`,
  );
  const link = (state: 'up' | 'down') => execFileSync('ip', ['-n', namespace, 'link', 'set', 'eth0', state]);
  let running: ChildProcess | undefined;
  const host: NetHost = {
    name,
    address,
    paths,
    async boot() {
      link('up');
      const into = ['unshare', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child'];
      const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, ...into, 'sh', script], {
        env: plainEnv(),
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      running = child;
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      await until(() => said.includes('Server listening') || child.exitCode !== null, {
        why: `${name} is up`,
      });
      if (child.exitCode !== null) throw new Error(`${name} did not boot: ${said}`);
    },
    async powerCut() {
      if (!running) return;
      const child = running;
      running = undefined;
      link('down');
      // nsenter has become unshare, whose only child is process 1; and with it the kernel ends all.
      const children = `/proc/${child.pid}/task/${child.pid}/children`;
      const first = existsSync(children) ? Number(readFileSync(children, 'utf8').trim()) : 0;
      if (first > 0) process.kill(first, 'SIGKILL');
      await ended(child);
    },
  };
  cleanup(t, () => host.powerCut());
  return host;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
