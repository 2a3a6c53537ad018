/** What s6-supervise wants to find in the directory of a service, s6 2.11 and later: plain, and as s6-rc puts it there. Pure. */
import type { LogPlan } from '../../config/plan.ts';
import type { ExportedFile, ExportOptions } from '../exported.ts';
import { finish, type Words } from '../services/finish.ts';
import { becomeApp, isNumber, limitWords, setprivWords } from '../services/run-script.ts';
import type { Service } from '../services/service.ts';
import { shellWord } from '../services/shell.ts';

/**
 * @param at path of the directory
 * @param before what is said at the head of `run`, and what it waits for
 */
export function serviceFiles(
  at: string,
  service: Service,
  options: ExportOptions,
  before: { readonly head: string; readonly waits: readonly string[]; readonly up: string },
): ExportedFile[] {
  const { signal, timeoutMs } = service.app.stop;
  return [
    script(`${at}/run`, [...before.waits, ...run(service, options)], before.head),
    script(`${at}/finish`, finish(service.app, words(before.up))),
    // It holds the pauses between restarts, and ends by itself when somebody wants it down.
    textFile(`${at}/timeout-finish`, '0\n'),
    textFile(`${at}/down-signal`, `${signal}\n`),
    textFile(`${at}/timeout-kill`, `${Math.max(1, Math.ceil(timeoutMs))}\n`),
  ];
}

/** @param options of s6-log besides those of the log */
export function logScript(
  path: string,
  { name, app }: Service,
  options: readonly string[] = [],
): ExportedFile {
  const dir = `/var/log/${name}`;
  return script(path, [
    `mkdir -p -m 0750 ${dir}`,
    '# Each line begins with the time.',
    `exec ${['s6-log', ...options, ...logWords(app.log), dir].join(' ')}`,
  ]);
}

export function textFile(path: string, text: string): ExportedFile {
  return { path, text, mode: 0o644 };
}

function words(up: string): Words {
  return {
    group: '$(cat supervise/group; rm -f supervise/group)',
    wantedDown: '[ "$(s6-svstat -o wantedup .)" = false ]',
    asked: null,
    up,
    stop: ['# By this s6-supervise knows that it shall not start it.', 'exit 125'],
  };
}

function script(path: string, lines: readonly string[], head = ''): ExportedFile {
  return { path, text: `#!/bin/sh\n${head}${lines.join('\n')}\n`, mode: 0o755 };
}

function run(service: Service, options: ExportOptions): string[] {
  return [
    'date +%s >supervise/started',
    ...(service.app.stop.ends === 'tree'
      ? [
          '# s6-supervise starts it in a session of its own, by which finish ends what is left.',
          'echo $$ >supervise/group',
        ]
      : []),
    '',
    ...becomeApp(service, prefix(service), options),
  ];
}

function prefix(service: Service): string[] {
  const { app, user, group } = service;
  const { nice } = app.rights;
  return [
    ...limitWords(service),
    ...(nice === null ? [] : ['nice', '-n', String(nice)]),
    ...(user === null && group === null ? [] : identity(user ?? 'root', group)),
  ];
}

function identity(user: string, group: string | null): string[] {
  if (group === null && !isNumber(user)) return ['s6-setuidgid', shellWord(user)];
  return setprivWords(user, group);
}

function logWords({ rotateBytes, keep }: LogPlan): string[] {
  return ['t', `n${Math.max(1, keep)}`, `s${Math.min(268_435_455, Math.max(4096, rotateBytes))}`];
}
