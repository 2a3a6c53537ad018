import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import fc from 'fast-check';
import type { LockedPackage } from '../seams.ts';
import { sbomOf } from './sbom.ts';

const locked = (name: string, version: string, more: Partial<LockedPackage> = {}): LockedPackage => {
  const plain = { resolved: null, integrity: null, dev: false, hasInstallScript: null };
  return { name, version, from: 'registry', ...plain, ...more };
};
const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;

/** Refuses what the schema of CycloneDX does not allow. */
function requireValid(text: string): void {
  const sbom: unknown = JSON.parse(text);
  assert.ok(valid(sbom), JSON.stringify(valid.errors));
}

const valid = (() => {
  const library = dirname(
    createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'),
  );
  const schema = (name: string): object =>
    JSON.parse(readFileSync(join(library, 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'));
  const ajv = new Ajv({ strict: false });
  formats.default(ajv, ['date-time', 'email', 'uri', 'uri-reference']);
  // What is in a URI is in an IRI, too.
  ajv.addFormat('iri-reference', formats.default.get('uri-reference'));
  ajv.addFormat('idn-email', formats.default.get('email'));
  for (const name of ['spdx', 'jsf-0.82']) {
    ajv.addSchema(schema(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
  }
  return ajv.compile(schema('bom-1.5'));
})();

test('the SBOM names what production has, by purl and hash, and no password', () => {
  const text = sbomOf({ name: 'shop', version: '1.0.0' }, [
    locked('@acme/ui', '2.0.0', {
      resolved: 'http://[::1]:4873/@acme%2fui/-/ui-2.0.0.tgz',
      integrity: `${integrity}?x sha1-AAAA md9-xx`,
    }),
    locked('g', '1.0.0', { from: 'git', resolved: 'git+https://me:sec@ret@example.com/g.git#a#c' }),
    locked('here', '1.0.0', { from: 'file', resolved: 'file:../my package.tgz' }),
    locked('s', '1.0.0', { from: 'git', resolved: 'git@github.com:acme/s.git' }),
    locked('t', '1.0.0', { dev: true }),
    locked('@acme/ui', '2.0.0', { integrity }),
  ]);
  requireValid(text);
  const { components } = JSON.parse(text) as {
    components: { purl: string; hashes?: unknown; externalReferences?: { url: string }[] }[];
  };
  assert.deepEqual(
    components.map(({ purl }) => purl),
    [
      'pkg:npm/%40acme/ui@2.0.0',
      'pkg:npm/g@1.0.0?vcs_url=git%2Bhttps%3A%2F%2Fexample.com%2Fg.git%23a%23c',
      'pkg:npm/here@1.0.0?download_url=file%3A..%2Fmy%20package.tgz',
      'pkg:npm/s@1.0.0?vcs_url=git%40github.com%3Aacme%2Fs.git',
    ],
  );
  assert.deepEqual(components[0]?.hashes, [{ alg: 'SHA-512', content: '01'.repeat(64) }]);
  assert.deepEqual(
    components.map(({ externalReferences = [] }) => externalReferences.map(({ url }) => url).join()),
    [
      'http://[::1]:4873/@acme%2fui/-/ui-2.0.0.tgz',
      'git+https://example.com/g.git#a%23c',
      'file:../my%20package.tgz',
      '',
    ],
  );
  assert.doesNotMatch(text, /sec|ret/);
});

test('the SBOM of any lockfile is one by the schema of CycloneDX', () => {
  const anyPackage = fc.record<LockedPackage>({
    name: fc.string(),
    version: fc.string(),
    from: fc.constantFrom('registry', 'git', 'url', 'file', 'workspace'),
    resolved: fc.option(
      fc
        .tuple(fc.constantFrom('', 'https://', 'git+ssh://git@', 'file:', 'github:'), fc.string())
        .map((all) => all.join('')),
    ),
    integrity: fc.option(
      fc.tuple(fc.constantFrom('sha512-', 'sha256-', ''), fc.base64String()).map((all) => all.join('')),
    ),
    dev: fc.boolean(),
    hasInstallScript: fc.constant(null),
  });
  const project = fc.record({ name: fc.string(), version: fc.option(fc.string()) });
  fc.assert(
    fc.property(project, fc.array(anyPackage, { maxLength: 4 }), (of, all) => requireValid(sbomOf(of, all))),
    { numRuns: 200 },
  );
});
