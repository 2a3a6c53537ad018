/** What is in a release, as CycloneDX 1.5 (cyclonedx.org/docs/1.5/json). The same lockfile gives the same text. Pure. */
import type { LockedPackage } from '../seams.ts';

/** @param packages those of production, on this machine */
export function sbomOf(
  project: { readonly name: string; readonly version: string | null },
  packages: readonly LockedPackage[],
): string {
  const seen = new Set<string>();
  const components = packages
    .filter(({ dev, from }) => !dev && from !== 'workspace')
    .map(component)
    .filter((one) => !seen.has(one['bom-ref']) && seen.add(one['bom-ref']));
  const main = {
    type: 'application',
    'bom-ref': 'release',
    name: project.name,
    ...(project.version !== null && { version: project.version }),
  };
  const bom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: main },
    components,
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function component({ name, version, from, resolved, integrity }: LockedPackage) {
  const [scope, bare] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const place = resolved === null ? null : withoutPassword(resolved);
  const elsewhere = from === 'registry' ? null : place;
  const purl =
    `pkg:npm/${scope === undefined ? '' : `${encodeURIComponent(scope)}/`}${encodeURIComponent(bare ?? name)}@${encodeURIComponent(version)}` +
    (elsewhere === null
      ? ''
      : `?${from === 'git' ? 'vcs_url' : 'download_url'}=${encodeURIComponent(elsewhere)}`);
  const hashes = hashesOf(integrity);
  return {
    type: 'library',
    'bom-ref': purl,
    ...(scope !== undefined && { group: scope }),
    name: bare ?? name,
    version,
    ...(hashes.length > 0 && { hashes }),
    purl,
    ...(place !== null &&
      URL.canParse(place) && { externalReferences: [{ type: 'distribution', url: asUri(place) }] }),
  };
}

/** By the name in an integrity, with the bytes of such a hash. */
const ALGORITHMS: Readonly<Record<string, readonly [name: string, bytes: number]>> = {
  sha1: ['SHA-1', 20],
  sha256: ['SHA-256', 32],
  sha384: ['SHA-384', 48],
  sha512: ['SHA-512', 64],
};

/** Of `sha512-<base64>`, of which there may be several; what is none is left out. */
function hashesOf(integrity: string | null): { alg: string; content: string }[] {
  return (integrity ?? '').split(/\s+/).flatMap((one) => {
    const [, name = '', base64 = ''] = /^(\w+)-([^?]*)/.exec(one) ?? [];
    const [alg, bytes] = ALGORITHMS[name] ?? [];
    const sum = Buffer.from(base64, 'base64');
    return alg === undefined || sum.length !== bytes ? [] : [{ alg, content: sum.toString('hex') }];
  });
}

/** RFC 3986: what may not be in one is encoded, and what is encoded already stays, as does the address of an IPv6 host. */
function asUri(url: string): string {
  return encodeURI(url)
    .replace(/%25([0-9a-f]{2})/gi, '%$1')
    .replace(/^([^/]*\/\/)%5B([^/]*)%5D/, '$1[$2]')
    .replace(/(?<=#.*)#/g, '%23');
}

/** Up to the last `@` before the path: a password may have one in it. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, '//');
}
