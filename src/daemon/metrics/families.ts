/** A reading as metrics. How many series there are depends on the configuration, never on what clients send. Pure. */
import type { MetricFamily, MetricPoint, Metrics } from '../../protocol/metrics.ts';
import type { Counts } from '../../protocol/traffic-counts.ts';
import { egressFamilies } from './egress-families.ts';
import { histogramOf } from './latency.ts';
import type { InstanceReading, MoreReading, Reading } from './reading.ts';

export function metricsOf(reading: Reading, more: MoreReading): Metrics {
  return {
    since: reading.since,
    families: [
      ...aboutFamilies(more),
      ...appFamilies(reading),
      ...trafficFamilies(reading),
      ...certificateFamilies(more),
      ...egressFamilies(more.egress),
      ...hostFamilies(reading),
    ].filter(({ points }) => points.length > 0),
  };
}

const CODES = ['1xx', '2xx', '3xx', '4xx', '5xx'];

function aboutFamilies({ version, node, releases }: MoreReading): MetricFamily[] {
  return [
    family('info', 'holdfast_build', 'The version of Holdfast that runs', [
      { labels: { version, node_version: node }, value: 1 },
    ]),
    family(
      'info',
      'holdfast_release',
      'The release of a project that serves',
      Object.entries(releases).map(([project, release]) => ({ labels: { project, release }, value: 1 })),
    ),
  ];
}

function appFamilies({ apps, traffic }: Reading): MetricFamily[] {
  const ofApps = (value: (app: Reading['apps'][number]) => number) =>
    apps.map((app) => ({ labels: { app: app.name }, value: value(app) }));
  const of = (value: (instance: InstanceReading) => number | null): MetricPoint[] =>
    apps.flatMap(({ name, instances }) =>
      instances.flatMap((one) => {
        const found = value(one);
        return found === null ? [] : [{ labels: { app: name, instance: one.id }, value: found }];
      }),
    );
  const instances = traffic?.instances ?? [];
  const ofTraffic = (value: (one: (typeof instances)[number]) => number): MetricPoint[] =>
    instances.map((one) => ({ labels: { app: one.app, instance: one.instance }, value: value(one) }));
  return [
    family(
      'gauge',
      'holdfast_app_up',
      '1: all of its instances are ready, or it is a job that waits',
      ofApps(({ status }) => Number(status === 'running' || status === 'waiting' || status === 'done')),
    ),
    family(
      'gauge',
      'holdfast_app_instances_wanted',
      'Instances that there should be',
      ofApps(({ wanted }) => wanted),
    ),
    family(
      'gauge',
      'holdfast_app_instances_ready',
      'Instances that are ready',
      ofApps((app) => app.instances.filter(({ status }) => status === 'ready').length),
    ),
    family(
      'gauge',
      'holdfast_instance_up',
      '1: it is ready',
      of(({ status }) => Number(status === 'ready' || status === 'draining')),
    ),
    family(
      'counter',
      'holdfast_instance_restarts',
      'Times that it was started again after a crash',
      of(({ restarts }) => restarts),
    ),
    family(
      'counter',
      'holdfast_instance_cpu_seconds',
      'CPU time of its process',
      of(({ cpuMs }) => (cpuMs === null ? null : cpuMs / 1000)),
      'seconds',
    ),
    family(
      'gauge',
      'holdfast_instance_memory_bytes',
      'Memory in RAM (RSS)',
      of(({ memoryBytes }) => memoryBytes),
      'bytes',
    ),
    family(
      'gauge',
      'holdfast_instance_heap_bytes',
      "Memory of V8's heap that is in use",
      of(({ heapBytes }) => heapBytes),
      'bytes',
    ),
    family(
      'gauge',
      'holdfast_instance_event_loop_delay_seconds',
      'How late its event loop was of late',
      of(({ loopDelayMs }) => (loopDelayMs === null ? null : loopDelayMs / 1000)),
      'seconds',
    ),
    family(
      'gauge',
      'holdfast_instance_uptime_seconds',
      'Since its process was started',
      of(({ uptimeMs }) => (uptimeMs === null ? null : uptimeMs / 1000)),
      'seconds',
    ),
    family(
      'counter',
      'holdfast_instance_failures',
      'Requests that it got and did not answer',
      ofTraffic(({ counts }) => counts.failures),
    ),
    family(
      'gauge',
      'holdfast_instance_ejected',
      '1: it gets no requests, for it failed too often',
      ofTraffic(({ ejected }) => Number(ejected)),
    ),
    family(
      'gauge',
      'holdfast_instance_open_requests',
      'Requests that it has now',
      ofTraffic(({ openRequests }) => openRequests),
    ),
    family(
      'gauge',
      'holdfast_instance_open_websockets',
      'WebSockets that it has now',
      ofTraffic(({ openWebSockets }) => openWebSockets),
    ),
  ];
}

function trafficFamilies({ traffic }: Reading): MetricFamily[] {
  if (!traffic) return [];
  const { routes, sites, edge, openConnections } = traffic;
  const about = ({ site, route, app }: (typeof routes)[number]) => ({ site, route, app });
  const of = (value: (counts: (typeof routes)[number]['counts']) => number): MetricPoint[] =>
    routes.map((route) => ({ labels: about(route), value: value(route.counts) }));
  const alone = (value: number): MetricPoint[] => [{ labels: {}, value }];
  const ofSites = (value: (site: (typeof sites)[number]) => number): MetricPoint[] =>
    sites.map((site) => ({ labels: { site: site.site }, value: value(site) }));
  return [
    family(
      'counter',
      'holdfast_http_requests',
      'Requests that were answered, by the class of the answer',
      routes.flatMap((route) =>
        CODES.map((code, i) => ({
          labels: { ...about(route), code },
          value: route.counts.status[i] ?? 0,
        })),
      ),
    ),
    family(
      'histogram',
      'holdfast_http_request_duration_seconds',
      'From the first byte of a request to the last of its answer',
      routes.map((route) => ({ labels: about(route), ...durationOf(route.counts) })),
      'seconds',
    ),
    family(
      'counter',
      'holdfast_http_request_body_bytes',
      'Bodies of requests',
      of((counts) => counts.bytesIn),
      'bytes',
    ),
    family(
      'counter',
      'holdfast_http_response_body_bytes',
      'Bodies of answers',
      of((counts) => counts.bytesOut),
      'bytes',
    ),
    family(
      'counter',
      'holdfast_http_retries',
      'Times that a request was sent again, to this or another instance',
      of((counts) => counts.retries),
    ),
    family(
      'counter',
      'holdfast_http_cache_hits',
      'Requests that were answered from what is kept',
      of((counts) => counts.cacheHits),
    ),
    family(
      'counter',
      'holdfast_http_cache_misses',
      'Requests that could not be',
      of((counts) => counts.cacheMisses),
    ),
    family(
      'gauge',
      'holdfast_site_open_requests',
      'Requests that are being answered',
      ofSites(({ openRequests }) => openRequests),
    ),
    family(
      'gauge',
      'holdfast_site_open_websockets',
      'WebSockets that are open',
      ofSites(({ openWebSockets }) => openWebSockets),
    ),
    family('counter', 'holdfast_edge_connections', 'Connections of clients', alone(edge.connections)),
    family(
      'counter',
      'holdfast_edge_http2_connections',
      'Those of them that spoke HTTP/2',
      alone(edge.http2Connections),
    ),
    family('gauge', 'holdfast_edge_open_connections', 'Connections that are open', alone(openConnections)),
    family('counter', 'holdfast_edge_tls_handshakes', 'TLS handshakes', [
      { labels: { outcome: 'done' }, value: edge.tlsHandshakes },
      { labels: { outcome: 'failed' }, value: edge.tlsRefusals },
    ]),
    family(
      'counter',
      'holdfast_edge_refused',
      'What was no request, and connections that were turned away',
      alone(edge.refused),
    ),
  ];
}

function certificateFamilies({ certificates }: MoreReading): MetricFamily[] {
  return [
    family(
      'gauge',
      'holdfast_certificate_expiry_timestamp_seconds',
      'When the certificate of a site ends, in seconds since 1970',
      certificates.flatMap(({ site, notAfter }) =>
        notAfter === null ? [] : [{ labels: { site }, value: Math.floor(Date.parse(notAfter) / 1000) }],
      ),
      'seconds',
    ),
    family(
      'gauge',
      'holdfast_certificate_ok',
      '1: the certificate of the site is good, and will be for a while',
      certificates.map(({ site, status }) => ({ labels: { site }, value: Number(status === 'ok') })),
    ),
  ];
}

function hostFamilies({ host }: Reading): MetricFamily[] {
  if (!host) return [];
  const one = (name: string, help: string, value: number, unit: MetricFamily['unit'] = null) =>
    family('gauge', name, help, [{ labels: {}, value }], unit);
  return [
    one('holdfast_host_load1', 'Load of the machine in the last minute', host.load1),
    one('holdfast_host_memory_bytes', 'Memory of the machine', host.memoryBytes, 'bytes'),
    one('holdfast_host_memory_free_bytes', 'Memory that programs can get', host.memoryFreeBytes, 'bytes'),
    one('holdfast_host_disk_bytes', 'Size of the file system of the home', host.diskBytes, 'bytes'),
    one('holdfast_host_disk_free_bytes', 'What is free of it', host.diskFreeBytes, 'bytes'),
  ];
}

function durationOf(counts: Counts): Pick<MetricPoint, 'value' | 'histogram'> {
  const histogram = histogramOf(counts);
  return { value: histogram.counts.reduce((sum, count) => sum + count, 0), histogram };
}

function family(
  type: MetricFamily['type'],
  name: string,
  help: string,
  points: readonly MetricPoint[],
  unit: MetricFamily['unit'] = null,
): MetricFamily {
  return { name, type, help, unit, points };
}
