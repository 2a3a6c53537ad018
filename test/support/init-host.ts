/**
 * A machine to be booted, halted and unplugged, as namespaces on this one: its own processes, mounts, network and host name, a root file
 * system that is a copy of ours as far as it is changed (overlayfs), and a real init as process 1. Its disk outlives a power cut. The package is
 * installed in it as npm would do that (`hold` is a command), and there is a user `deploy`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cleanup, type Test } from './cleanup.ts';
import { plainEnv } from './hold.ts';
import { requireProgram, unavailable } from './programs.ts';
import { root } from './root.ts';
import { tempDir } from './temp-dir.ts';
import { until } from './until.ts';

export interface InitHost {
  /** Starts process 1. */
  boot(): Promise<void>;
  /** Every process of it ends at this instant, without a warning; what is on disk stays. */
  powerCut(): Promise<void>;
  /** Runs a command on it; an exit code other than 0 is an error with what it said. */
  run(...command: readonly string[]): string;
  /** The same for a line of sh, whatever its exit code. */
  shell(line: string): { readonly code: number | null; readonly output: string };
  /** Words of a command here that runs one there, until the next boot. */
  commandOn(command: readonly string[]): string[];
}

export interface InitHostOptions {
  /** Process 1. */
  readonly init: readonly [string, ...string[]];
  /** Lines of sh, run in the root of the file system before the first boot. */
  readonly prepare?: readonly string[];
  /** Process 1 manages control groups. */
  readonly cgroups?: boolean;
  /** Whether it is up, looked at from the inside. */
  readonly up: string;
}

/** Undefined, and the test skipped, where namespaces cannot be made. */
export function initHost(t: Test, options: InitHostOptions): InitHost | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    unavailable(t, 'booting a machine in namespaces needs Linux and root');
    return undefined;
  }
  for (const program of ['unshare', 'nsenter', 'mount', 'useradd', basename(options.init[0])]) {
    if (!requireProgram(t, program)) return undefined;
  }
  const dir = tempDir(t);
  const disk = join(dir, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    unavailable(t, `may not mount, though root: ${String(error)}`);
    return undefined;
  }
  cleanup(t, () => execFileSync('umount', ['-l', disk]));
  for (const name of ['up', 'work', 'root']) mkdirSync(join(disk, name));
  const groups = options.cgroups ? controlGroups(`holdfast-test-${process.pid}`) : null;
  cleanup(t, () => groups?.remove());
  const script = join(dir, 'boot.sh');
  writeFileSync(script, bootScript(disk, options, groups?.mounts ?? []));

  let running: { readonly outer: ChildProcess; readonly first: number; log(): string } | null = null;

  const commandOn = (command: readonly string[]) => {
    if (!running) throw new Error('The host is not up');
    const into = ['-t', String(running.first), '--mount', '--uts', '--ipc', '--net', '--pid', '--cgroup'];
    return ['nsenter', ...into, '--', ...command];
  };
  const enter = (command: readonly string[]) => {
    const [file = '', ...args] = commandOn(command);
    return spawnSync(file, args, {
      encoding: 'utf8',
      cwd: '/',
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        TERM: 'dumb',
      },
      timeout: 60_000,
    });
  };

  const host: InitHost = {
    async boot() {
      const child = spawn(
        'sh',
        [
          '-c',
          `${groups?.enter ?? ''}\nexec unshare --mount --uts --ipc --net --pid --cgroup --fork --kill-child --propagation private sh "$1"`,
          'sh',
          script,
        ],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { ...plainEnv(), PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
        },
      );
      let said = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          said += text;
        });
      }
      const first = await until(() => firstChild(child.pid ?? 0), { why: 'process 1 is there' });
      running = { outer: child, first, log: () => said };
      await until(
        () => {
          if (child.exitCode !== null || child.signalCode !== null) return true;
          return enter(['sh', '-c', `[ -e /run/holdfast-test-booted ] && { ${options.up}; }`]).status === 0;
        },
        { why: 'the host is up', every: 100 },
      ).catch((error) => {
        throw new Error(`${String(error)}\n${said}`);
      });
      if (child.exitCode !== null) throw new Error(`The host did not boot:\n${said}`);
    },
    async powerCut() {
      if (!running) return;
      const { outer, first } = running;
      running = null;
      const ended = new Promise((resolve) => outer.once('close', resolve));
      // The kernel kills every process of a pid namespace whose first one ends.
      process.kill(first, 'SIGKILL');
      await ended;
    },
    run(...command) {
      const { status, stdout, stderr } = enter(command);
      if (status !== 0) throw new Error(`\`${command.join(' ')}\` ended with ${status}\n${stdout}${stderr}`);
      return stdout;
    },
    commandOn,
    shell(line) {
      const { status, stdout, stderr } = enter(['sh', '-c', line]);
      return { code: status, output: `${stdout}${stderr}` };
    },
  };
  cleanup(t, () => host.powerCut());
  return host;
}

function firstChild(pid: number): number | undefined {
  // sh has become unshare, whose only child is process 1.
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return /^\d+$/.test(children) ? Number(children) : undefined;
}

interface ControlGroups {
  /** Lines of sh that put the shell into the groups. */
  readonly enter: string;
  /** Lines of sh that mount them, in the root of the new file system. */
  readonly mounts: readonly string[];
  remove(): void;
}

function controlGroups(name: string): ControlGroups {
  const base = '/sys/fs/cgroup';
  const unified = existsSync(`${base}/cgroup.controllers`);
  const hierarchies = unified
    ? [base]
    : 'cpu cpuacct cpuset memory devices freezer blkio pids systemd'
        .split(' ')
        .map((one) => `${base}/${one}`)
        .filter(existsSync);
  for (const hierarchy of hierarchies) {
    mkdirSync(`${hierarchy}/${name}`, { recursive: true });
    for (const file of hierarchy.endsWith('/cpuset') ? ['cpuset.cpus', 'cpuset.mems'] : []) {
      writeFileSync(`${hierarchy}/${name}/${file}`, readFileSync(`${hierarchy}/${file}`));
    }
  }
  const mounts = unified
    ? ['mount -t cgroup2 cgroup2 sys/fs/cgroup']
    : [
        'mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup',
        ...hierarchies.map((hierarchy) => {
          const one = hierarchy.slice(base.length + 1);
          const kind = one === 'systemd' ? 'none,name=systemd' : one;
          return `mkdir sys/fs/cgroup/${one}; mount -t cgroup -o ${kind} cgroup sys/fs/cgroup/${one}`;
        }),
      ];
  return {
    enter: hierarchies.map((hierarchy) => `echo $$ >${hierarchy}/${name}/cgroup.procs`).join('\n'),
    mounts,
    remove: () => {
      for (const hierarchy of hierarchies) removeTree(`${hierarchy}/${name}`);
    },
  };
}

/** A control group goes with rmdir, and only after those in it. */
function removeTree(dir: string): void {
  const { stdout } = spawnSync('find', [dir, '-depth', '-type', 'd'], { encoding: 'utf8' });
  for (const path of stdout.split('\n').filter(Boolean)) {
    try {
      rmdirSync(path);
    } catch {
      // A process is still in it: the kernel has not quite ended it.
    }
  }
}

function bootScript(
  disk: string,
  { init, prepare = [] }: InitHostOptions,
  cgroups: readonly string[],
): string {
  const devices = Object.entries({ null: 3, zero: 5, full: 7, random: 8, urandom: 9 });
  const modules = realpathSync(join(root, 'node_modules'));
  return [
    'set -e',
    `mount -t overlay overlay -o lowerdir=/,upperdir=${disk}/up,workdir=${disk}/work ${disk}/root`,
    `cd ${disk}/root`,
    'mount -t proc proc proc; mount -t sysfs sysfs sys',
    'mount -t tmpfs -o mode=755 tmpfs run; mount -t tmpfs -o mode=1777 tmpfs tmp',
    'mount -t tmpfs -o mode=755 tmpfs dev',
    ...devices.map(([name, minor]) => `mknod -m 666 dev/${name} c 1 ${minor}`),
    'mknod -m 666 dev/tty c 5 0; mkdir dev/pts dev/shm; mount -t tmpfs -o mode=1777 tmpfs dev/shm',
    'mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts; ln -s pts/ptmx dev/ptmx',
    'ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr',
    ...cgroups,
    'ip link set lo up 2>/dev/null || true; hostname booted',
    'package=usr/local/lib/node_modules/holdfast',
    'if [ ! -e var/lib/holdfast-test ]; then',
    '  rm -rf "$package" var/lib/holdfast home/deploy usr/local/bin/node usr/local/bin/hold',
    '  mkdir -p "$package" usr/local/bin; touch usr/local/bin/node',
    '  ln -s ../lib/node_modules/holdfast/bin/holdfast.js usr/local/bin/hold',
    '  useradd -R "$PWD" -m deploy',
    ...prepare.map((line) => `  ${line}`),
    '  mkdir var/lib/holdfast-test',
    'fi',
    // As the installed ones, readable for everybody, wherever this repository and this Node are.
    `mount --bind ${root} "$package"`,
    `[ ! -L ${root}/node_modules ] || mount --bind ${modules} ".${modules}"`,
    `mount --bind ${process.execPath} usr/local/bin/node`,
    'touch run/holdfast-test-booted',
    'mkdir -p old; pivot_root . old; cd /; umount -l /old; rmdir /old',
    `exec env -i container=holdfast-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin ${init.join(' ')}`,
    '',
  ].join('\n');
}
