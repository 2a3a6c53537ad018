/** Numbers for programs outside, and alerts. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { listenAddress, listenForm } from './addresses.ts';
import { optional, section, withDefault } from './describe.ts';
import { age, duration, flag, kind, only, Refusal, share, text } from './kinds.ts';
import type { MetricsPlan } from './plan.ts';
import type { Problem } from './problems.ts';

const url = kind<string>({
  title: 'URL',
  expected: 'a URL such as "https://collector.example.com/v1/metrics"',
  json: { type: 'string', pattern: '^https?://' },
  read(input) {
    if (typeof input !== 'string' || !URL.canParse(input)) return undefined;
    const { protocol, username, password } = new URL(input);
    if (username !== '' || password !== '')
      return new Refusal('must be a URL without a password, which belongs in "headers"');
    return protocol === 'http:' || protocol === 'https:' ? input : undefined;
  },
});

const address = kind<number | string, { host: string; port: number }>({
  ...listenForm,
  read(input) {
    const { data } = listenAddress.safeParse(input);
    const everywhere = typeof input === 'string' && input.startsWith('*');
    return data && { host: data.host ?? (everywhere ? '::' : '127.0.0.1'), port: data.port };
  },
});

const orFalse = (example: string) => only(false, `${example}, or false`);

export const metricsSettings = section(
  {
    listen: optional(address, {
      says:
        'Where Prometheus and others ask for `/metrics`, and outside monitors for `/health`. A port alone is one of 127.0.0.1; ' +
        'at other addresses there must be a `token`',
      example: '127.0.0.1:9469',
    }),
    token: optional(text('secret', 'a text, or "file:" and the path of a file'), {
      says: 'What they must send as `Authorization: Bearer …`; `file:` and a path: what is in that file',
      example: 'file:/etc/shop/metrics-token',
    }),
    otlp: section(
      {
        url: optional(url, {
          says: 'A collector that takes OTLP over HTTP (OpenTelemetry): the numbers are sent there. Without a path: `/v1/metrics`',
          example: 'https://collector.example.com/v1/metrics',
        }),
        headers: withDefault(
          z.record(text('header name', 'the name of a header'), text('header value', 'a text')),
          {},
          {
            says: 'Fields of the request; a value `file:/path` is read from that file',
            example: { Authorization: 'file:/etc/shop/collector-token' },
          },
        ),
        every: withDefault(duration, '30s', { says: 'How often. From `1s` to `1h`' }),
      },
      'Where the numbers are sent',
    ),
    alerts: section(
      {
        errors: withDefault(z.union([orFalse('a percentage such as "5%"'), share]), '5%', {
          says: 'Tell when this part of the answers of a site in two minutes is 5xx, of at least one request a second. `false`: never',
        }),
        certificate: withDefault(z.union([orFalse('an age such as "10d"'), age]), '10d', {
          says: 'Tell when a certificate is good for no longer than this. `false`: never',
        }),
        disk: withDefault(z.union([orFalse('a percentage such as "10%"'), share]), '10%', {
          says: 'Tell when less than this part of the disk of the home is free, or less than 1 GB, or when it will be full within a day. `false`: never',
        }),
        crashes: withDefault(flag, true, { says: 'Tell when an app was given up after too many crashes' }),
        watchdog: withDefault(flag, true, {
          says: 'Tell when an instance was replaced because its event loop was blocked',
        }),
      },
      'What is told by itself, in the journal and by `notify`',
    ),
  },
  'Numbers for programs outside, and when somebody is told',
);

const SHORTEST_MS = 1_000;
const LONGEST_MS = 3_600_000;

export function completeMetrics(
  { listen, token, otlp, alerts }: z.output<typeof metricsSettings>,
  root: string,
  problems: Problem[],
): MetricsPlan {
  if (listen && token === undefined && !isLoopback(listen.host)) {
    const said = 'must be at 127.0.0.1 or ::1, or there must be a "token": all who reach it could read it';
    problems.push({ path: ['metrics', 'listen'], text: said });
  }
  if (token !== undefined && !listen)
    problems.push({ path: ['metrics', 'token'], text: 'is for "listen", which is missing' });
  if (otlp.url === undefined && Object.keys(otlp.headers).length > 0)
    problems.push({ path: ['metrics', 'otlp', 'url'], text: 'is missing' });
  if (otlp.every < SHORTEST_MS || otlp.every > LONGEST_MS)
    problems.push({ path: ['metrics', 'otlp', 'every'], text: 'must be from "1s" to "1h"' });
  const headers = Object.entries(otlp.headers).map(([name, value]) => [name, absolute(value, root)]);
  return {
    listen: listen ?? null,
    token: token === undefined ? null : absolute(token, root),
    otlp:
      otlp.url === undefined
        ? null
        : { url: otlp.url, headers: Object.fromEntries(headers), everyMs: otlp.every },
    alerts: {
      errorShare: alerts.errors === false ? null : alerts.errors,
      certificateMs: alerts.certificate === false ? null : alerts.certificate,
      diskFreeShare: alerts.disk === false ? null : alerts.disk,
      crashes: alerts.crashes,
      watchdog: alerts.watchdog,
    },
  };
}

function absolute(value: string, root: string): string {
  if (!value.startsWith('file:')) return value;
  return `file:${resolve(root, value.slice('file:'.length).replace(/^\/\/(?=\/)/, ''))}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
