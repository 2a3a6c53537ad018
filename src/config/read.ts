/** From a configuration file to its value, whatever its format. */
import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';
import type { EvaluateOptions } from './evaluate.ts';
import { type Located, SyntaxProblem } from './located.ts';
import { show } from './show.ts';
import { reasonOf } from './system-error.ts';

/**
 * `name` is what messages call the file.
 * @throws HoldfastError CONFIG_UNREADABLE, CONFIG_INVALID
 */
export async function readConfigFile(file: string, name: string, options: EvaluateOptions): Promise<Located> {
  const text = readText(file);
  try {
    switch (extname(file).toLowerCase()) {
      case '.json':
        return (await import('./json.ts')).readJson(text);
      case '.yaml':
      case '.yml':
        return (await import('./yaml.ts')).readYaml(text);
      default:
        return await (await import('./evaluate.ts')).evaluateConfig(file, name, options);
    }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const message = `${name}:${error.line}:${error.column}: ${error.message}`;
    throw new HoldfastError('CONFIG_INVALID', message, { cause: error });
  }
}

/** @throws HoldfastError CONFIG_UNREADABLE */
function readText(file: string): string {
  const unreadable = (why: string, cause?: unknown): HoldfastError =>
    new HoldfastError('CONFIG_UNREADABLE', `Cannot read ${show(file)}: ${why}`, { cause });
  try {
    const facts = statSync(file);
    if (facts.isDirectory()) throw unreadable('it is a directory');
    if (!facts.isFile()) throw unreadable('it is not a file');
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!isSystemError(error) || error instanceof HoldfastError) throw error;
    throw unreadable(reasonOf(error.code), error);
  }
}
