/** What is in a release, as CycloneDX 1.5 (cyclonedx.org/docs/1.5/json). From the lockfile alone, so the same lockfile gives the same text. Pure. */
import type { LockedPackage } from '../seams.ts';

/** @param packages those of production */
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
  const elsewhere = from === 'registry' || resolved === null ? null : withoutPassword(resolved);
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
    ...(resolved !== null &&
      URL.canParse(resolved) && {
        externalReferences: [{ type: 'distribution', url: withoutPassword(resolved) }],
      }),
  };
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/** Of `sha512-<base64>`, of which there may be several. */
function hashesOf(integrity: string | null): { alg: string; content: string }[] {
  return (integrity ?? '').split(/\s+/).flatMap((one) => {
    const dash = one.indexOf('-');
    const alg = ALGORITHMS[one.slice(0, dash)];
    return alg === undefined
      ? []
      : [{ alg, content: Buffer.from(one.slice(dash + 1), 'base64').toString('hex') }];
  });
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
