/** Where things lie in a home directory. The home is 0700, sockets are 0600. */
import { join } from 'node:path';

export interface HomePaths {
  readonly home: string;
  readonly run: string;
  readonly state: string;
  readonly logs: string;
  /** The control API. */
  readonly control: string;
  /** Where guests and edges connect. */
  readonly link: string;
  /** The egress proxy, when it is to have a unix socket. */
  readonly egress: string;
  /** A FIFO that daemon and holder have open, and in which they say what happens: see boot.ts. */
  readonly alive: string;
  /** The script that an init system keeps, when the home starts with the machine. */
  readonly launcher: string;
  /** A file that is there as long as the script of an init system is about to go without ending the daemon. */
  readonly leaving: string;
  /** A file that is there since the daemon ended as it was asked to, until a person or the machine starts the next one. */
  readonly ended: string;
  /** JSON: { pid, startTime } of the daemon. */
  readonly daemonPid: string;
  /** JSON: { pid, startTime } of the holder. */
  readonly holderPid: string;
  /** The daemon's own messages, and what it prints when it crashes. */
  readonly daemonLog: string;
}

/** `sun_path` of sockaddr_un holds 104 bytes with its NUL on macOS and 108 on Linux, see unix(7). */
export const LONGEST_SOCKET_PATH = 103;

export function homePaths(home: string): HomePaths {
  const run = join(home, 'run');
  return {
    home,
    run,
    state: join(home, 'state'),
    logs: join(home, 'logs'),
    control: join(run, 'control.sock'),
    link: join(run, 'link.sock'),
    egress: join(run, 'egress.sock'),
    launcher: join(home, 'bin', 'holdfast-boot'),
    alive: join(run, 'alive'),
    leaving: join(run, 'leaving'),
    ended: join(run, 'ended'),
    daemonPid: join(run, 'daemon.pid'),
    holderPid: join(run, 'holder.pid'),
    daemonLog: join(home, 'daemon.log'),
  };
}
