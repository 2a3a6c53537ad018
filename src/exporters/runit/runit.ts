/** Service directories for runit, runsv(8), chpst(8): one for each instance, and a log service in each. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { comment } from '../comment.ts';
import type { Exported, ExportedFile, ExportOptions, Loss } from '../exported.ts';
import { lossLines } from '../losses.ts';
import { envFiles } from '../services/env-file.ts';
import { finish, type Words } from '../services/finish.ts';
import { becomeApp, isNumber, limitWords, setprivWords } from '../services/run-script.ts';
import { type Service, servicesOf } from '../services/service.ts';
import { shellWord } from '../services/shell.ts';
import { logFiles } from './log.ts';
import { runitLosses } from './losses.ts';

/** Its presence is what a person, or another service, leaves behind: this end is no crash. */
const ASKED = 'supervise/asked';

const WORDS: Words = {
  group: '$(cat supervise/group; rm -f supervise/group)',
  wantedDown: 'grep -q want supervise/stat',
  asked: ASKED,
  up: 'sv up',
  stop: [
    '# It may have been told to exit meanwhile, which `down` would take back.',
    'wanted_down || sv down .',
    '# runsv must have heard of it before this ends, or it would start the app once more.',
    'until wanted_down; do sleep 0.1; done',
    'exit 0',
  ],
};

export function runit(plan: Plan, options: ExportOptions): Exported {
  const services = servicesOf(plan, options).filter(({ app }) => !app.job);
  const losses = runitLosses(plan, options);
  return {
    files: [
      ...services.flatMap((service, index) => [
        run(service, services, options, index === 0 ? losses : []),
        program(service, 'finish', finish(service.app, WORDS)),
        program(service, 'control/t', control(service.app)),
        ...logFiles(service),
        ...(service.app.autostart ? [] : [file(service, 'down', '')]),
      ]),
      ...envFiles('runit', services, options, { before: '', syntax: 'values as sh(1) wants them' }),
    ],
    losses,
  };
}

function run(
  service: Service,
  services: readonly Service[],
  options: ExportOptions,
  losses: readonly Loss[],
): ExportedFile {
  const { app } = service;
  const needs = services.filter((other) => app.after.includes(other.app.name)).map((other) => other.name);
  return program(
    service,
    'run',
    [
      'exec 2>&1',
      'set -e',
      'date +%s >supervise/started',
      ...(app.stop.ends === 'tree'
        ? ['# So is its process group, by which finish ends what is left.', 'echo $$ >supervise/group']
        : []),
      ...needs.flatMap((name) => [
        `sv start ../${name} >/dev/null || { echo "waits for ${name}"; : >${ASKED}; sleep 1; exit 1; }`,
      ]),
      '',
      ...becomeApp(service, prefix(service), options),
    ],
    head(losses),
  );
}

function head(losses: readonly Loss[]): string {
  return comment('#', [
    'Written by `hold export runit`. Put these directories into /etc/sv, and a link to each into /etc/service. Then `sv status`, `sv restart`.',
    ...(losses.length > 0
      ? ['', 'Not in these files, because runit cannot do it:', ...lossLines(losses)]
      : []),
  ]);
}

function prefix(service: Service): string[] {
  const { app, user, group } = service;
  const { nice } = app.rights;
  const named = !isNumber(user) && !isNumber(group);
  const someone = user !== null || group !== null;
  const options = [
    ...(app.stop.ends === 'tree' ? ['-P'] : []),
    ...(nice === null ? [] : ['-n', String(nice)]),
    ...(someone && named ? ['-u', [user ?? 'root', ...(group === null ? [] : [group])].join(':')] : []),
  ];
  return [
    ...limitWords(service),
    ...(options.length > 0 ? ['chpst', ...options.map(shellWord)] : []),
    ...(someone && !named ? setprivWords(user ?? 'root', group) : []),
  ];
}

/** runsv waits for this program, so that what waits for the app must not be in front. */
function control({ stop: { signal, timeoutMs } }: AppPlan): string[] {
  return [
    '# Instead of the signal of runsv, for `sv down`, `sv restart` and `sv term`.',
    `: >${ASKED}`,
    'pid=$(cat supervise/pid)',
    `kill -${signal.replace(/^SIG/, '')} "$pid"`,
    '',
    '# What does not end by itself is killed. runsv alone would wait for ever.',
    'runs() { [ "$(cat supervise/pid)" = "$pid" ] && kill -0 "$pid"; }',
    '(',
    '  n=0',
    `  while runs && [ $n -lt ${Math.ceil(timeoutMs / 1000)} ]; do sleep 1; n=$((n + 1)); done`,
    '  if runs; then kill -KILL "$pid"; fi',
    ') </dev/null >/dev/null 2>&1 &',
  ];
}

function program({ name }: Service, path: string, lines: readonly string[], before = ''): ExportedFile {
  return { path: `runit/${name}/${path}`, text: `#!/bin/sh\n${before}${lines.join('\n')}\n`, mode: 0o755 };
}

function file({ name }: Service, path: string, text: string): ExportedFile {
  return { path: `runit/${name}/${path}`, text, mode: 0o644 };
}
