/** From an app as PM2 knows it to an app of Holdfast: same meaning, and better where that harms nobody. */
import { basename, extname, join } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { AppConfig } from '../config-types.ts';
import { splitWords } from '../shell-words.ts';
import type { Pm2App } from './pm2-fields.ts';
import { filesOf, homed, type Pm2Homes } from './pm2-log-files.ts';
import { pm2Name } from './pm2-name.ts';
import { cronOf, durationOf, memoryOf, restartOf, stopOf, watchOf } from './pm2-policies.ts';
import type { Pm2Values } from './pm2-values.ts';

export interface Pm2Place extends Pm2Homes {
  /** What `--env` says: the variables of `env_<environment>` come over those of `env`. */
  readonly environment: string | undefined;
  /** Cores, for `instances: -1`. */
  readonly parallelism: number;
}

export interface ImportedApp {
  readonly name: string;
  readonly config: AppConfig;
  /** What is not as the file says; each a sentence. */
  readonly notes: readonly string[];
  /** Names of variables that must not be taken from the shell: all, or those that contain one of these texts. */
  readonly filterEnv: true | readonly string[];
}

/** @throws HoldfastError IMPORT_INVALID with all that is wrong */
export function importPm2App({ values, environments, notes }: Pm2App, place: Pm2Place): ImportedApp {
  const script = values.text('script');
  if (script === undefined)
    throw new HoldfastError('IMPORT_INVALID', 'An app has no "script": it must say what to run');
  const told = [...notes];
  const wanted = nameOf(values, script, place);
  const name = pm2Name(wanted);
  if (name !== wanted)
    told.push(`"${wanted}" is named so, since names consist of letters, digits, "-" and "_" here`);
  const env = envOf(values, environments, place);
  const port = portOf(values, env, told);
  const isJob = values.flag('autorestart') === false && cronOf(values) !== undefined;
  if (isJob)
    told.push(
      `autorestart: false with cron_restart is a job: it is run by the clock, and at once by \`hold run ${name}\``,
    );
  const files = filesOf(name, values, place);
  const config: AppConfig = {
    run: runOf(script, values, told),
    args: values.words('args'),
    cwd: homed(values.text('cwd'), place),
    instances: instancesOf(values, place),
    env: Object.keys(env).length === 0 ? undefined : env,
    namespace: namespaceOf(values),
    autostart: values.flag('autostart') === false ? false : undefined,
    ...port,
    ready: values.flag('wait_ready') ? 'message' : port.portStep === undefined ? undefined : 'started',
    readyTimeout: durationOf(values.ms('listen_timeout')),
    stop: stopOf(values),
    restart: restartOf(values, isJob),
    cron: isJob ? cronOf(values) : undefined,
    watch: watchOf(values, told),
    memory: memoryOf(values),
    user: values.text('uid'),
    group: values.text('gid'),
    pidFile:
      homed(values.text('pid_file'), place) ??
      (place.home === null ? undefined : join(place.home, 'pids', `${name}.pid`)),
    log: files === undefined ? undefined : { files },
  };
  if (values.flag('disable_logs'))
    told.push(
      'disable_logs: there are no log files besides the log of `hold logs`, which is rotated and capped',
    );
  if (values.has('watch_options')) told.push('watch_options has no effect');
  const variable = values.text('instance_var') ?? 'NODE_APP_INSTANCE';
  if (variable !== 'NODE_APP_INSTANCE')
    told.push(`instance_var: the number of the instance is in NODE_APP_INSTANCE, not in ${variable}`);
  if (values.problems.length > 0) {
    throw new HoldfastError('IMPORT_INVALID', `Cannot read "${wanted}": ${values.problems[0]}`, {
      details: values.problems.slice(1),
      hint: 'Correct the setting; nothing was changed',
    });
  }
  return { name, config: withoutUndefined(config), notes: told, filterEnv: filterOf(values) };
}

function nameOf(values: Pm2Values, script: string, { environment }: Pm2Place): string {
  const words = splitWords(script);
  const [first = script] = 'words' in words ? words.words : script.trim().split(/\s/);
  const named = values.text('name') ?? basename(first, extname(first));
  const suffix = values.flag('append_env_to_name') && environment !== undefined ? `-${environment}` : '';
  return `${values.text('name_prefix') ?? ''}${named}${suffix}`;
}

/** PM2's table of interpreters by extension, without what Node runs itself. */
const interpreters: Readonly<Record<string, string>> = {
  '.sh': 'bash',
  '.py': 'python3',
  '.rb': 'ruby',
  '.pl': 'perl',
  '.php': 'php',
};

function runOf(script: string, values: Pm2Values, notes: string[]): string | readonly string[] {
  const nodeArgs = [...(values.words('node_args') ?? [])];
  if (values.flag('source_map_support')) nodeArgs.push('--enable-source-maps');
  let interpreter = values.text('interpreter');
  if (interpreter?.startsWith('node@')) {
    notes.push(
      `interpreter: it runs with the Node of Holdfast, not with ${interpreter}; name its path to change that`,
    );
    interpreter = 'node';
  }
  if (interpreter === 'none') return [script];
  if (interpreter === undefined && /[|&;<>()`$]/.test(script) && /\s/.test(script))
    return ['bash', '-c', script];
  const known = interpreter ?? interpreters[extname(script)];
  if (known !== undefined && (known !== 'node' || nodeArgs.length > 0)) return [known, ...nodeArgs, script];
  if (nodeArgs.length > 0) return ['node', ...nodeArgs, script];
  return script;
}

function envOf(
  values: Pm2Values,
  environments: readonly string[],
  { environment }: Pm2Place,
): Record<string, string> {
  const env = { ...values.variables('env') };
  if (environment !== undefined && environments.includes(environment))
    Object.assign(env, values.variables(`env_${environment}`));
  return env;
}

/** Only what the app was certainly meant to listen on: a PORT in the environment may be somebody else's. */
function portOf(
  values: Pm2Values,
  env: Record<string, string>,
  notes: string[],
): Pick<AppConfig, 'port' | 'portStep'> {
  const step = values.text('increment_var');
  const port =
    values.number('port') ?? (step === 'PORT' && /^\d+$/.test(env.PORT ?? '') ? Number(env.PORT) : undefined);
  if (step !== undefined && (step !== 'PORT' || port === undefined))
    notes.push(`increment_var: only PORT can count up; ${step} is the same for all instances`);
  if (port === undefined) return {};
  delete env.PORT;
  return step === 'PORT' ? { port, portStep: 1 } : { port };
}

function instancesOf(values: Pm2Values, { parallelism }: Pm2Place): AppConfig['instances'] {
  const instances = values.instances();
  if (typeof instances !== 'number' || instances > 0) return instances;
  return Math.max(1, parallelism + instances);
}

function namespaceOf(values: Pm2Values): string | undefined {
  const namespace = values.text('namespace');
  return namespace === undefined || namespace === 'default' ? undefined : pm2Name(namespace);
}

function filterOf(values: Pm2Values): ImportedApp['filterEnv'] {
  const filter = values.raw('filter_env');
  if (filter === true || filter === 'true') return true;
  return filter === undefined || filter === false ? [] : (values.list('filter_env') ?? []);
}

function withoutUndefined<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutUndefined(inner)])) as T;
}
