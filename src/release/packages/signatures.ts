/** The registry's signatures of what was installed: docs.npmjs.com/about-registry-signatures. */
import { HoldfastError } from '../../errors.ts';
import { inWords } from '../lockfile/check.ts';
import { isRecord, textOf } from '../lockfile/lockfile.ts';
import type { StepRunner } from '../seams.ts';
import { askOnce } from './audit.ts';

/** So it is with every release, until the registry can do it. */
export const NO_SIGNATURES =
  'The registry has no signatures, so nobody checked that it sent what was published';

/**
 * Asks npm, which must have installed what is in `dir`.
 *
 * @returns a line for what is not signed, or that this registry signs nothing
 * @throws HoldfastError PACKAGES_REFUSED for a signature that is wrong
 */
export async function checkSignatures(
  dir: string,
  runner: Pick<StepRunner, 'read'>,
  path: readonly string[],
): Promise<string[]> {
  const words = ['npm', 'audit', 'signatures', '--json', ...askOnce];
  let report: unknown;
  try {
    report = JSON.parse(await runner.read(words, { cwd: dir, path, alsoGood: [1] }));
  } catch {
    report = null;
  }
  return readSignatures(report);
}

/** What `npm audit signatures --json` prints. */
export function readSignatures(report: unknown): string[] {
  if (!isRecord(report) || !Array.isArray(report.invalid) || !Array.isArray(report.missing)) {
    return [NO_SIGNATURES];
  }
  const invalid = specs(report.invalid);
  if (invalid.length > 0) {
    throw new HoldfastError('PACKAGES_REFUSED', `The registry's signature is wrong for ${inWords(invalid)}`, {
      hint: 'Somebody has changed these packages on their way, or in the registry: do not install them',
      details: invalid,
    });
  }
  const missing = specs(report.missing);
  return missing.length > 0 ? [`Without a signature of the registry: ${inWords(missing)}`] : [];
}

function specs(list: readonly unknown[]): string[] {
  return list.flatMap((one) =>
    isRecord(one) ? [`${textOf(one.name) ?? '?'}@${textOf(one.version) ?? '?'}`] : [],
  );
}
