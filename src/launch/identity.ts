/** As whom a process is to run, when that is not who we are. */
import type { RightsPlan } from '../config/plan.ts';
import type { Account } from './accounts.ts';
import type { Machine } from './machine.ts';

export interface Identity {
  /** null: the same user, only another group. */
  readonly account: Account | null;
  readonly gid: number;
}

/**
 * null: it runs as we do. Also for what is not known or incomplete, which `checkRights` has refused.
 */
export function identityOf(rights: RightsPlan, machine: Machine): Identity | null {
  const account = rights.user === null ? undefined : machine.account(rights.user);
  const group = rights.group === null ? undefined : machine.group(rights.group);
  const other = account && account.uid !== machine.uid ? account : null;
  const gid = group ?? account?.gid ?? machine.gid;
  if (other) return { account: other, gid };
  return gid === machine.gid ? null : { account: null, gid };
}

/** For messages: the name, or the number when there is no name. */
export function accountName({ name, uid }: Account): string {
  return name ?? String(uid);
}
