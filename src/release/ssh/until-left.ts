/**
 * A command that goes on by itself, such as `hold logs -f`, ended on the host when nobody is connected any more. Without a terminal sshd
 * tells it nothing, and what is quiet would be there for ever: so a shell waits for the end of the input, and ends it.
 *
 * The input of a command in the background is not that of the shell (POSIX sh, 2.9.3.1), hence the third descriptor.
 */
export function untilLeft(words: readonly string[]): string[] {
  return ['sh', '-c', script, 'sh', ...words];
}

const script =
  'exec 3<&0; "$@" </dev/null 3<&- & on=$!; { cat <&3 >/dev/null; kill "$on"; } >/dev/null 2>&1 & wait "$on"';
