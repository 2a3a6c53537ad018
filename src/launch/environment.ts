/** The environment of a process: what surrounds it, what its user has, what the plan says, its secrets and what `hold env` has set, and its port. Pure. */
import type { AppPlan } from '../config/plan.ts';
import type { Account } from './accounts.ts';
import { accountName } from './identity.ts';

export interface EnvironmentParts {
  readonly plan: Pick<AppPlan, 'baseEnv' | 'env'>;
  /** The user that it runs as, when that is another one than the daemon's. */
  readonly account: Account | null;
  /** Contents of files, and what `hold env` has set. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly port: number | null;
  /** Ours: nothing of the plan overrides them. */
  readonly names: Readonly<Record<string, string>>;
}

export function environmentOf({
  plan,
  account,
  secrets,
  port,
  names,
}: EnvironmentParts): Record<string, string> {
  const base = account ? { ...withoutPersonal(plan.baseEnv), ...personal(account) } : plan.baseEnv;
  return {
    ...base,
    ...plan.env,
    ...secrets,
    ...(port === null ? {} : { PORT: String(port) }),
    ...names,
  };
}

/** What login(1) sets. */
function personal(account: Account): Record<string, string> {
  const name = accountName(account);
  return { HOME: account.home, USER: name, LOGNAME: name, SHELL: usable(account.shell) };
}

/** Programs use SHELL to run commands: one that only says "no" would break them. */
function usable(shell: string): string {
  return /\/(nologin|false|true)$/.test(shell) ? '/bin/sh' : shell;
}

/** Of the session of whoever started it: another user may not use these, and should not know them. */
const PERSONAL =
  /^(XDG_(RUNTIME_DIR|SESSION_.*|CONFIG_HOME|CACHE_HOME|DATA_HOME|STATE_HOME|SEAT|VTNR)|DBUS_SESSION_BUS_ADDRESS|SSH_.*|SUDO_.*|MAIL|GPG_.*|KRB5CCNAME|DISPLAY|XAUTHORITY|TMPDIR|OLDPWD|PWD)$/;

function withoutPersonal(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !PERSONAL.test(name)));
}

/**
 * What the loader, the C library and shells act on (glibc's list for set-user-ID programs, and what bash reads). The programs that
 * still run as root on the way to another user must not see them: a file of that user, such as `.env`, may have set them.
 */
const ACTED_ON =
  /^(LD_.*|GLIBC_TUNABLES|GCONV_PATH|GETCONF_DIR|HOSTALIASES|LOCALDOMAIN|LOCPATH|MALLOC_.*|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TMPDIR|TZDIR|ENV|BASH_.*|SHELLOPTS|BASHOPTS|PS4|IFS|CDPATH|POSIXLY_CORRECT)$/;

export function splitActedOn(env: Readonly<Record<string, string>>): {
  readonly safe: Record<string, string>;
  readonly actedOn: Record<string, string>;
} {
  const entries = Object.entries(env);
  return {
    safe: Object.fromEntries(entries.filter(([name]) => !ACTED_ON.test(name))),
    actedOn: Object.fromEntries(entries.filter(([name]) => ACTED_ON.test(name))),
  };
}
