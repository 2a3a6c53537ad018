/** A proxy of this process, and servers to go to. */
import http from 'node:http';
import type net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { EgressRule } from '../../src/config/plan.ts';
import { Counts } from '../../src/egress/counts.ts';
import { type DialOptions, dialDefaults } from '../../src/egress/dial.ts';
import { Clients } from '../../src/egress/policy.ts';
import { ForwardProxy, type ProxyLimits, proxyLimits } from '../../src/egress/proxy.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { cleanup, type Test } from '../support/cleanup.ts';

export const BASIC = `Basic ${Buffer.from('web:secret').toString('base64')}`;

export interface TestProxy {
  readonly port: number;
  readonly counts: Counts;
  readonly proxy: ForwardProxy;
}

export async function startProxy(
  t: Test,
  allow: readonly EgressRule[],
  { dial = {}, limits = {} }: { dial?: Partial<DialOptions>; limits?: Partial<ProxyLimits> } = {},
): Promise<TestProxy> {
  const clients = new Clients();
  clients.apply({ apps: { web: { token: 'secret', observe: false, allow } } });
  const counts = new Counts(systemClock, () => undefined);
  const proxy = new ForwardProxy({
    identify: (authorization) => clients.identify(authorization),
    counts,
    dial: { ...dialDefaults, ...dial },
    limits: { ...proxyLimits, ...limits },
  });
  cleanup(t, () => proxy.close(true));
  return { proxy, counts, port: await listening(proxy.server) };
}

export async function startServer(t: Test, server: net.Server): Promise<number> {
  const open = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  cleanup(t, () => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return listening(server);
}

/** Answers with what it was asked. */
export function mirror(): http.Server {
  return http.createServer((request, response) => {
    let text = '';
    request.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { method, url, rawHeaders } = request;
      response.end(JSON.stringify({ method, url, rawHeaders, body: text }));
    });
  });
}

/** 127.0.0.1 at this port, or at all. */
export function here(port: number | null): EgressRule {
  return { kind: 'network', address: '127.0.0.1', bits: 32, port };
}

function listening(server: net.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
