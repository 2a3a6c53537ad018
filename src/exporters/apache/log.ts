/** A line for each request. */
import type { AccessLogRules } from '../../protocol/traffic-rules.ts';
import { quoted } from './blocks.ts';
import type { Server } from './server.ts';

export function logDirectives({ format, fields, sample }: AccessLogRules, server: Server): string[] {
  const needsId = sample < 1 || format !== 'combined';
  if (needsId) server.needs('unique_id');
  const file = `/var/log/apache2/${server.options.name}.access.log`;
  return [`CustomLog ${quoted(file)} ${quoted(layout(format, fields))}${chosen(sample)}`];
}

function layout(format: AccessLogRules['format'], fields: readonly string[]): string {
  switch (format) {
    case 'combined':
      return '%a %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"';
    case 'short':
      return '%a %{Host}i %m %U%q %>s %b %Dus %{BALANCER_WORKER_NAME}e %{UNIQUE_ID}e';
    case 'json': {
      const wanted = fields.length > 0 ? fields : Object.keys(formats);
      return `{${wanted.flatMap((field) => (formats[field] === undefined ? [] : [`"${field}":${formats[field]}`])).join(',')}}`;
    }
  }
}

/** What Apache can say. Times are whole microseconds there. */
export const formats: Readonly<Record<string, string>> = {
  time: '"%{%Y-%m-%dT%H:%M:%S%z}t"',
  ip: '"%a"',
  host: '"%{Host}i"',
  method: '"%m"',
  target: '"%U%q"',
  protocol: '"%H"',
  status: '%>s',
  bytes: '"%B"',
  by: '"%{BALANCER_WORKER_NAME}e"',
  site: '"%v"',
  requestId: '"%{UNIQUE_ID}e"',
  referer: '"%{Referer}i"',
  userAgent: '"%{User-Agent}i"',
};

/** A part of the requests by the first two digits of a hash, and all that end with 5xx. */
function chosen(sample: number): string {
  if (sample >= 1) return '';
  const failed = '%{REQUEST_STATUS} -ge 500';
  const limit = Math.round(sample * 256);
  if (limit === 0) return ` "expr=${failed}"`;
  const [high, low] = [Math.floor(limit / 16), limit % 16];
  const digits = [
    ...(high > 0 ? [`[${hex.slice(0, high)}].`] : []),
    ...(low > 0 ? [`${hex[high]}[${hex.slice(0, low)}]`] : []),
  ];
  return ` "expr=${failed} || md5(env('UNIQUE_ID')) =~ m#^(?:${digits.join('|')})#"`;
}

const hex = '0123456789abcdef';
