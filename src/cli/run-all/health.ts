/** Two questions that orchestrators ask over HTTP: does it work (/healthz), and may it get requests (/readyz). */
import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { HoldfastError, isSystemError } from '../../errors.ts';

export interface Address {
  /** null: all addresses. */
  readonly host: string | null;
  readonly port: number;
}

/** What is asked, and answered in the same moment. */
export interface Answers {
  alive(): Promise<Answer>;
  ready(): Promise<Answer>;
}

export interface Answer {
  readonly ok: boolean;
  /** For people: which app is not ready. */
  readonly text: string;
}

/** `8099`, `127.0.0.1:8099` or `[::1]:8099`. USAGE for anything else. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? null;
  const port = Number(digits ?? '-1');
  if (port < 0 || port > 65_535 || (host !== null && host !== 'localhost' && isIP(host) === 0)) {
    throw new HoldfastError(
      'USAGE',
      `Cannot answer health checks at "${text}": it must be a port, or an address such as 127.0.0.1:8099`,
    );
  }
  return { host, port };
}

/** Listens, and answers until it is closed. PORT_TAKEN or PORT_DENIED where that is not possible. */
export async function serveHealth(address: Address, answers: Answers): Promise<Server> {
  const paths: Readonly<Record<string, () => Promise<Answer>>> = {
    '/healthz': () => answers.alive(),
    '/readyz': () => answers.ready(),
  };
  const server = createServer((request, response) => {
    const ask = paths[request.url?.split('?')[0] ?? ''];
    const answer = ask ? ask().catch(unknown) : Promise.resolve(null);
    void answer.then((said) => {
      response.writeHead(said === null ? 404 : said.ok ? 200 : 503, {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store',
      });
      response.end(said === null ? 'Only /healthz and /readyz are here\n' : `${said.text}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: address.port, ...(address.host !== null && { host: address.host }) }, resolve);
  }).catch((error) => {
    throw cannotListen(address, error);
  });
  return server;
}

function unknown(error: unknown): Answer {
  return { ok: false, text: error instanceof Error ? error.message : String(error) };
}

function cannotListen({ host, port }: Address, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const where = `${host ?? '*'}:${port}`;
  const code = error.code === 'EACCES' ? 'PORT_DENIED' : 'PORT_TAKEN';
  return new HoldfastError(code, `Cannot answer health checks at ${where}: ${error.message}`, {
    hint: 'Choose another port with --health',
    cause: error,
  });
}
