/** A registry of npm with a few tiny packages, on this machine. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';

export interface TinyPackage {
  readonly name: string;
  readonly version: string;
  /** Besides name and version. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** By path in the package. */
  readonly files?: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly publishedAt?: string;
}

export interface TinyRegistry {
  /** With `/` at the end. */
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** What the bulk endpoint answers: advisories by package. */
  advisories: Record<string, readonly unknown[]>;
  /** Replaces the content of all tarballs. */
  broken: boolean;
  /** It is down from here on. */
  stop(): Promise<void>;
  /** An entry of package-lock.json. */
  entry(name: string, version: string): Record<string, unknown>;
}

/** @param token asked of whoever wants a package: a private registry */
export async function tinyRegistry(
  t: TestContext,
  packages: readonly TinyPackage[],
  { token = null }: { readonly token?: string | null } = {},
): Promise<TinyRegistry> {
  const built = packages.map((one) => ({ ...one, tarball: tarballOf(one) }));
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    asked.push(path);
    const answer = (status: number, body: string | Buffer) => response.writeHead(status).end(body);
    if (path === '/-/npm/v1/security/advisories/bulk') {
      request.resume().on('end', () => answer(200, JSON.stringify(registry.advisories)));
      return;
    }
    if (token !== null && request.headers.authorization !== `Bearer ${token}`)
      return answer(401, '{"error":"who are you?"}');
    const tarball = built.find((one) => path === pathOf(one));
    if (tarball) return answer(200, registry.broken ? gzipSync('something else') : tarball.tarball);
    const versions = built.filter(({ name }) => path === `/${name}`);
    if (versions.length === 0) return answer(404, '{}');
    answer(200, JSON.stringify(packumentOf(versions)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  t.after(stop);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const packumentOf = (versions: typeof built) => ({
    name: versions[0]?.name,
    'dist-tags': { latest: versions.at(-1)?.version },
    versions: Object.fromEntries(
      versions.map((one) => [
        one.version,
        {
          name: one.name,
          version: one.version,
          ...one.manifest,
          dist: { tarball: url + pathOf(one).slice(1), integrity: integrityOf(one.tarball) },
        },
      ]),
    ),
    time: Object.fromEntries(versions.map((one) => [one.version, one.publishedAt ?? '2020-01-01T00:00:00Z'])),
  });
  const registry: TinyRegistry = {
    url,
    asked,
    advisories: {},
    broken: false,
    stop,
    entry(name, version) {
      const one = built.find((other) => other.name === name && other.version === version);
      if (!one) throw new Error(`The registry has no ${name}@${version}`);
      return { version, resolved: url + pathOf(one).slice(1), integrity: integrityOf(one.tarball) };
    },
  };
  return registry;
}

function pathOf({ name, version }: TinyPackage): string {
  return `/${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`;
}

export function integrityOf(content: Buffer): string {
  return `sha512-${createHash('sha512').update(content).digest('base64')}`;
}

/** As `npm pack` makes it, always the same. */
function tarballOf({ name, version, manifest = {}, files = {} }: TinyPackage): Buffer {
  const all = { 'package.json': JSON.stringify({ name, version, ...manifest }), ...files };
  const blocks = Object.entries(all).flatMap(([path, text]) => {
    const content = Buffer.from(text);
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [tarHead(`package/${path}`, content.length), content, padding];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** ustar, see tar(5). */
function tarHead(path: string, size: number): Buffer {
  const head = Buffer.alloc(512);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  head.write(path, 0);
  head.write(octal(path.includes('/bin/') ? 0o755 : 0o644, 8), 100);
  head.write(octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(499162500, 12), 108);
  head.write(`        0`, 148);
  head.write('ustar\x0000', 257);
  head.write(
    `${octal(
      head.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
  );
  return head;
}
