/** A certificate authority of one test: pebble, Let's Encrypt's small ACME server, for which every name leads to this machine. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { cleanup, type Test } from '../support/cleanup.ts';
import { freePort } from '../support/ports.ts';
import { requireProgram } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';
import { startProgram } from '../support/test-home.ts';
import { until } from '../support/until.ts';

export interface PebbleOptions {
  /** Where it looks for HTTP-01 and TLS-ALPN-01. */
  readonly httpPort: number;
  readonly tlsPort?: number;
  /** Life of the certificates. */
  readonly seconds?: number;
  /** Key ids and keys of its customers; without them everybody is served. */
  readonly customers?: Readonly<Record<string, string>>;
}

export interface Pebble {
  /** URL of its directory. */
  readonly directory: string;
  /** A file with what its own https is signed by. */
  readonly ca: string;
  /** PEM: what its certificates are signed by; another one after each start. */
  root(): Promise<string>;
  /** It loses everything, accounts too, and starts anew at the same place. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** undefined: it is not installed, and the test is skipped. */
export async function startPebble(t: Test, options: PebbleOptions): Promise<Pebble | undefined> {
  const programs = ['pebble', 'pebble-challtestsrv', 'openssl'].map((name) => requireProgram(t, name));
  const [pebble, names, openssl] = programs;
  if (!pebble || !names || !openssl) return undefined;
  const dir = tempDir(t);
  const [port, management, dns, control] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const ca = join(dir, 'cert.pem');
  const subject = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=pebble'.split(
    ' ',
  );
  const files = ['-keyout', join(dir, 'key.pem'), '-out', ca, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(openssl, ['req', ...subject, ...files], { stdio: 'pipe' });
  const { httpPort, tlsPort = 1, seconds = 3600, customers } = options;
  const settings = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: ca,
    privateKey: join(dir, 'key.pem'),
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    certificateValidityPeriod: seconds,
    externalAccountBindingRequired: customers !== undefined,
    externalAccountMACKeys: customers ?? {},
  };
  writeFileSync(join(dir, 'pebble.json'), JSON.stringify({ pebble: settings }));

  const off = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', ''];
  const resolver = startProgram(t, names, [
    ...['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${control}`],
    ...off,
  ]);
  // It throws every tenth nonce away, as real ones do now and then, and answers at once.
  const env = { PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '10' };
  const args = ['-config', join(dir, 'pebble.json'), '-dnsserver', `127.0.0.1:${dns}`];
  const begin = () => startProgram(t, pebble, args, { env, cwd: dir });
  let running = begin();
  const directory = `https://127.0.0.1:${port}/dir`;
  const answers = () =>
    until(() => get(directory, ca), {
      why: `pebble answers; it said: ${running.stdout()}${running.stderr()}${resolver.stderr()}`,
    });
  await answers();
  const told = running;
  cleanup(t, () => {
    if (process.env.HOLDFAST_TEST_KEEP) console.error(told.stdout(), told.stderr());
  });
  return {
    directory,
    ca,
    root: () => get(`https://127.0.0.1:${management}/roots/0`, ca),
    async restart() {
      await running.stop('SIGKILL');
      running = begin();
      await answers();
    },
    stop: async () => {
      await running.stop('SIGKILL');
    },
  };
}

function get(url: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca: readFileSync(ca), agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}
