/** From facts to advice. Everything that somebody looks for at three in the morning, the most urgent first. */
import { formatBytes, formatDuration } from '../../kit/units.ts';
import { bad, type Check, ok, warn } from './check.ts';
import type { CertificateFile, MachineFacts } from './facts.ts';

const GB = 1_000_000_000;
const DAY_MS = 86_400_000;
/** When the last fixes of each major version of Node come; of odd ones nobody should wait for any. nodejs/Release, schedule.json. */
const NODE_ENDS: Readonly<Record<number, string>> = {
  18: '2025-04-30',
  20: '2026-04-30',
  22: '2027-04-30',
  24: '2028-04-30',
  26: '2029-04-30',
};

export function judge(facts: MachineFacts): Check[] {
  return [
    ...daemon(facts),
    ...apps(facts),
    ...config(facts),
    ...ports(facts),
    ...facts.certificates.map((file) => certificate(file, facts.now)),
    ...home(facts),
    ...disk(facts),
    ...logs(facts),
    ...memory(facts),
    ...descriptors(facts),
    node(facts),
    ...clock(facts),
    boot(facts),
  ];
}

function daemon({ daemon, version, home }: MachineFacts): Check[] {
  switch (daemon.state) {
    case 'ill':
      return [bad('daemon', daemon.problem, `Look into ${home.path}/daemon.log`)];
    case 'none':
      return daemon.wishes > 0
        ? [
            bad(
              'daemon',
              `none runs, and ${plural(daemon.wishes, 'app')} should be kept`,
              '`hold ls` starts one again, which takes over what still runs',
            ),
          ]
        : [ok('daemon', 'none runs, and there is nothing to keep')];
    case 'runs':
      return [
        daemon.version === version
          ? ok('daemon', `runs, pid ${daemon.pid}, version ${version}`)
          : warn(
              'daemon',
              `version ${daemon.version} runs, and ${version} is installed`,
              '`hold upgrade` changes over, and apps go on',
            ),
        daemon.holder
          ? ok('holder', 'is there, should the daemon die')
          : warn(
              'holder',
              'there is none: if the daemon dies, waiting connections are lost',
              `Look into ${home.path}/daemon.log for why`,
            ),
      ];
  }
}

function apps({ apps }: MachineFacts): Check[] {
  if (apps.length === 0) return [];
  const ill = apps.filter(({ status }) => status === 'failed' || status === 'degraded');
  const flapping = apps.filter((app) => app.restarts >= 10 && !ill.includes(app));
  const notes = [...new Set(apps.flatMap((app) => app.notes))];
  if (ill.length === 0 && flapping.length === 0 && notes.length === 0)
    return [ok('apps', `${plural(apps.length, 'app')}, all well`)];
  return [
    ...ill.map(({ name, status, reason }) =>
      bad(
        name,
        `is ${status}${reason ? `: ${reason}` : ''}`,
        `\`hold crashes ${name}\` says why, \`hold logs ${name}\` what it wrote`,
      ),
    ),
    ...flapping.map(({ name, restarts }) =>
      warn(name, `crashed and was started again ${restarts} times`, `\`hold crashes ${name}\` says why`),
    ),
    // With a server of the machine, several apps say the same.
    ...notes.map((note) => warn('front', note, '`hold events` has all that was said, and since when')),
  ];
}

function config({ config }: MachineFacts): Check[] {
  if (config.state === 'none') return [];
  if (config.state === 'wrong')
    return [
      bad(
        'config',
        [config.problem, ...config.details].join('; '),
        `Correct ${config.file}; what runs goes on`,
      ),
    ];
  if (config.state === 'deployed')
    return [
      ok('config', `${config.file} is valid; release ${config.release} runs, \`hold deploy\` brings another`),
    ];
  if (config.state === 'refused')
    return [warn('config', [config.problem, ...config.details].join('; '), config.hint)];
  const { changes, file } = config;
  if (changes === null) return [ok('config', `${file} is valid, and nothing runs`)];
  if (changes.length === 0) return [ok('config', `${file} is valid, and is what runs`)];
  return [
    warn(
      'config',
      `${file} is not what runs: ${changes.slice(0, 5).join(', ')}${changes.length > 5 ? ', …' : ''}`,
      '`hold up --plan` shows what would change, `hold up` changes it',
    ),
  ];
}

function ports({ ports, isRoot, firstFreePort }: MachineFacts): Check[] {
  return ports.flatMap(({ of, port, isTaken }): Check[] => {
    if (isTaken)
      return [
        bad(
          'port',
          `${port} (${of}) is taken by another program`,
          `\`ss -ltnp 'sport = :${port}'\` (as root) says which`,
        ),
      ];
    if (port < firstFreePort && !isRoot)
      return [
        warn(
          'port',
          `${port} (${of}) may be taken by root only`,
          `As root: sysctl net.ipv4.ip_unprivileged_port_start=${port}, or choose another one with \`listen\``,
        ),
      ];
    return [];
  });
}

function certificate({ name, notAfter, problem, isAutomatic }: CertificateFile, now: number): Check {
  const about = 'certificate';
  if (problem !== null)
    return bad(about, `${name} ${problem}`, 'Put the right files there; they are read again by themselves');
  const left = (notAfter ?? now) - now;
  const days = Math.floor(left / DAY_MS);
  const how = isAutomatic
    ? '`hold events` says why it is not renewed; port 80 of the name must lead here'
    : 'Renew it; Holdfast reads it again by itself';
  if (left <= 0) return bad(about, `of ${name} has ended`, how);
  if (days < 7) return bad(about, `of ${name} ends in ${formatDuration(left)}`, how);
  // Automatic ones are renewed when a third of their time is left, which may be two days of six.
  if (days < 21) return warn(about, `of ${name} ends in ${days} days`, how);
  return ok(about, `of ${name} is valid for ${days} days`);
}

function home({ home, now }: MachineFacts): Check[] {
  if (!home.exists) return [];
  const open = home.mode !== null && (home.mode & 0o077) !== 0;
  const socketOpen = home.socketMode !== null && (home.socketMode & 0o077) !== 0;
  const future = home.newestMs !== null && home.newestMs > now + DAY_MS;
  if (!home.isOurs)
    return [
      bad(
        'home',
        `${home.path} belongs to another user`,
        'Run the command as that user, or name another home with --home',
      ),
    ];
  return [
    ...(open
      ? [
          bad(
            'home',
            `others may look into ${home.path} (mode ${octal(home.mode)})`,
            `chmod 700 ${home.path}`,
          ),
        ]
      : []),
    ...(socketOpen
      ? [
          bad(
            'socket',
            `others may give orders (mode ${octal(home.socketMode)})`,
            `chmod 600 ${home.path}/run/control.sock`,
          ),
        ]
      : []),
    ...(future
      ? [
          warn(
            'clock',
            `files of ${home.path} are from the future`,
            'Look whether the clock of this machine is right: `date`',
          ),
        ]
      : []),
    ...(open || socketOpen ? [] : [ok('home', `${home.path}, closed to others`)]),
  ];
}

function disk({ disk, home }: MachineFacts): Check[] {
  if (!disk) return [];
  const { freeBytes, totalBytes, freeInodeShare } = disk;
  const text = `${formatBytes(freeBytes)} free of ${formatBytes(totalBytes)}`;
  const advice = `Free some space on the disk of ${home.path}: \`hold flush\` or \`logs.total\` for logs`;
  const share = freeBytes / totalBytes;
  if (freeInodeShare < 0.02)
    return [
      bad(
        'disk',
        'nearly no inodes are left, so no file can be made',
        'Remove small files: `df -i` shows where',
      ),
    ];
  if (freeBytes < GB / 10 || share < 0.01) return [bad('disk', text, advice)];
  if (freeBytes < GB || share < 0.05) return [warn('disk', text, advice)];
  return [ok('disk', text)];
}

function logs({ logBytes, disk, config }: MachineFacts): Check[] {
  const cap = config.state === 'fine' ? config.logsTotalBytes : null;
  const text = `${formatBytes(logBytes)} of logs${cap === null ? '' : `, at most ${formatBytes(cap)}`}`;
  if (cap === null && disk && logBytes > disk.totalBytes / 4)
    return [warn('logs', text, 'Set `logs.total` in the config file; the oldest go first')];
  return [ok('logs', text)];
}

function memory({ memory }: MachineFacts): Check[] {
  if (!memory) return [];
  const { availableBytes, totalBytes } = memory;
  const text = `${formatBytes(availableBytes)} available of ${formatBytes(totalBytes)}`;
  if (availableBytes / totalBytes < 0.05)
    return [
      warn(
        'memory',
        text,
        '`hold ls` shows who has how much; `memory` of an app replaces it before the kernel kills',
      ),
    ];
  return [ok('memory', text)];
}

function descriptors({ descriptors }: MachineFacts): Check[] {
  if (descriptors === null) return [];
  const text = `${descriptors} files and connections may be open in a process`;
  if (descriptors < 4096)
    return [
      warn(
        'descriptors',
        text,
        'Raise it: `ulimit -n 65536` before Holdfast starts, LimitNOFILE= of systemd, or `ulimits` of an app',
      ),
    ];
  return [ok('descriptors', text)];
}

function node({ node, daemon, now }: MachineFacts): Check {
  const running = daemon.state === 'runs' ? daemon.node : node;
  const major = Number(/^v?(\d+)/.exec(running)?.[1]);
  const end = NODE_ENDS[major];
  if (major % 2 === 1)
    return warn(
      'node',
      `apps run with ${running}, which is no version for production`,
      'Install one with an even number; `hold upgrade` changes over',
    );
  if (end !== undefined && Date.parse(end) < now)
    return warn(
      'node',
      `apps run with ${running}, which gets no fixes since ${end}`,
      'Install a newer one; `hold upgrade` changes over',
    );
  if (running !== node)
    return warn(
      'node',
      `apps run with ${running}, and this is ${node}`,
      '`hold upgrade` changes over, and apps go on',
    );
  return ok('node', `${running}${end === undefined ? '' : `, which gets fixes until ${end}`}`);
}

function clock({ now }: MachineFacts): Check[] {
  if (now > Date.parse('2025-01-01')) return [];
  const text = `the clock says ${new Date(now).toISOString().slice(0, 10)}`;
  return [bad('clock', text, 'Set it: certificates are not valid at such a time')];
}

function boot({ boot, daemon }: MachineFacts): Check {
  if (boot !== null) return ok('boot', `starts with the machine, by ${boot}`);
  const text = 'does not start with the machine';
  return daemon.state === 'runs' || daemon.state === 'ill'
    ? warn('boot', text, '`hold boot enable` changes that')
    : ok('boot', text);
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function octal(mode: number | null): string {
  return (mode ?? 0).toString(8).padStart(4, '0');
}
