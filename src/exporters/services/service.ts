/** From a plan to services, as every init system has them: one for each instance of an app, and one for each job. Pure. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import type { ExportOptions } from '../exported.ts';

export interface Service {
  readonly app: AppPlan;
  /** `holdfast-web.0`, as Holdfast itself counts instances; with one instance, and for jobs, `holdfast-web`. */
  readonly name: string;
  readonly slot: number;
  /** For PORT; null for jobs, which serve nobody. */
  readonly port: number | null;
  /** Program and arguments; `$PORT` in them is replaced. */
  readonly argv: readonly [file: string, ...args: string[]];
  readonly env: ServiceEnv;
  /** null: whoever the init system is. */
  readonly user: string | null;
  readonly group: string | null;
}

export interface ServiceEnv {
  /** Values that may be read by everybody who can read the service. */
  readonly open: Readonly<Record<string, string>>;
  /** Names of variables with values that look secret, and that are in no exported file. */
  readonly secret: readonly string[];
  /** Variable -> absolute path of the file that holds its value. */
  readonly files: Readonly<Record<string, string>>;
}

/** In the order of the file, and of the slots. */
export function servicesOf(plan: Plan, options: ExportOptions): Service[] {
  return Object.values(plan.apps).flatMap((app) => {
    if (app.job) return [service(app, 0, null, options)];
    return Array.from({ length: app.instances }, (_, slot) => {
      const place = options.places.get(app.name)?.[slot];
      return service(app, slot, place && 'port' in place ? place.port : null, options);
    });
  });
}

function service(app: AppPlan, slot: number, port: number | null, options: ExportOptions): Service {
  const { rights, instances } = app;
  const base = serviceName(app.name, options);
  return {
    app,
    // No name of an app has a dot, so this one is nobody else's.
    name: instances === 1 || app.job ? base : `${base}.${slot}`,
    slot,
    port,
    argv: programOf(app, options, (arg) => withPort(arg, port)),
    env: environment(app, slot, port, options),
    user: rights.user ?? options.user,
    group: rights.group,
  };
}

/** Files and services are called so, and nothing in it means something to anybody. */
export function serviceName(app: string, { name }: Pick<ExportOptions, 'name'>): string {
  return `${name}-${app.replace(/[^A-Za-z0-9_-]+/g, '-')}`;
}

/** Program and arguments. @param argument what becomes of each argument, which may hold `$PORT` */
export function programOf(
  { command }: AppPlan,
  { node }: Pick<ExportOptions, 'node'>,
  argument: (arg: string) => string,
): readonly [file: string, ...args: string[]] {
  const args = command.args.map(argument);
  return command.node ? [node, ...command.nodeArgs, command.file, ...args] : [command.file, ...args];
}

function withPort(arg: string, port: number | null): string {
  return port === null ? arg : arg.replaceAll(/\$PORT\b|\$\{PORT\}/g, String(port));
}

/** Who and where the person is that exported it: not what a service should have. */
const PERSONAL = /^(?:HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_.*|TZ|TMPDIR)$/;

function environment(
  { env, baseEnv, secrets, name }: AppPlan,
  slot: number,
  port: number | null,
  { isSecret }: ExportOptions,
): ServiceEnv {
  // PATH, and what `passEnv` names.
  const passed = Object.entries(baseEnv).filter(([key]) => !PERSONAL.test(key));
  const own = Object.entries({ ...Object.fromEntries(passed), ...env }).filter(
    ([key]) => !Object.hasOwn(secrets, key),
  );
  const open = own.filter(([key, value]) => !isSecret(key, value));
  return {
    open: {
      ...Object.fromEntries(open),
      ...(port === null ? {} : { PORT: String(port) }),
      HOLDFAST_APP: name,
      HOLDFAST_INSTANCE: String(slot),
    },
    secret: own.filter(([key, value]) => isSecret(key, value)).map(([key]) => key),
    files: secrets,
  };
}
