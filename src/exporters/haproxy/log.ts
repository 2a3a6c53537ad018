/** A line for each request, sent to syslog, which is HAProxy's way: it writes no files. */

import type { SitePlan } from '../../config/plan.ts';
import type { AccessLogRules } from '../../protocol/traffic-rules.ts';
import { siteName } from './words.ts';

export function logLines(rules: AccessLogRules | null, sites: readonly SitePlan[]): string[] {
  if (!rules) return ['no log'];
  const silent = sites.filter(({ accessLog }) => !accessLog);
  const { sample } = rules;
  return [
    '# Debian puts a socket for this into the directory where HAProxy is shut in.',
    'log /dev/log local0 info',
    `log-format ${logFormat(rules)}`,
    ...(sample < 1
      ? [`http-request set-log-level silent if { rand(10000) ge ${Math.round(sample * 10_000)} }`]
      : []),
    ...silent.map(({ host }) => `http-request set-log-level silent if ${siteName(host)}`),
    ...(sample < 1
      ? [
          `http-response set-log-level info if { status ge 500 }${silent.map(({ host }) => ` !${siteName(host)}`).join('')}`,
        ]
      : []),
  ];
}

function logFormat({ format, fields }: AccessLogRules): string {
  if (format === 'combined')
    return `'%[src] - - [%trl] "%HM %HU %HV" %ST %B "%[capture.req.hdr(0),json(utf8s)]" "%[capture.req.hdr(1),json(utf8s)]"'`;
  if (format === 'short') return "'%[src] %[var(txn.host)] %HM %HU %ST %B %Ta %si:%sp %ID'";
  const wanted = fields.length > 0 ? fields : Object.keys(samples);
  const parts = wanted.flatMap((field) => {
    const sample = samples[field];
    return sample === undefined ? [] : [`"${field}":${sample}`];
  });
  return `'{${parts.join(',')}}'`;
}

/** What log lines need of the request when it is over. */
export const captureLines: readonly string[] = [
  'declare capture request len 512',
  'declare capture request len 512',
  'http-request capture req.fhdr(referer) id 0',
  'http-request capture req.fhdr(user-agent) id 1',
];

const samples: Readonly<Record<string, string>> = {
  time: '"%[date,utime(%Y-%m-%dT%H:%M:%SZ)]"',
  ip: '"%[src]"',
  host: '"%[var(txn.host),json(utf8s)]"',
  method: '"%[capture.req.method]"',
  target: '"%[capture.req.uri,json(utf8s)]"',
  protocol: '"%[capture.req.ver]"',
  status: '%ST',
  bytes: '%B',
  by: '"%si:%sp"',
  site: '"%[var(txn.site)]"',
  requestId: '"%[var(txn.id)]"',
  referer: '"%[capture.req.hdr(0),json(utf8s)]"',
  userAgent: '"%[capture.req.hdr(1),json(utf8s)]"',
  scheme: '"%[var(txn.scheme)]"',
  requestBytes: '%U',
};
