/** Who a service is and what it may use: systemd.exec(5) "Credentials", "Process properties"; systemd.resource-control(5). */
import type { AppConfig } from '../config-types.ts';
import type { Assignments, Note } from './systemd-assignments.ts';
import { unitBytes, unitDuration } from './systemd-unit.ts';

type Rights = Pick<
  AppConfig,
  'user' | 'group' | 'umask' | 'nice' | 'oomScore' | 'ulimits' | 'memory' | 'cpu' | 'pids'
>;

export function rightsOf(unit: Assignments, note: Note): Rights {
  const umask = unit.one('UMask');
  const quota = unit.one('CPUQuota');
  const cpu = /^(\d+(?:\.\d+)?)%$/.exec(quota ?? '')?.[1];
  const tasks = unit.one('TasksMax');
  if (tasks !== undefined && !/^\d+$/.test(tasks) && tasks !== 'infinity')
    note(`TasksMax=${tasks} is a share: pids takes a number`);
  const soft = memoryOf(unit, note, 'MemoryHigh');
  const hard = memoryOf(unit, note, 'MemoryMax') ?? memoryOf(unit, note, 'MemoryLimit');
  if (soft !== undefined)
    note(
      'MemoryHigh slows an app down there; here one that has more is replaced by a new one, without a gap',
    );
  return {
    user: unit.one('User'),
    group: unit.one('Group'),
    umask: umask === undefined ? undefined : umask.padStart(3, '0'),
    nice: wholeNumber(unit.one('Nice')),
    oomScore: wholeNumber(unit.one('OOMScoreAdjust')),
    ulimits: ulimitsOf(unit, note),
    memory: { soft, hard },
    cpu: cpu === undefined ? undefined : Number(cpu) / 100,
    pids: wholeNumber(tasks),
  };
}

function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

function memoryOf(unit: Assignments, note: Note, key: string): string | undefined {
  const value = unit.one(key);
  if (value === undefined || value === 'infinity') return undefined;
  const bytes = unitBytes(value);
  if (bytes === undefined) note(`${key}=${value}: a share of the memory cannot be said here`);
  return bytes === undefined ? undefined : sizeText(bytes);
}

/** In the largest unit that leaves no rest. */
function sizeText(bytes: number): string {
  const units = [
    ['TB', 1024 ** 4],
    ['GB', 1024 ** 3],
    ['MB', 1024 ** 2],
    ['KB', 1024],
  ] as const;
  const [unit, size] = units.find(([, size]) => bytes >= size && bytes % size === 0) ?? ['B', 1];
  return `${bytes / size}${unit}`;
}

const limits = {
  LimitAS: 'as',
  LimitCORE: 'core',
  LimitCPU: 'cpu',
  LimitDATA: 'data',
  LimitFSIZE: 'fsize',
  LimitLOCKS: 'locks',
  LimitMEMLOCK: 'memlock',
  LimitMSGQUEUE: 'msgqueue',
  LimitNOFILE: 'nofile',
  LimitNPROC: 'nproc',
  LimitRSS: 'rss',
  LimitRTPRIO: 'rtprio',
  LimitRTTIME: 'rttime',
  LimitSIGPENDING: 'sigpending',
  LimitSTACK: 'stack',
} as const;

function ulimitsOf(unit: Assignments, note: Note): AppConfig['ulimits'] {
  const found = Object.entries(limits).flatMap(([key, name]) => {
    const value = unit.one(key);
    if (value === undefined) return [];
    // `soft:hard`: an app may raise the soft one itself.
    const [soft = '', hard = soft] = value.split(':');
    if (hard !== soft) note(`${key}=${value}: soft and hard limit are the same here, ${hard}`);
    const number =
      key === 'LimitCPU' ? (unitDuration(hard) ?? Number.NaN) / 1000 : (unitBytes(hard) ?? Number.NaN);
    if (Number.isNaN(number)) note(`${key}=${value} was not understood and is left out`);
    return Number.isNaN(number) ? [] : [[name, Number.isFinite(number) ? Math.ceil(number) : 'unlimited']];
  });
  return Object.fromEntries(found) as AppConfig['ulimits'];
}
