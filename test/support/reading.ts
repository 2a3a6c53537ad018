/** A reading in which there is something of everything. */
import type { InstanceReading, MoreReading, Reading } from '../../src/daemon/metrics/reading.ts';
import { DURATION_CLASSES_MS, type RouteCounts } from '../../src/protocol/traffic-counts.ts';

export function routeCounts(requests: number, errors = 0): RouteCounts {
  const durations = Array.from({ length: DURATION_CLASSES_MS.length + 1 }, (_, i) =>
    i === 6 ? requests : 0,
  );
  return {
    requests,
    status: [0, requests - errors, 0, 0, errors],
    durations,
    durationsMs: durations.map((count) => count * 9),
    bytesIn: 1,
    bytesOut: requests * 100,
    upstreamAnswers: 1,
    upstreamMs: 1,
    retries: 0,
    http2: 0,
    cacheHits: 0,
    cacheMisses: 0,
  };
}

export function reading(at: number, requests: number, errors = 0): Reading {
  const counts = routeCounts(requests, errors);
  const instance: InstanceReading = {
    id: 'web.0',
    pid: 7,
    status: 'ready',
    restarts: 1,
    uptimeMs: 5000,
    memoryBytes: 1000,
    cpu: 0.5,
    loopDelayMs: 3,
    heapBytes: 500,
    release: null,
    cpuMs: 2000,
  };
  return {
    at,
    since: 1000,
    apps: [{ name: 'web', status: 'running', wanted: 1, instances: [instance] }],
    traffic: {
      sites: [{ site: 'example.com', openRequests: 1, openWebSockets: 2 }],
      routes: [{ site: 'example.com', route: '/', app: 'web', counts }],
      instances: [
        {
          ...{ app: 'web', instance: 'web.0', openRequests: 1, openWebSockets: 2, ejected: false },
          counts: { ...counts, failures: 0, ejections: 0 },
        },
      ],
      edge: { connections: 5, http2Connections: 1, tlsHandshakes: 3, tlsRefusals: 1, refused: 0 },
      openConnections: 2,
    },
    host: {
      ...{
        cores: 2,
        load1: 0.5,
        memoryBytes: 8e9,
        memoryFreeBytes: 4e9,
        diskBytes: 1e11,
        diskFreeBytes: 5e10,
      },
    },
  };
}

export const moreReading: MoreReading = {
  version: '1.0.0',
  node: 'v22.0.0',
  certificates: [
    {
      ...{
        site: 'example.com',
        from: 'files',
        names: ['example.com'],
        issuer: null,
        status: 'ok',
        note: null,
      },
      notAfter: '2030-01-01T00:00:00.000Z',
    },
  ],
  egress: [
    {
      ...{ app: 'web', destination: 'api.example.com:443', connections: 1, denied: 0, failed: 0, open: 0 },
      ...{ bytesIn: 1, bytesOut: 2 },
    },
  ],
  releases: { shop: 'r1' },
};
