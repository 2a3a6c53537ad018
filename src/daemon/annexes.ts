/**
 * What instances of another user need and cannot reach in the home, which is closed to them. Each such user has an annex outside of it,
 * which lies in memory and is removed when Holdfast ends:
 *
 *   /run/holdfast-<home>/             root, 0711
 *     <uid>/                          root, 0711
 *       link.sock                     the user's, 0600: the daemon listens here too
 *       web.0.3.sock                  the edge connects here
 *       own/                          the user's, 0700: the instances' sockets
 *       reports/                      the user's, 0700
 *
 * The edge runs as root, so it must not follow a path that the user could bend to another socket, such as Docker's. Therefore a socket
 * that an instance has made in `own` is linked (a hard link, see link(2)) to where the user may change nothing, after a look at whose it is.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

export interface Annex {
  readonly uid: number;
  readonly dir: string;
  readonly link: string;
  /** Where its instances make sockets. */
  readonly own: string;
  readonly reports: string;
}

/** As short as this, because the paths of sockets must be. */
const PARENT = '/run';

function rootOf(home: string): string {
  return join(PARENT, `holdfast-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`);
}

/** Where the annex of a user is, or would be. */
export function annexOf(home: string, uid: number): Annex {
  const dir = join(rootOf(home), String(uid));
  return { uid, dir, link: join(dir, 'link.sock'), own: join(dir, 'own'), reports: join(dir, 'reports') };
}

export class Annexes {
  readonly #home: string;
  readonly #open = new Map<number, Annex>();
  readonly #listen: (path: string, uid: number) => Promise<void>;

  /** @param listen makes the link socket of a user */
  constructor(home: string, listen: (path: string, uid: number) => Promise<void>) {
    this.#home = home;
    this.#listen = listen;
  }

  /** The annex of a user, made when it is not there. Only root can. */
  async open(uid: number): Promise<Annex> {
    const known = this.#open.get(uid);
    // Somebody may have tidied /run.
    if (known && existsSync(known.link)) return known;
    const annex = annexOf(this.#home, uid);
    for (const path of [rootOf(this.#home), annex.dir]) {
      mkdirSync(path, { recursive: true });
      // Not as the mode of mkdir, of which the umask takes away.
      chmodSync(path, 0o711);
    }
    for (const path of [annex.own, annex.reports]) {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chownSync(path, uid, -1);
    }
    await this.#listen(annex.link, uid);
    // In a directory of ours, so this is the socket that we have just made.
    chownSync(annex.link, uid, -1);
    this.#open.set(uid, annex);
    return annex;
  }

  /** Everything of it, when nothing runs any more. */
  close(): void {
    this.#open.clear();
    rmSync(rootOf(this.#home), { recursive: true, force: true });
  }
}

/**
 * Makes a socket that an instance has opened reachable under its public name.
 *
 * @returns false when it is not a socket of that user
 */
export function publishSocket(own: string, socket: string, uid: number): boolean {
  const fresh = `${socket}.new`;
  try {
    rmSync(fresh, { force: true });
    linkSync(own, fresh);
    const stat = lstatSync(fresh);
    if (stat.isSocket() && stat.uid === uid) {
      renameSync(fresh, socket);
      // When both are the same file already, rename(2) does nothing.
      rmSync(fresh, { force: true });
      return true;
    }
    rmSync(fresh, { force: true });
  } catch {
    // It is gone again, or something else is in its place.
  }
  return false;
}
