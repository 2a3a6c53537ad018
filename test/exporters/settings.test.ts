/** No setting is lost in silence: whatever is changed in a plan changes the files, or the list of what is not in them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../src/config/plan.ts';
import type { Exported } from '../../src/exporters/exported.ts';
import { everything, heldTargets, optionsFor } from './plans.ts';

type Path = readonly string[];

/** What somebody is told by the plan; the rest is somebody else's matter. */
const INIT =
  /^(?:logsTotalBytes|apps\.(?:web\.(?!(?:name|apart|sticky|hold|upstream)(?:\.|$))|nightly\.(?:command|cwd|autostart|job)|(?:chat|spare)\.(?:ready\.|autostart$)))/;
const CONCERNS = {
  front: /^(?:sites|edge|apps\.web\.(?:instances|port|portStep|sticky|hold|upstream))(?:\.|$)/,
  init: INIT,
  // Several instances replace each other there; and the PATH of a shell is no matter of an image.
  platform: new RegExp(
    String.raw`^(?!apps\.web\.(?:guest|baseEnv\.PATH)$)(?:${INIT.source}|^(?:sites|edge|egress|release\.migrate|apps\.web\.sticky)(?:\.|$))`,
  ),
  pipeline: /^(?:deploy\.production\.hosts|apps\.web\.node)\./,
  // What it shows is asked of Prometheus.
  monitoring: /^metrics\.listen\./,
} as const;
/** What is in no file, and must not be. */
const SECRET = /TOKEN|\.HOME$/;
/** Says which shape something has, not what is in it. */
const SHAPE = /(?:^|\.)(?:kind|from|index\.kind)$/;

for (const [name, target] of Object.entries(heldTargets)) {
  test(`${name}: each setting is in the files, or told`, () => {
    const before = target.export(everything, optionsFor(everything));
    const lost: string[] = [];
    for (const path of leaves(everything)) {
      const at = path.join('.');
      if (!CONCERNS[target.kind].test(at) || SHAPE.test(at) || SECRET.test(at)) continue;
      const changed = withChanged(everything, path);
      const after = target.export(changed, optionsFor(changed));
      if (JSON.stringify(before) === JSON.stringify(after) && !isTold(path, before)) lost.push(at);
    }
    assert.deepEqual(lost, [], `${name} says nothing of these`);
  });
}

function leaves(value: unknown, at: Path = []): Path[] {
  if (value === null) return [];
  if (typeof value !== 'object') return [at];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...at, key]));
}

function withChanged(plan: Plan, path: Path): Plan {
  // No structured clone: what is in two places is changed in one.
  const copy = JSON.parse(JSON.stringify(plan)) as Plan;
  let holder = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  const key = path.at(-1) ?? '';
  holder[key] = changed(key, holder[key]);
  return copy;
}

/** Another value that may be there. */
function changed(key: string, value: unknown): unknown {
  const choices: Readonly<Record<string, unknown>> = {
    status: 302,
    unknownHost: 421,
    protocol: 'h2c',
    format: 'combined',
    challenge: 'tls-alpn-01',
    sticky: value === true ? false : 'none',
    share: 0.25,
    sample: 0.25,
    proxyProtocol: value === 'v1' ? 'v2' : false,
    app: 'chat',
    // Of an app: how it is run.
    by: 'listen',
    signal: 'SIGQUIT',
    ends: 'tree',
    when: 'always',
    early: 'retry',
    expression: '15 3 * * *',
    timezone: 'Europe/Paris',
    missed: 'skip',
    core: 1,
  };
  if (key in choices) return choices[key];
  if (typeof value === 'number') return value + 1000;
  return typeof value === 'boolean' ? !value : `${value}x`;
}

/**
 * Settings have other names in the plan: `drainMs` is `drain` in the file, and routes are named by their prefix. What is said of a
 * whole route or site excuses nothing below it; a job that the clock does not start is in no file.
 */
function isTold(path: Path, { losses }: Exported): boolean {
  const at = settingOf(path);
  const settings = losses.map(({ setting }) => setting).filter((setting) => !WHOLE.test(setting));
  const isJobTold = settings.includes(`apps.${path[1]}.cron`) && path[0] === 'apps';
  return isJobTold || settings.some((setting) => at === setting || at.startsWith(`${setting}.`));
}

const WHOLE = /^(?:apps\.[^.]+|sites\.(?:example\.com|\*\.example\.org)(?:\.routes\.[^.]+)?)$/;

function settingOf(path: Path): string {
  const [top, host, , index] = path;
  const route =
    top === 'sites' && path[2] === 'routes' ? everything.sites[host ?? '']?.routes[Number(index)] : undefined;
  const named = path
    .map((key, n) => (route && n === 3 ? route.prefix : key.replace(/(?:Ms|Bytes)$/, '')))
    .filter((key, n) => n < 3 || (key !== 'rules' && key !== 'content'))
    .join('.');
  return named
    .replace('.content.', '.')
    .replace('.certificate.', '.')
    .replace('.load.rates', '.limits.rate')
    .replace('.load.', '.limits.')
    .replace('.rights.', '.')
    .replace('.restart.at.', '.restart.cron.')
    .replace('.giveUp.', '.giveUpAfter.')
    .replace(/\.backoffM(?:in|ax)/, '.backoff')
    .replace('.portStep', '.port')
    .replace('.hold.maxWaiting', '.hold.queue')
    .replace('.job.', '.cron.')
    .replace('logsTotal', 'logs.total')
    .replace(/\.parts\.\d+\.to\./, '.');
}
