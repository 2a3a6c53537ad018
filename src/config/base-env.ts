/** Which variables of the shell an app gets underneath its own. */

type Env = Readonly<Record<string, string | undefined>>;

const plain = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR']);

/**
 * For `up`: who and where we are, and what `passEnv` names. NODE_ENV is not among them: whether this is production is
 * for the config file to say, not for the shell that happens to run the command.
 */
export function baseEnvForUp(env: Env, passEnv: readonly string[]): Record<string, string> {
  return pick(env, (name) => plain.has(name) || name.startsWith('LC_') || passEnv.includes(name));
}

/** About the shell's own state, its terminal and its login session; none of it is true of a process that stays. */
const session = new Set([
  '_',
  'SHLVL',
  'PWD',
  'OLDPWD',
  'INIT_CWD',
  'TERM',
  'COLORTERM',
  'TERM_PROGRAM',
  'TERM_PROGRAM_VERSION',
  'COLUMNS',
  'LINES',
  'LS_COLORS',
  'PS1',
  'PROMPT_COMMAND',
  'MAIL',
  'TMUX',
  'TMUX_PANE',
  'STY',
  'WINDOW',
  'WINDOWID',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'DBUS_SESSION_BUS_ADDRESS',
  'NODE_UNIQUE_ID',
  'NODE_V8_COVERAGE',
  'NODE_TEST_CONTEXT',
  'NOTIFY_SOCKET',
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'MANAGERPID',
  'SYSTEMD_EXEC_PID',
]);

const sessionPrefixes = [
  'HOLDFAST_',
  'NODE_CHANNEL_',
  'npm_',
  'SSH_',
  'SUDO_',
  'XDG_SESSION_',
  'VSCODE_',
  'HIST',
  'BASH_FUNC_',
  'LISTEN_FD',
  'LISTEN_PID',
  'WATCHDOG_',
];

/** For `start`: all of the shell's environment, without what is true only of the shell. */
export function baseEnvForStart(env: Env): Record<string, string> {
  return pick(
    env,
    (name) => !session.has(name) && !sessionPrefixes.some((prefix) => name.startsWith(prefix)),
  );
}

/** Sorted, so that two shells with the same variables give the same text. */
function pick(env: Env, wanted: (name: string) => boolean): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (value !== undefined && wanted(name)) found[name] = value;
  }
  return found;
}
