/** Lines to a collector by POST: OTLP/HTTP in JSON, or NDJSON. */
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import { hostname } from 'node:os';
import type { ForwardPlan } from '../../config/plan.ts';
import type { LogLine } from '../log-line.ts';
import { levelOfLine, Refused, type Sender, TryLater, timeOfLine } from './line.ts';
import { otlpBody, rejectedByOtlp } from './otlp.ts';

const TIMEOUT_MS = 15_000;
const MOST_ANSWER_BYTES = 64 * 1024;
/** The lines themselves are the trouble. */
const REFUSALS = [400, 413, 415, 422];

export class HttpSender implements Sender {
  readonly settleMs = 0;
  readonly #kind: 'otlp' | 'http';
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;

  constructor({ kind, url, headers }: Exclude<ForwardPlan, { kind: 'syslog' }>) {
    this.#kind = kind;
    this.#url = new URL(url);
    // A base address, as OTEL_EXPORTER_OTLP_ENDPOINT has it.
    if (kind === 'otlp' && this.#url.pathname === '/') this.#url.pathname = '/v1/logs';
    this.#headers = headers;
    const { Agent, request } = process.getBuiltinModule(
      this.#url.protocol === 'https:' ? 'node:https' : 'node:http',
    );
    this.#request = request;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
  }

  async send(lines: readonly LogLine[]): Promise<number> {
    const otlp = this.#kind === 'otlp';
    const body = otlp ? otlpBody(lines, hostname()) : ndjsonBody(lines, hostname());
    const answer = await this.#post(body, otlp ? 'application/json' : 'application/x-ndjson');
    return otlp ? rejectedByOtlp(answer) : 0;
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(body: string, type: string): Promise<string> {
    const bytes = Buffer.from(body);
    const headers = { 'Content-Type': type, 'Content-Length': bytes.length, ...resolved(this.#headers) };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = this.#request(this.#url, { method: 'POST', headers, agent: this.#agent, signal });
      request.on('response', resolve);
      request.on('error', (error) => reject(signal.aborted ? new Error('it does not answer') : error));
      request.end(bytes);
    });
    const answer = await textOf(response);
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    const why = `it answers ${status}${answer === '' ? '' : `: ${answer.slice(0, 200)}`}`;
    if (REFUSALS.includes(status)) throw new Refused(why);
    const seconds = Number(response.headers['retry-after']);
    throw seconds > 0 ? new TryLater(why, Math.min(seconds, 300) * 1000) : new Error(why);
  }
}

/** One object a line. Of a line that is JSON, `text` is its message, and `data` is all of it, as it was written. */
function ndjsonBody(lines: readonly LogLine[], host: string): string {
  let body = '';
  for (const line of lines) {
    const { app, instance, stream, structured } = line;
    const [time, level, text] = [timeOfLine(line), levelOfLine(line), structured?.message ?? line.text];
    const object = JSON.stringify({ time, host, app, instance, stream, level, text });
    body += structured ? `${object.slice(0, -1)},"data":${line.text}}\n` : `${object}\n`;
  }
  return body;
}

/** Values from files are read each time: whoever changes a token need not tell us. */
function resolved(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      value.startsWith('file:') ? readFileSync(value.slice('file:'.length), 'utf8').trim() : value,
    ]),
  );
}

async function textOf(response: http.IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    if (text.length < MOST_ANSWER_BYTES) text += chunk;
  }
  return text;
}
