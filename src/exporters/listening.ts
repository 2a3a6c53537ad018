/** Whether a server can listen, and does, where its new files say: no checker looks whether a port is taken, and at a reload servers say it to their logs only. */
import type { ExportedFile } from './exported.ts';

type Command = readonly [program: string, ...args: string[]];

/**
 * Addresses such as `127.0.0.1:80`, `[::1]:80` and, for all of the machine, `*:80`.
 *
 * @param lines finds the lines that say it; its first group is the address
 */
export function addressesIn(files: readonly ExportedFile[], lines: RegExp): string[] {
  const found = files.flatMap(({ text }) => [...text.matchAll(lines)].map(([, address = '']) => address));
  return [...new Set(found.map((address) => address.replace(/^(?:::)?(?=:?\d+$):?/, '*:')))];
}

/** Before a reload: fails when another program listens there. @param program as the kernel calls the server's processes */
export function nobodyElseListens(program: string, addresses: readonly string[]): Command {
  return ['sh', '-c', FREE, 'look whether the ports are free', program, ...addresses];
}

/** After a reload, which goes on in the background: fails when the server does not listen there within ten seconds. */
export function listens(program: string, addresses: readonly string[]): Command {
  return ['sh', '-c', HELD, `look whether ${program} listens`, program, ...addresses];
}

/** `*` of ss(8) is a socket for IPv4 and IPv6, `[::]` one for IPv6 only. */
const FREE = `program=$1; shift
taken=$(for at; do
  port=\${at##*:}
  ss -ltnpH "sport = :$port" 2>/dev/null | grep -vF "\\"$program\\"" | while read -r _ _ _ place _ rest; do
    case "$at $place" in
      "$place $place" | "*:$port "* | *" *:$port" | [0-9]*" 0.0.0.0:$port" | "0.0.0.0:$port "[0-9]* | "["*" [::]:$port" | "[::]:$port ["*)
        echo "cannot listen at $at: another program does $rest" ;;
    esac
  done
done)
[ -z "$taken" ] || { echo "$taken"; exit 1; }`;

const HELD = `program=$1; shift
command -v ss >/dev/null || exit 0
missing() {
  for at; do
    case $at in "*:"*) place=":\${at##*:} " ;; *) place=" $at " ;; esac
    ss -ltnpH "sport = :\${at##*:}" | grep -F "\\"$program\\"" | grep -qF "$place" || echo "$at"
  done
}
left=100
while missing=$(missing "$@"); [ -n "$missing" ] && [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
[ -z "$missing" ] || { echo "$program cannot listen at" $missing "and goes on with what it had; its log says why"; exit 1; }`;
