/** The sender for a target. */
import type { ForwardPlan } from '../../config/plan.ts';
import { HttpSender } from './http.ts';
import type { Sender } from './line.ts';
import { TcpSender } from './syslog-tcp.ts';
import { UdpSender } from './syslog-udp.ts';
import { UnixSender } from './syslog-unix.ts';

/** Of syslog over UDP and over TCP, see RFC 5426 and RFC 6587. */
const UDP_PORT = 514;
const TCP_PORT = 601;

/** @param onBroken what was sent last may not have arrived, see `Sender.settleMs` */
export function makeSender(plan: ForwardPlan, onBroken: () => void): Sender {
  if (plan.kind !== 'syslog') return new HttpSender(plan);
  // A scheme that URL knows, or it would not take the address apart in the same way.
  const [, scheme = '', rest = ''] = /^syslog(?:\+(\w+))?:\/\/(.*)$/.exec(plan.url) ?? [];
  if (scheme === 'unix') return new UnixSender(rest, onBroken);
  const { hostname, port } = new URL(`tcp://${rest}`);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (scheme === 'tcp') return new TcpSender(host, Number(port) || TCP_PORT, onBroken);
  return new UdpSender(host, Number(port) || UDP_PORT);
}
