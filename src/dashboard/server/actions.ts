/** What people do from the page: what the daemon can do is asked of it; a deploy is our own command, as a person would type it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../client/client.ts';
import { asHoldfastError, HoldfastError } from '../../errors.ts';
import type { Action, ActionReply } from '../../protocol/dashboard.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import { releasePaths } from '../../release/paths.ts';
import { RecordFiles } from '../../release/records.ts';
import { placeToDeploy } from './releases.ts';

const HOLD = fileURLToPath(new URL('../../../bin/holdfast.js', import.meta.url));
/** Of what a command says. */
const LONGEST_LINE = 2000;

export interface ActionOptions {
  /** Says who asks. */
  readonly client: Client;
  readonly by: string;
  readonly home: string;
  readonly tell: (reply: ActionReply) => void;
}

/** Tells how it goes, and at last one `done` or `error`. Goes on when nobody listens any more: what was begun is brought to its end. */
export async function perform(action: Action, options: ActionOptions): Promise<void> {
  const { tell } = options;
  try {
    tell({ done: await carryOut(action, options) });
  } catch (error) {
    const { code, message, hint } = asHoldfastError(error);
    tell({ error: { code, message, hint } });
  }
}

async function carryOut(action: Action, options: ActionOptions): Promise<string> {
  const { client, tell } = options;
  const onEvent = (event: HoldfastEvent) => tell({ line: lineOf(event) });
  const waiting = { onEvent };
  switch (action.do) {
    case 'start':
    case 'stop':
    case 'restart': {
      const one = action.slot === undefined ? {} : { slot: action.slot };
      const name = action.slot === undefined ? action.app : `${action.app}.${action.slot}`;
      await client[action.do](action.app, waiting, one);
      return `${name} ${{ start: 'runs', stop: 'is stopped', restart: 'is restarted' }[action.do]}`;
    }
    case 'reload':
      await client.reload(action.app, waiting);
      return `${action.app} is reloaded`;
    case 'reset':
      await client.reset(action.app, waiting);
      return `the restarts of ${action.app} are counted from 0`;
    case 'run':
      await client.runJob(action.app, waiting);
      return `${action.app} runs`;
    case 'scale':
      await client.scale(action.app, action.instances, waiting);
      return `${action.app} has ${action.instances} instances`;
    case 'pause':
      await client.pause(action.site, {}, waiting);
      return `requests of ${action.site} wait`;
    case 'resume':
      await client.resume(action.site, waiting);
      return `${action.site} goes on`;
    case 'continue':
      await client.continuePromotion(action.project, waiting);
      return `the release of ${action.project} serves`;
    case 'abort':
      await client.abortPromotion(action.project, waiting);
      return `the release before of ${action.project} comes back`;
    case 'deploy':
      await deploy(action.project, options);
      return `${action.project} is deployed`;
    case 'rollback': {
      const release = action.release === undefined ? [] : [action.release];
      await command(['rollback', '--project', action.project, ...release], '/', options);
      return `${action.project} is back`;
    }
  }
}

async function deploy(project: string, options: ActionOptions): Promise<void> {
  const place = placeToDeploy(new RecordFiles(releasePaths(options.home, project).records).list());
  if (!place) {
    throw new HoldfastError(
      'SOURCE_INVALID',
      `Cannot deploy "${project}" from here: no release of it came from a directory that is still there`,
      {
        hint: 'Run `hold deploy` where its files are',
      },
    );
  }
  const tree = place.isWorkingTree ? ['--working-tree'] : [];
  await command(['deploy', '--file', place.config, ...tree], place.dir, options);
}

/** Our own command, by its list of arguments. What it says for people is told line by line. */
function command(args: readonly string[], cwd: string, { home, by, tell }: ActionOptions): Promise<void> {
  const { NODE_ENV: _of, ...env } = process.env;
  const child = spawn(process.execPath, [HOLD, '--home', home, '--no-color', ...args], {
    cwd,
    env: { ...env, HOLDFAST_BY: by },
    stdio: ['ignore', 'pipe', 'pipe'],
    // It goes on when this process is replaced.
    detached: true,
  });
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    for (const output of [child.stdout, child.stderr]) {
      let rest = '';
      output.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = (lines.pop() ?? '').slice(-LONGEST_LINE);
        for (const line of lines.filter((one) => one.trim() !== '')) {
          last.push(line);
          if (last.length > 100) last.shift();
          tell({ line: line.slice(0, LONGEST_LINE) });
        }
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) return resolve();
      const at = last.findLastIndex((line) => line.startsWith('hold: '));
      const message = last[at]?.slice('hold: '.length) ?? `\`hold ${args[0]}\` ended with ${code}`;
      const hint = at < 0 ? undefined : last[at + 1]?.trim();
      reject(new HoldfastError('STEP_FAILED', message, hint === undefined ? {} : { hint }));
    });
  });
}

function lineOf({ type, app, instance, reason }: HoldfastEvent): string {
  const what = type.replace('.', ' ').replaceAll('-', ' ');
  return [instance ?? app, what, reason].filter(Boolean).join(': ');
}

/** What came over the network as an action; @throws HoldfastError BAD_REQUEST when it is none */
export function readAction(value: unknown): Action {
  const fields =
    value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  const text = (name: string): string => {
    const found = fields[name];
    // What begins with a dash would be an option of the command.
    if (typeof found === 'string' && found !== '' && found.length <= 300 && !found.startsWith('-'))
      return found;
    throw new HoldfastError('BAD_REQUEST', `Cannot do that: "${name}" is missing, or is no name`);
  };
  const whole = (name: string): number => {
    const found = fields[name];
    if (Number.isInteger(found) && (found as number) >= 0 && (found as number) <= 1000)
      return found as number;
    throw new HoldfastError('BAD_REQUEST', `Cannot do that: "${name}" must be a number from 0 to 1000`);
  };
  switch (fields.do) {
    case 'start':
    case 'stop':
    case 'restart':
    case 'reload':
    case 'reset':
    case 'run':
      return { do: fields.do, app: text('app'), ...(fields.slot !== undefined && { slot: whole('slot') }) };
    case 'scale':
      return { do: 'scale', app: text('app'), instances: whole('instances') };
    case 'pause':
    case 'resume':
      return { do: fields.do, site: text('site') };
    case 'deploy':
    case 'continue':
    case 'abort':
      return { do: fields.do, project: text('project') };
    case 'rollback':
      return {
        do: 'rollback',
        project: text('project'),
        ...(fields.release !== undefined && { release: text('release') }),
      };
    default:
      throw new HoldfastError('BAD_REQUEST', `There is no action "${String(fields.do).slice(0, 40)}"`);
  }
}
