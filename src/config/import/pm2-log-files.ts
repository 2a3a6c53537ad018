/** Where the output of an app of PM2 goes. Pure. */
import { join } from 'node:path';
import type { LogConfig } from '../config-types.ts';
import type { Pm2Values } from './pm2-values.ts';

export interface Pm2Homes {
  /** PM2_HOME, absolute: where log and pid files are that nobody named. null: there are none then. */
  readonly home: string | null;
  /** For `~`. */
  readonly userHome: string;
}

/** As PM2 decides it: several instances of a Node program share their ports, a fork is on its own. */
export function pm2IsCluster(values: Pm2Values): boolean {
  const mode = values.text('exec_mode');
  if (mode !== undefined) return mode.startsWith('cluster');
  return values.has('instances') && ['node', 'bun'].includes(values.text('interpreter') ?? 'node');
}

export function filesOf(
  name: string,
  values: Pm2Values,
  place: Pm2Homes,
): NonNullable<LogConfig['files']> | undefined {
  if (values.flag('disable_logs')) return undefined;
  const { home } = place;
  const at = (file: string) => (home === null ? undefined : join(home, 'logs', file));
  const given = (field: string, fallback: string | undefined) => {
    const path = homed(values.text(field), place);
    return path === undefined ? fallback : isNowhere(path) ? undefined : path;
  };
  // `log_file: true` is PM2's way to say "at the usual place".
  const all =
    values.raw('log_file') === true
      ? at(`${name}.log`)
      : values.raw('log_file') === false
        ? undefined
        : given('log_file', undefined);
  const out = given('out_file', at(`${name}-out.log`));
  const err = given('error_file', at(`${name}-error.log`));
  if (all === undefined && out === undefined && err === undefined) return undefined;
  const together = out !== undefined && out === err && all === undefined;
  const style = values.text('log_type') === 'json' ? 'json' : undefined;
  return {
    ...(together ? { all: out } : { all, out, err }),
    merge: values.flag('merge_logs') ?? (pm2IsCluster(values) ? undefined : true),
    time: values.text('log_date_format') ?? (values.flag('time') ? 'YYYY-MM-DDTHH:mm:ss' : undefined),
    style,
  };
}

function isNowhere(path: string): boolean {
  return path === '/dev/null' || path.toUpperCase() === 'NULL' || path.toUpperCase().endsWith('\\NUL');
}

export function homed(path: string | undefined, { userHome }: Pm2Homes): string | undefined {
  return path?.replace(/^~(?=\/|$)/, userHome);
}
