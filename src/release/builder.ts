/** Who installs and builds: what packages and build scripts do shall not be done as root. */

import { appDefaults } from '../config/app-defaults.ts';
import type { Plan } from '../config/plan.ts';
import { HoldfastError } from '../errors.ts';
import { type Identity, identityOf } from '../launch/identity.ts';
import type { Machine } from '../launch/machine.ts';

export interface Builder {
  /** null = whoever deploys. */
  readonly identity: Identity | null;
  /** For messages and USER. */
  readonly name: string;
}

/**
 * @param wanted `release.buildUser`
 * @param apps their users are the next choice
 * @throws HoldfastError RIGHTS_MISSING when there is no such user, or we may not become it
 */
export function builderOf(
  wanted: string | null,
  apps: readonly (string | null)[],
  machine: Machine,
): Builder {
  const isRoot = machine.uid === 0 && machine.may('setuid') && machine.may('setgid');
  if (!isRoot) {
    const own = machine.account(String(machine.uid));
    if (wanted !== null && wanted !== own?.name && wanted !== String(machine.uid)) {
      throw new HoldfastError(
        'RIGHTS_MISSING',
        `Cannot build as "${wanted}": only root can become somebody else`,
        {
          hint: 'Take `release.buildUser` out of the configuration, or deploy as that user',
        },
      );
    }
    return { identity: null, name: own?.name ?? String(machine.uid) };
  }
  const name = wanted ?? apps.find((user) => user !== null) ?? 'nobody';
  const account = machine.account(name);
  if (!account || account.gid === null) {
    throw new HoldfastError('RIGHTS_MISSING', `Cannot build as "${name}": there is no such user`, {
      hint: 'Name another one in `release.buildUser`',
    });
  }
  return { identity: identityOf({ ...appDefaults.rights, user: name }, machine), name: account.name ?? name };
}

export function usersOf({ apps }: Plan): (string | null)[] {
  return Object.values(apps).map(({ rights }) => rights.user);
}
