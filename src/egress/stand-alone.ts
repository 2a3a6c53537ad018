/** The proxy by itself: one allow list for whoever is on this machine. */
import type http from 'node:http';
import type { EgressRule } from '../config/plan.ts';
import { systemClock } from '../kit/clock.ts';
import { Counts } from './counts.ts';
import { type DialOptions, dialDefaults } from './dial.ts';
import { Permits } from './policy.ts';
import { ForwardProxy, proxyLimits } from './proxy.ts';

export interface StandAloneOptions {
  readonly rules: readonly EgressRule[];
  readonly observe: boolean;
  readonly dial?: DialOptions;
}

/** @param say told of what was denied, and with `observe` of what was not */
export function standAlone(
  { rules, observe, dial = dialDefaults }: StandAloneOptions,
  say: (line: string) => void,
): { readonly server: http.Server; close(): void } {
  const permits = new Permits({ observe, allow: rules });
  const client = { app: 'anyone', permits };
  const proxy = new ForwardProxy({
    identify: () => client,
    counts: new Counts(systemClock, ({ reason }) => say(reason)),
    dial,
    limits: { ...proxyLimits, connectionsPerApp: proxyLimits.connections },
    ...(observe && { connected: (_app, to) => say(`${to.host}:${to.port}`) }),
  });
  return { server: proxy.server, close: () => proxy.close(true) };
}
