/** From a site to its files and steps. */
import { launchd } from './inits/launchd.ts';
import { openrc } from './inits/openrc.ts';
import { runit } from './inits/runit.ts';
import { s6 } from './inits/s6.ts';
import { systemd } from './inits/systemd.ts';
import { sysv } from './inits/sysv.ts';
import { upstart } from './inits/upstart.ts';
import type { BootPlan, BootSite, Init } from './site.ts';

const makers: Readonly<Record<Init, (site: BootSite) => BootPlan>> = {
  systemd,
  runit,
  s6,
  openrc,
  sysv,
  upstart,
  launchd,
};

export function bootPlan(site: BootSite): BootPlan {
  return makers[site.init](site);
}

/** Inits in which a user who is not root may have services. */
export function knowsUserServices(init: Init): boolean {
  return init === 'systemd' || init === 'launchd';
}
