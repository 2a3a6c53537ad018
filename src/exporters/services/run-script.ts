/** What the scripts say that start an app as root and become it: for runit, s6 and s6-rc. Pure. */
import type { ExportOptions } from '../exported.ts';
import { envFilePath } from './env-file.ts';
import type { Service } from './service.ts';
import { exportLines, secretLines, shellWord } from './shell.ts';

/** @param prefix words before the program, ready for the shell */
export function becomeApp(service: Service, prefix: readonly string[], options: ExportOptions): string[] {
  const { app, env, argv } = service;
  const { umask, oomScore } = app.rights;
  return [
    ...home(service),
    ...exportLines(env.open),
    ...secretLines(service, envFilePath(app, options)),
    '',
    ...(umask === null ? [] : [`umask ${umask.toString(8).padStart(4, '0')}`]),
    ...(oomScore === null ? [] : [`echo ${oomScore} >/proc/self/oom_score_adj`]),
    `cd ${shellWord(app.cwd)}`,
    '# No shell remains: signals are for the app.',
    `exec ${[...prefix, ...argv.map(shellWord)].join(' ')}`,
  ];
}

/** Raising a limit is root's right: these words come before those that change the user. */
export function limitWords({ app }: Service): string[] {
  const limits = Object.entries(app.rights.ulimits).map(([name, value]) => `--${name}=${value}`);
  return limits.length > 0 ? ['prlimit', ...limits] : [];
}

/**
 * For users and groups that the init's own program does not take: it knows names only, and a number need not have one.
 *
 * @param group null: the one that the user has
 */
export function setprivWords(user: string, group: string | null): string[] {
  const who = shellWord(user);
  // Who has no entry in passwd(5) has no group either.
  const own = isNumber(user) ? `"$(id -g ${who} 2>/dev/null || echo ${who})"` : `"$(id -g ${who})"`;
  return [
    'setpriv',
    `--reuid=${who}`,
    `--regid=${group === null ? own : shellWord(group)}`,
    isNumber(user) ? '--clear-groups' : '--init-groups',
  ];
}

export function isNumber(account: string | null): boolean {
  return account !== null && /^\d+$/.test(account);
}

/** As login(1) does it; what the app's own environment says comes after this. */
export function home({ user }: Pick<Service, 'user'>): string[] {
  const names = ['export HOME USER LOGNAME'];
  if (user === null) return [];
  if (isNumber(user)) {
    return [
      `USER=$(id -nu ${user} 2>/dev/null || echo ${user}) HOME=$(getent passwd ${user} | cut -d: -f6)`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own.
      'LOGNAME=$USER HOME=${HOME:-/}',
      ...names,
    ];
  }
  // A shell finds the home only of a name that needs no quotes.
  return /^[a-z_][\w-]*$/.test(user) ? [`HOME=~${user} USER=${user} LOGNAME=${user}`, ...names] : [];
}
