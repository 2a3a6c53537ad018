/**
 * Known vulnerabilities, as the registry has them. npm asks for all managers: it is given a lockfile that lists exactly what runs in
 * production, so that it needs no installed tree.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRecord, textOf } from '../lockfile/lockfile.ts';
import type { LockedPackage, StepRunner } from '../seams.ts';

export const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

export interface Vulnerability {
  readonly name: string;
  /** Installed. */
  readonly versions: readonly string[];
  readonly severity: Severity;
  readonly title: string;
  readonly url: string | null;
  /** Which versions have it. */
  readonly range: string | null;
}

/** A registry that does not answer is told, not waited for: by itself npm tries for minutes. */
export const askOnce = ['--no-update-notifier', '--fetch-retries=0', '--fetch-timeout=20000'] as const;

export interface AuditPlace {
  /** Its .npmrc says which registry. */
  readonly dir: string;
  readonly runner: Pick<StepRunner, 'read'>;
  /** npm and node, for PATH. */
  readonly path: readonly string[];
}

/** The worst first. Undefined: this registry cannot say. */
export async function audit(
  packages: readonly LockedPackage[],
  { dir, runner, path }: AuditPlace,
): Promise<Vulnerability[] | undefined> {
  const asked = production(packages);
  if (asked.length === 0) return [];
  const place = mkdtempSync(join(tmpdir(), 'holdfast-audit-'));
  try {
    const { manifest, lock } = auditFiles(asked);
    writeFileSync(join(place, 'package.json'), manifest);
    writeFileSync(join(place, 'package-lock.json'), lock);
    const npmrc = join(dir, '.npmrc');
    if (existsSync(npmrc)) copyFileSync(npmrc, join(place, '.npmrc'));
    // The build user reads it; nothing in it is more secret than the release.
    chmodSync(place, 0o755);
    for (const name of readdirSync(place)) chmodSync(join(place, name), 0o644);
    const words = ['npm', 'audit', '--omit=dev', '--json', '--package-lock-only', ...askOnce];
    return readAudit(JSON.parse(await runner.read(words, { cwd: place, path, alsoGood: [1] })), asked);
  } catch {
    return undefined;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function production(packages: readonly LockedPackage[]): LockedPackage[] {
  return packages.filter(({ from, dev }) => from === 'registry' && !dev);
}

/** Each package under a name of its own, so that several versions of one can be beside each other. */
export function auditFiles(packages: readonly LockedPackage[]): { manifest: string; lock: string } {
  const aliases = packages.map((one, index) => ({ ...one, alias: `p${index}` }));
  const dependencies = Object.fromEntries(
    aliases.map(({ alias, name, version }) => [alias, `npm:${name}@${version}`]),
  );
  const entries = aliases.map(({ alias, name, version }) => [
    `node_modules/${alias}`,
    {
      name,
      version,
      resolved: `https://registry.npmjs.org/${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`,
    },
  ]);
  const root = { name: 'audit', version: '1.0.0', private: true, dependencies };
  const lock = {
    name: 'audit',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, ...Object.fromEntries(entries) },
  };
  return { manifest: JSON.stringify(root), lock: JSON.stringify(lock) };
}

/** What `npm audit --json` prints; undefined when it could not ask. */
export function readAudit(report: unknown, packages: readonly LockedPackage[]): Vulnerability[] | undefined {
  if (!isRecord(report) || !isRecord(report.vulnerabilities)) return undefined;
  const found = new Map<string, Vulnerability>();
  for (const one of Object.values(report.vulnerabilities)) {
    const via = isRecord(one) && Array.isArray(one.via) ? one.via : [];
    for (const advisory of via) {
      if (!isRecord(advisory)) continue;
      const name = textOf(advisory.name) ?? '';
      const title = textOf(advisory.title) ?? 'a known vulnerability';
      const severity = severities.find((level) => level === advisory.severity) ?? 'info';
      const versions = packages.filter((locked) => locked.name === name).map(({ version }) => version);
      found.set(`${name}\0${title}`, {
        name,
        versions,
        severity,
        title,
        url: textOf(advisory.url),
        range: textOf(advisory.range),
      });
    }
  }
  return [...found.values()].sort(
    (a, b) => severities.indexOf(b.severity) - severities.indexOf(a.severity) || (a.name < b.name ? -1 : 1),
  );
}

/** Those that are as bad as this, or worse. */
export function atLeast(found: readonly Vulnerability[], threshold: Severity): Vulnerability[] {
  return found.filter(({ severity }) => severities.indexOf(severity) >= severities.indexOf(threshold));
}

export function vulnerabilityLine({ name, versions, severity, title, url }: Vulnerability): string {
  const spec = versions.length > 0 ? `${name}@${versions.join(', ')}` : name;
  return `${severity}: ${spec}: ${title}${url === null ? '' : ` (${url})`}`;
}
