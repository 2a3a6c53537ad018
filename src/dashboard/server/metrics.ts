/** Numbers for programs that collect them, on an address of their own: `/metrics` and `/health`. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import type { Client } from '../../client/client.ts';
import { contentTypes, formatFor } from '../../protocol/metrics.ts';

export type MetricsSource = Pick<Client, 'metricsText' | 'health'>;

/** @param token what must come as `Authorization: Bearer`, or `file:` and where it is; null = nothing */
export async function answerMetrics(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  source: MetricsSource,
  token: string | null,
): Promise<void> {
  const send = (status: number, type: string, text: string, fields: Record<string, string> = {}) => {
    response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...fields });
    response.end(text);
  };
  try {
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'text/plain', 'Only GET\n');
    const wanted = secretOf(token);
    if (wanted === undefined) return send(503, 'text/plain', 'The file of the token cannot be read\n');
    if (!isAllowed(request.headers.authorization, wanted))
      return send(401, 'text/plain', 'A token is needed\n', { 'WWW-Authenticate': 'Bearer' });
    const path = (request.url ?? '').split('?')[0];
    if (path === '/health') {
      const health = await source.health();
      return send(health.status === 'failing' ? 503 : 200, 'application/json', `${JSON.stringify(health)}\n`);
    }
    if (path !== '/metrics') return send(404, 'text/plain', 'There are /metrics and /health\n');
    const format = formatFor(request.headers.accept);
    send(200, contentTypes[format], await source.metricsText(format));
  } catch {
    if (!response.headersSent) send(503, 'text/plain', 'The daemon does not answer at present\n');
    else response.destroy();
  }
}

/** Read each time, so that whoever changes it need not tell us; undefined: it cannot be read, or is empty. */
function secretOf(token: string | null): string | null | undefined {
  if (!token?.startsWith('file:')) return token;
  try {
    return readFileSync(token.slice('file:'.length), 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function isAllowed(field: string | undefined, wanted: string | null): boolean {
  if (wanted === null) return true;
  const given = /^Bearer (.+)$/i.exec(field ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(wanted));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
