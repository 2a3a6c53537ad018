/** A rule of egress in words. Apart from the schema, which the daemon, that only prints, need not load. */
import { isIPv4 } from 'node:net';
import type { EgressRule } from './plan.ts';

/** For people, as it is written in the file. */
export function printEgressRule(rule: EgressRule): string {
  const whole = rule.kind === 'network' && rule.bits === (isIPv4(rule.address) ? 32 : 128);
  const host = rule.kind === 'host' ? rule.host : whole ? rule.address : `${rule.address}/${rule.bits}`;
  if (rule.port === null) return host;
  return host.includes(':') ? `[${host}]:${rule.port}` : `${host}:${rule.port}`;
}
