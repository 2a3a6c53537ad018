/** Reads the arguments of `node`: which are its own options, which is the script, which are the script's arguments. */

export interface NodeCommand {
  readonly nodeArgs: readonly string[];
  /** undefined when node is to do something else than run a script, such as `-e` or `--test`. */
  readonly script: string | undefined;
  readonly args: readonly string[];
}

/** Options of which the next word is the value, unless it is joined with `=` (node(1), `node --help`). */
const withValue = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
  '--env-file',
  '--env-file-if-exists',
  '--diagnostic-dir',
  '--disable-warning',
  '--dns-result-order',
  '--es-module-specifier-resolution',
  '--experimental-default-type',
  '--experimental-config-file',
  '--heapsnapshot-signal',
  '--icu-data-dir',
  '--input-type',
  '--inspect-port',
  '--localstorage-file',
  '--max-http-header-size',
  '--openssl-config',
  '--redirect-warnings',
  '--report-dir',
  '--report-directory',
  '--report-filename',
  '--report-signal',
  '--secure-heap',
  '--secure-heap-min',
  '--title',
  '--tls-cipher-list',
  '--tls-keylog',
  '--trace-event-categories',
  '--trace-event-file-pattern',
  '--trace-require-module',
  '--unhandled-rejections',
]);

/** With these node runs no script, or runs it in a process of its own. */
const notAScript =
  /^(-[epicvh]|-pe|--eval|--print|--interactive|--check|--version|--help|--v8-options|--test|--run|--watch|--watch-path|--prof-process|--completion-bash|--build-snapshot|--experimental-sea-config|--build-sea)(=|$)/;

export function readNodeCommand(words: readonly string[]): NodeCommand {
  let at = 0;
  let runsScript = true;
  while (at < words.length) {
    const word = words[at] ?? '';
    if (word === '--' || !word.startsWith('-')) break;
    // A lone "-" is standard input, which an app does not have.
    if (word === '-' || notAScript.test(word)) runsScript = false;
    at += withValue.has(word) ? 2 : 1;
  }
  const nodeArgs = words.slice(0, at);
  const rest = words.slice(words[at] === '--' ? at + 1 : at);
  return { nodeArgs, script: runsScript ? rest[0] : undefined, args: rest.slice(1) };
}
