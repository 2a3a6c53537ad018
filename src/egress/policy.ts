/** Whether an app may go somewhere. Pure. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { EgressRule } from '../config/plan.ts';
import type { EgressClient, EgressPolicy } from '../protocol/egress.ts';
import { canonicalAddress, type Destination, familyOf, isPublic } from './address.ts';

/** What one app may do. */
export class Permits {
  readonly #observe: boolean;
  readonly #rules: readonly EgressRule[];
  readonly #networks: readonly { readonly list: BlockList; readonly port: number | null }[];

  constructor({ observe, allow }: Pick<EgressClient, 'observe' | 'allow'>) {
    this.#observe = observe;
    this.#rules = allow;
    this.#networks = allow.flatMap((rule) => {
      if (rule.kind !== 'network') return [];
      const list = new BlockList();
      list.addSubnet(rule.address, rule.bits, familyOf(rule.address));
      return [{ list, port: rule.port }];
    });
  }

  /** Why looking the name up is pointless: no address that it can have would be allowed. null: it depends on the address. */
  refusesName({ host, port }: Destination): string | null {
    if (this.#observe || isIP(host) !== 0 || this.#named(host, port)) return null;
    if (this.#networks.some((network) => network.port === null || network.port === port)) return null;
    return 'it is not in the allow list';
  }

  /** Why this address, which the destination's name stands for, may not be connected to; null: it may. */
  refusesAddress({ host, port }: Destination, address: string): string | null {
    if (this.#observe || this.#inNetwork(address, port)) return null;
    if (!this.#named(host, port)) return 'it is not in the allow list';
    if (isPublic(address)) return null;
    return host === address
      ? 'it is not a public address, and no network in the allow list has it'
      : `its address ${address} is not a public one, and no network in the allow list has it`;
  }

  #named(host: string, port: number): boolean {
    return this.#rules.some((rule) => {
      if (rule.kind !== 'host' || (rule.port !== null && rule.port !== port)) return false;
      if (rule.host === '*' || rule.host === host) return true;
      return rule.host.startsWith('*.') && isIP(host) === 0 && host.endsWith(rule.host.slice(1));
    });
  }

  #inNetwork(address: string, port: number): boolean {
    const canonical = canonicalAddress(address);
    const family = familyOf(canonical);
    return this.#networks.some(
      (network) => (network.port === null || network.port === port) && network.list.check(canonical, family),
    );
  }
}

/** Who is known, and what each may do. */
export class Clients {
  #known = new Map<string, { readonly digest: Buffer; readonly permits: Permits }>();

  apply({ apps }: EgressPolicy): void {
    this.#known = new Map(
      Object.entries(apps).map(([name, client]) => [
        name,
        { digest: digestOf(client.token), permits: new Permits(client) },
      ]),
    );
  }

  /** The app that a `Proxy-Authorization` field proves (RFC 7617), or undefined. */
  identify(authorization: string | undefined): { app: string; permits: Permits } | undefined {
    const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
    if (encoded === undefined) return undefined;
    const [, app = '', token = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
    const client = this.#known.get(app);
    if (!client || !timingSafeEqual(client.digest, digestOf(token))) return undefined;
    return { app, permits: client.permits };
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
