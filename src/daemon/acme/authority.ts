/** How `Acme` talks to the certificate authority of a plan: opens a conversation for each order, and keeps none open. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AcmePlan } from '../../config/plan.ts';
import type { Certificate } from '../certificates.ts';
import type { AcmeOptions, OrderRequest } from './acme.ts';
import { ChallengeBoard, type Publish } from './challenges.ts';
import { AcmeClient } from './client.ts';
import { acmeHttp } from './http.ts';
import { type Issued, placeOrder } from './order.ts';
import { renewalId, suggestedTime } from './renewal-info.ts';
import type { AcmeStore } from './store.ts';

export interface AuthorityOptions {
  readonly store: AcmeStore;
  /** For the authority's logs. */
  readonly version: string;
  readonly publish: Publish;
}

export function createAuthority(options: AuthorityOptions): Pick<AcmeOptions, 'order' | 'advice'> {
  const board = new ChallengeBoard(options.publish);
  const now = () => Date.now();
  const talkTo = (plan: AcmePlan, signal: AbortSignal) => {
    const ca = plan.directoryCa === null ? null : readFileSync(plan.directoryCa, 'utf8');
    const http = acmeHttp(ca, `holdfast/${options.version}`);
    const key = options.store.accountKey(plan.directory);
    return new AcmeClient({ http, directory: plan.directory, key, signal, now });
  };
  return {
    async order({ plan, names, before, signal }: OrderRequest): Promise<Issued> {
      const client = talkTo(plan, signal);
      const eab = plan.eab && { keyId: plan.eab.keyId, hmac: secret(plan.eab.hmac) };
      await client.useAccount({ email: plan.email, eab });
      const { renewalInfo } = await client.directory();
      return placeOrder({
        client,
        names,
        kind: plan.challenge,
        replaces: renewalInfo !== null && before ? renewalId(before.certPem) : null,
        now,
        show: (challenges) => board.show(challenges, now()),
        hide: (challenges) => board.hide(challenges),
        pause: (ms) => sleep(ms, undefined, { signal }),
      });
    },

    advice: (plan: AcmePlan, { certPem }: Certificate, signal: AbortSignal) =>
      suggestedTime(talkTo(plan, signal), certPem, Math.random()),
  };
}

function secret(value: string): string {
  return value.startsWith('file:') ? readFileSync(value.slice('file:'.length), 'utf8').trim() : value;
}
