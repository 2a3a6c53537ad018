/** The config file, and what it names: certificates and ports. */
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import { loadPlan } from '../../config/load.ts';
import type { Plan } from '../../config/plan.ts';
import type { CertificateFile, ConfigFacts, PortFacts } from '../../doctor/machine/facts.ts';
import { HoldfastError } from '../../errors.ts';
import { readCertificate } from '../../kit/certificate.ts';
import type { AppView, Change } from '../../protocol/api.ts';
import type { Context } from '../context.ts';

export async function configFacts(
  { cwd, env }: Context,
  client: Client | null,
  file: string | undefined,
): Promise<{ facts: ConfigFacts; plan: Plan | null }> {
  try {
    const plan = await loadPlan({ ...(file !== undefined && { file }), cwd, env });
    const { logsTotalBytes, source } = plan;
    const release = releaseOf(plan, client ? await client.apps() : []);
    if (release !== null) return { facts: { state: 'deployed', file: source ?? '', release }, plan };
    const changes = client ? await changesOf(plan, client) : null;
    if (changes instanceof HoldfastError) {
      const { message: problem, details, hint } = changes;
      return { facts: { state: 'refused', problem, details, hint: hint ?? '' }, plan };
    }
    const named = changes?.map(
      ({ kind, what, name }) => `${kind} ${what === 'app' ? name : `${what} ${name}`}`,
    );
    return {
      facts: { state: 'fine', file: source ?? '', changes: named ?? null, logsTotalBytes },
      plan,
    };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code === 'CONFIG_NOT_FOUND' && file === undefined)
      return { facts: { state: 'none' }, plan: null };
    const { message, details } = error;
    return {
      facts: { state: 'wrong', file: file ?? 'the config file', problem: message, details },
      plan: null,
    };
  }
}

/** What `hold up` would change, or why it would not take the names. */
async function changesOf(plan: Plan, client: Client): Promise<readonly Change[] | HoldfastError> {
  try {
    return (await client.up(plan, { dryRun: true })).changes;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'APP_EXISTS') return error;
    throw error;
  }
}

/** That runs the apps of this plan: `hold up` does not touch them then. */
function releaseOf({ apps }: Plan, running: readonly AppView[]): string | null {
  const ours = running.filter(({ name }) => Object.hasOwn(apps, name));
  return ours.flatMap(({ instances }) => instances).find(({ release }) => release !== null)?.release ?? null;
}

/** Those that the sites name, and those that Holdfast has got itself. */
export function certificatesOf(home: string, plan: Plan | null): CertificateFile[] {
  const named = Object.values(plan?.sites ?? {}).flatMap(({ host, tls }) =>
    tls?.certificate.from === 'files' ? [judged(host, tls.certificate.cert, tls.certificate.key, false)] : [],
  );
  const dir = join(home, 'certificates');
  const own = entries(dir)
    .filter((name) => name.endsWith('.pem'))
    .map((name) => judged(name.replace(/\.pem$/, ''), join(dir, name), join(dir, name), true));
  return [...named, ...own];
}

function judged(name: string, cert: string, key: string, isAutomatic: boolean): CertificateFile {
  try {
    const facts = readCertificate(readFileSync(cert, 'utf8'), readFileSync(key, 'utf8'));
    if ('problem' in facts)
      return {
        name,
        notAfter: null,
        problem: `(${facts.part === 'cert' ? cert : key}) ${facts.problem}`,
        isAutomatic,
      };
    return { name, notAfter: facts.notAfter, problem: null, isAutomatic };
  } catch (error) {
    const problem = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { name, notAfter: null, problem, isAutomatic };
  }
}

/** Whoever answers at a port whose app does not run is somebody else. */
export async function portsOf(plan: Plan, running: readonly AppView[]): Promise<PortFacts[]> {
  const lives = (name: string, kind: AppView['kind']) =>
    running.some(
      (app) => app.name === name && app.kind === kind && app.status !== 'stopped' && app.status !== 'failed',
    );
  // The server of the machine has them, as it should, and other sites of its own there, too.
  const isSystem = (plan.front?.file ?? null) !== null;
  const hasEdge = running.some(
    ({ kind, status }) =>
      (kind === 'edge' || kind === 'front') && status !== 'failed' && status !== 'stopped',
  );
  const sites = Object.values(plan.sites);
  const wanted = [
    ...(sites.length > 0
      ? [{ of: 'sites, http', port: plan.edge.http.port, lives: isSystem || hasEdge }]
      : []),
    ...(sites.some(({ tls }) => tls)
      ? [{ of: 'sites, https', port: plan.edge.https.port, lives: isSystem || hasEdge }]
      : []),
    ...Object.values(plan.apps).flatMap(({ name, port }) =>
      // An app behind sites listens on a socket of its own.
      port === null || sites.length > 0 ? [] : [{ of: name, port, lives: lives(name, 'app') }],
    ),
  ];
  return Promise.all(
    wanted.map(async ({ of, port, lives }) => ({ of, port, isTaken: !lives && (await answers(port)) })),
  );
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

function entries(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}
