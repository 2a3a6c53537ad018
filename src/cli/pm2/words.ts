/** The words of `hold pm2 …`, read as PM2 reads them: options anywhere, what follows `--` belongs to the script. */
import { didYouMean } from '../../config/suggest.ts';
import { HoldfastError } from '../../errors.ts';

export interface Pm2Words {
  /** undefined: there is none. */
  readonly command: string | undefined;
  /** What the command is about. */
  readonly targets: readonly string[];
  /** Options that are settings of an app, by the names of ecosystem files. */
  readonly app: Readonly<Record<string, unknown>>;
  /** All others, by their long names. */
  readonly options: ReadonlyMap<string, string>;
  readonly scriptArgs: readonly string[];
}

type Takes = 'nothing' | 'value' | 'optional' | 'numbers';

interface Option {
  readonly takes: Takes;
  /** The setting that it is; undefined: it is about the command. */
  readonly setting?: string;
  /** Of an option that takes nothing. */
  readonly value?: boolean;
}

const settings: Readonly<Record<string, readonly [setting: string, takes: Takes]>> = {
  '-n --name': ['name', 'value'],
  '--ext': ['ext', 'value'],
  '--interpreter': ['interpreter', 'value'],
  '--node-args --interpreter-args': ['node_args', 'value'],
  '-o --output': ['out_file', 'value'],
  '-e --error': ['error_file', 'value'],
  '-l --log': ['log_file', 'optional'],
  '--filter-env': ['filter_env', 'optional'],
  '--log-type': ['log_type', 'value'],
  '--log-date-format': ['log_date_format', 'value'],
  '--time': ['time', 'nothing'],
  '--disable-logs': ['disable_logs', 'nothing'],
  '-i --instances': ['instances', 'value'],
  '--shutdown-with-message': ['shutdown_with_message', 'nothing'],
  '-p --pid': ['pid_file', 'value'],
  '-k --kill-timeout': ['kill_timeout', 'value'],
  '--listen-timeout': ['listen_timeout', 'value'],
  '--max-memory-restart': ['max_memory_restart', 'value'],
  '--restart-delay': ['restart_delay', 'value'],
  '--exp-backoff-restart-delay': ['exp_backoff_restart_delay', 'value'],
  '--max-restarts': ['max_restarts', 'value'],
  '--uid': ['uid', 'value'],
  '--gid': ['gid', 'value'],
  '--namespace': ['namespace', 'value'],
  '--cwd': ['cwd', 'value'],
  '-c --cron --cron-restart': ['cron_restart', 'value'],
  '--source-map-support': ['source_map_support', 'nothing'],
  '--wait-ready': ['wait_ready', 'nothing'],
  '--merge-logs': ['merge_logs', 'nothing'],
  '--watch': ['watch', 'optional'],
  '--ignore-watch': ['ignore_watch', 'value'],
  '--watch-delay': ['watch_delay', 'value'],
  '--stop-exit-codes': ['stop_exit_codes', 'numbers'],
  '--min-uptime': ['min_uptime', 'value'],
  '--port': ['port', 'value'],
  '--increment-var': ['increment_var', 'value'],
};

const switchedOff: Readonly<Record<string, string>> = {
  '--no-autostart': 'autostart',
  '--no-autorestart': 'autorestart',
  '--no-treekill': 'treekill',
};

/** About the command, or without a meaning here. */
const others: Readonly<Record<string, Takes>> = {
  '-v --version -V': 'nothing',
  '-h --help': 'nothing',
  '-s --silent': 'nothing',
  '-m --mini-list': 'nothing',
  '-f --force': 'nothing',
  '-a --update-env': 'nothing',
  '-x --execute-command': 'nothing',
  '--env': 'value',
  '--only': 'value',
  '--parallel': 'value',
  '--sort': 'value',
  '--attach': 'nothing',
  '--lines': 'value',
  '--json': 'nothing',
  '--format': 'nothing',
  '--raw': 'nothing',
  '--err': 'nothing',
  '--out': 'nothing',
  '--nostream': 'nothing',
  '--timestamp': 'optional',
  '--highlight': 'value',
  '-u --user': 'value',
  '--hp': 'value',
  '--service-name': 'value',
  '--wait-ip': 'nothing',
  '-w --write': 'nothing',
  '--no-daemon': 'nothing',
  '--no-color': 'nothing',
  '--no-vizion': 'nothing',
  '--no-pmx': 'nothing',
  '--no-automation': 'nothing',
  '--disable-source-map-support': 'nothing',
  '--trace': 'nothing',
  '--disable-trace': 'nothing',
  '--v8': 'nothing',
  '--event-loop-inspector': 'nothing',
  '--deep-monitoring': 'nothing',
  '--web': 'optional',
};

const options = new Map<string, Option & { readonly name: string }>();
for (const [names, [setting, takes]] of Object.entries(settings)) add(names, { takes, setting, value: true });
for (const [name, setting] of Object.entries(switchedOff))
  add(name, { takes: 'nothing', setting, value: false });
for (const [names, takes] of Object.entries(others)) add(names, { takes });

function add(names: string, option: Option): void {
  const all = names.split(' ');
  const name = (all.find((each) => each.startsWith('--')) ?? '').slice(2);
  for (const each of all) options.set(each, { ...option, name });
}

/** @throws HoldfastError USAGE for an option that PM2 does not have */
export function readWords(argv: readonly string[]): Pm2Words {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const app: Record<string, unknown> = {};
  const general = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [flag = '', joined] = splitFlag(word);
    if (!word.startsWith('-') || word === '-' || /^-\d+$/.test(word)) {
      plain.push(word);
      continue;
    }
    const option = options.get(flag);
    if (!option)
      throw new HoldfastError('USAGE', `Unknown option "${flag}"${didYouMean(flag, options.keys())}`);
    const values = joined === undefined ? valuesOf(option, words.slice(at + 1), plain.length) : [joined];
    if (joined === undefined) at += values.length;
    if (option.takes === 'value' && values.length === 0)
      throw new HoldfastError('USAGE', `Option "${flag}" needs a value`);
    if (option.setting === undefined) general.set(option.name, values[0] ?? '');
    else app[option.setting] = settingOf(option, values);
  }
  const [command, ...targets] = plain;
  return { command, targets, app, options: general, scriptArgs: end < 0 ? [] : argv.slice(end + 1) };
}

function splitFlag(word: string): string[] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** An optional value is one only where a target is there already: in `start --watch app.js` it is the script. */
function valuesOf({ takes }: Option, rest: readonly string[], plain: number): string[] {
  const [next] = rest;
  if (takes === 'nothing' || next === undefined) return [];
  if (takes === 'value') return [next];
  if (takes === 'optional') return next.startsWith('-') || plain < 2 ? [] : [next];
  const last = rest.findIndex((word) => !/^\d+(,\d+)*$/.test(word));
  return rest.slice(0, last < 0 ? rest.length : last);
}

function settingOf({ takes, value, setting }: Option, values: readonly string[]): unknown {
  if (takes === 'numbers') return values.join(',');
  const [given] = values;
  if (given === undefined) return value;
  // On the command line PM2 counts this one in seconds.
  return setting === 'watch_delay' && /^\d+(\.\d+)?$/.test(given) ? `${given}s` : given;
}
