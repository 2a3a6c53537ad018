/**
 * The one error type of Holdfast and the one table of its codes. A code is part of the API: scripts may rely
 * on it; the message may change. Expected outcomes inside a module are values, not errors.
 */

interface CodeFacts {
  /** Exit code of the command that ends with this error: 1 failed, 2 wrong usage. */
  readonly exit: 1 | 2;
  /** HTTP status of the control API's answer. */
  readonly status: number;
  /** What to do, shown after the message when the error itself brings no better hint. */
  readonly hint: string;
}

const codes = {
  USAGE: { exit: 2, status: 400, hint: 'Run `hold <command> --help` to see how it is used' },
  CONFIG_NOT_FOUND: {
    exit: 1,
    status: 400,
    hint: 'Name the file with `-f`, or run the command where holdfast.config.* is',
  },
  CONFIG_UNREADABLE: { exit: 1, status: 400, hint: 'Check the file and its permissions' },
  CONFIG_INVALID: { exit: 1, status: 422, hint: 'Correct the file; nothing was changed' },
  SCRIPT_NOT_FOUND: {
    exit: 1,
    status: 422,
    hint: 'Check the path; it is relative to the working directory of the app',
  },
  APP_UNKNOWN: { exit: 1, status: 404, hint: 'Run `hold ls` to see what there is' },
  SITE_UNKNOWN: {
    exit: 1,
    status: 404,
    hint: 'Name it as the configuration does, in quotes if there is a `*` in it',
  },
  APP_EXISTS: { exit: 1, status: 409, hint: 'Choose another name with `-n`, or delete the other one first' },
  PORT_TAKEN: { exit: 1, status: 409, hint: 'Choose another port, or stop what is using it' },
  PORT_DENIED: {
    exit: 1,
    status: 403,
    hint: 'Ports below 1024 need root or the capability CAP_NET_BIND_SERVICE',
  },
  ROLLOUT_FAILED: {
    exit: 1,
    status: 500,
    hint: 'The old instances still serve; `hold crashes` shows the last output of the new one',
  },
  START_FAILED: {
    exit: 1,
    status: 500,
    hint: 'It is tried again, slower and slower; `hold crashes` shows what it said, `hold delete` gives it up',
  },
  JOB_RUNNING: { exit: 1, status: 409, hint: 'It runs once at a time; `hold logs` shows what it does' },
  RIGHTS_MISSING: {
    exit: 1,
    status: 403,
    hint: 'Nothing was changed: give it the right, or take the setting out of the configuration',
  },
  INIT_UNKNOWN: { exit: 1, status: 400, hint: 'Name the init system: `hold boot enable --init systemd`' },
  IMPORT_INVALID: { exit: 1, status: 422, hint: 'Correct the file, or write holdfast.config by hand' },
  EXPORT_REFUSED: { exit: 1, status: 422, hint: 'Nothing was changed' },
  PROGRAM_MISSING: { exit: 1, status: 424, hint: 'Install it, or leave this step out' },
  OVERTAKEN: {
    exit: 1,
    status: 409,
    hint: 'Another command wanted something else; `hold ls` shows how it is now',
  },
  UPGRADE_FAILED: { exit: 1, status: 500, hint: 'Nothing was changed; the version before goes on' },
  STEP_FAILED: {
    exit: 1,
    status: 500,
    hint: 'What served before still serves; `hold releases show` has the whole output',
  },
  SOURCE_INVALID: { exit: 1, status: 422, hint: 'Nothing was changed' },
  PACKAGES_REFUSED: { exit: 1, status: 422, hint: 'Nothing was changed' },
  RELEASE_UNKNOWN: { exit: 1, status: 404, hint: '`hold releases` shows which there are' },
  RELEASE_REFUSED: {
    exit: 1,
    status: 500,
    hint: 'The release before serves again; `hold releases show` says what happened',
  },
  DEPLOY_LOCKED: { exit: 1, status: 409, hint: 'Wait until it is done: one deploy at a time' },
  HOST_FAILED: {
    exit: 1,
    status: 502,
    hint: 'Try `ssh` to the host yourself: it must work without a question',
  },
  VARIABLES_UNREADABLE: {
    exit: 1,
    status: 500,
    hint: 'Bring the file back from a copy, or remove it and set the variables again with `hold env set`',
  },
  VARIABLE_UNKNOWN: { exit: 1, status: 404, hint: '`hold env ls` shows which there are' },
  BUSY: { exit: 1, status: 409, hint: 'Wait until the other operation is done' },
  DAEMON_UNREACHABLE: { exit: 1, status: 503, hint: 'Look into daemon.log in the home directory' },
  DAEMON_MISMATCH: {
    exit: 1,
    status: 426,
    hint: 'Run `hold upgrade`: the version that is installed takes over, and apps go on',
  },
  HOME_UNUSABLE: { exit: 1, status: 500, hint: 'Choose another directory with --home or HOLDFAST_HOME' },
  DISK_FULL: { exit: 1, status: 507, hint: 'Free some space; nothing that runs was stopped' },
  BAD_REQUEST: { exit: 1, status: 400, hint: 'The command and the daemon may be of different versions' },
  INTERNAL: { exit: 1, status: 500, hint: 'This is a bug in Holdfast: please report it with the details' },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof codes;

/** What crosses the control API, and what `--json` prints on stderr. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  /** Further lines, such as the last output of an instance or every problem of a config file. */
  readonly details: readonly string[];
}

/**
 * An error for people: what was attempted, the offending value in quotes, what would be right. No full stop at
 * the end. Wrap once, in the layer that knows the action, and keep the cause.
 */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly details: readonly string[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; details?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HoldfastError';
    this.code = code;
    this.hint = options.hint ?? codes[code].hint;
    this.details = options.details ?? [];
  }

  get exitCode(): 1 | 2 {
    return codes[this.code].exit;
  }

  get httpStatus(): number {
    return codes[this.code].status;
  }

  toBody(): ErrorBody {
    return { code: this.code, message: this.message, hint: this.hint, details: this.details };
  }

  static fromBody(body: ErrorBody): HoldfastError {
    const code = body.code in codes ? body.code : 'INTERNAL';
    return new HoldfastError(code, body.message, { hint: body.hint, details: body.details });
  }
}

/** Any thrown value as a HoldfastError; what is not one already is a bug, and says so. */
export function asHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  if (isSystemError(error) && error.code === 'ENOSPC') {
    return new HoldfastError('DISK_FULL', `The disk is full: ${error.message}`, { cause: error });
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = error instanceof Error ? error.message : String(error);
  return new HoldfastError('INTERNAL', message, { cause: error, details: stack.split('\n') });
}

export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}
