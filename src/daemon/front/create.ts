/** Puts `Front` into a daemon. */
import type { AppPlan, EdgePlan, FrontServer } from '../../config/plan.ts';
import { thisMachine } from '../../launch/machine.ts';
import { Front, type FrontOptions } from './front.ts';
import { frontAppPlan, frontDir } from './front-app.ts';
import { missing } from './own-process.ts';
import { frontProgram } from './program.ts';
import { type ServerUser, servers } from './servers.ts';

export interface CreateFrontOptions extends Omit<FrontOptions, 'dir' | 'user'> {
  readonly home: string;
}

export function createFront({ home, ...rest }: CreateFrontOptions): Front {
  return new Front({ ...rest, dir: frontDir(home), user: serverUser });
}

/** @throws HoldfastError PROGRAM_MISSING */
export function frontPlanOf(server: FrontServer, edge: EdgePlan, home: string): AppPlan {
  const { title, own } = servers[server];
  const path = process.env.PATH ?? '/usr/bin:/bin';
  const program = frontProgram(own.programs, path);
  if (program === null) throw missing(title, own.programs);
  return frontAppPlan(server, edge, { program, dir: frontDir(home), path });
}

/** As Debian calls the user of servers, or the one that every machine has. */
function serverUser(): ServerUser | null {
  const machine = thisMachine();
  if (machine.uid !== 0) return null;
  if (machine.account('www-data')) return { name: 'www-data', group: 'www-data' };
  return { name: 'nobody', group: machine.group('nogroup') === undefined ? 'nobody' : 'nogroup' };
}
