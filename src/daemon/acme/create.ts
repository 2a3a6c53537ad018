/** Puts `Acme` into a daemon: sites and settings from desired state, certificates and challenges to the edges. */
import { join } from 'node:path';
import { acmeDefaults } from '../../config/app-defaults.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Supervisor } from '../../supervisor/supervisor.ts';
import type { CertificateStore } from '../certificates.ts';
import { EDGE } from '../edge-app.ts';
import type { Journal } from '../journal.ts';
import type { DesiredState } from '../state.ts';
import type { Routing } from '../traffic.ts';
import { Acme } from './acme.ts';
import { createAuthority } from './authority.ts';
import { AcmeStore } from './store.ts';

export interface AcmeContext {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'record'>;
  /** Of the home. */
  readonly home: string;
  readonly version: string;
  readonly certificates: CertificateStore;
  readonly routing: () => Pick<Routing, 'settled'>;
  readonly supervisor: () => Pick<Supervisor, 'app'>;
  state(): DesiredState;
}

/** As the source of certificates and challenges is called. */
const SOURCE = 'acme';

export function createAcme(context: AcmeContext): Acme {
  const { clock, journal, home, version, certificates, routing, supervisor, state } = context;
  const store = new AcmeStore(join(home, 'certificates'));
  const authority = createAuthority({
    store,
    version,
    publish(challenges) {
      certificates.setChallenges(SOURCE, challenges);
      return routing().settled();
    },
  });
  return new Acme({
    clock,
    random: Math.random,
    journal,
    store,
    ...authority,
    wanted: () => wantedOf(state()),
    plan: () => state().edge?.acme ?? acmeDefaults,
    canAnswer() {
      const edge = supervisor().app(EDGE);
      // One that does not yet listen for HTTPS must not be asked by TLS-ALPN-01.
      return edge?.isSettled === true && edge.instances.some(({ phase }) => phase === 'ready');
    },
    serve: (all) => certificates.set(SOURCE, all),
  });
}

/** Sites with `tls: 'auto'`, and the names that their certificates are for. */
function wantedOf({ sites, front }: DesiredState): ReadonlyMap<string, readonly string[]> {
  const wanted = new Map<string, readonly string[]>();
  // The edge is what proves that a name is ours, and serves what comes of it.
  if (front) return wanted;
  for (const { site } of Object.values(sites)) {
    if (site.tls?.certificate.from === 'acme') wanted.set(site.host, [site.host]);
  }
  return wanted;
}
