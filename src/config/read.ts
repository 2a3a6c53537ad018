/** From a configuration file to its value, whatever its format. */
import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import { type Located, SyntaxProblem } from './located.ts';
import { show } from './show.ts';

export interface ReadOptions {
  /** Handed to a configuration that is a function. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** A configuration that asks a network for something may take its time; one that hangs must not look like success. */
const evaluationMs = 30_000;

/** @throws HoldfastError CONFIG_UNREADABLE, CONFIG_INVALID */
export async function readConfigFile(file: string, name: string, options: ReadOptions): Promise<Located> {
  const text = readText(file);
  try {
    switch (extname(file).toLowerCase()) {
      case '.json':
        return (await import('./json.ts')).readJson(text);
      case '.yaml':
      case '.yml':
        return (await import('./yaml.ts')).readYaml(text);
      default:
        return { value: await evaluate(file, name, options), lineOf: () => undefined, problems: [] };
    }
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    const message = `${name}:${error.line}:${error.column}: ${error.message}`;
    throw new HoldfastError('CONFIG_INVALID', message, { cause: error });
  }
}

/** @throws HoldfastError CONFIG_UNREADABLE */
function readText(file: string): string {
  try {
    if (statSync(file).isDirectory()) {
      throw new HoldfastError('CONFIG_UNREADABLE', `Cannot read ${show(file)}: it is a directory`);
    }
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new HoldfastError('CONFIG_UNREADABLE', `Cannot read ${show(file)}: ${reasonOf(error.code)}`, {
      cause: error,
    });
  }
}

/** An errno in words. */
export function reasonOf(code: string): string {
  const words: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOENT: 'there is no such file',
    ELOOP: 'its links go in a circle',
    ENAMETOOLONG: 'the name is too long',
  };
  return words[code] ?? code;
}

async function evaluate(file: string, name: string, { env, clock }: ReadOptions): Promise<unknown> {
  const { evaluateModule } = await import('./module.ts');
  try {
    return await withDeadline(clock, async () => {
      const exported = defaultExport(await evaluateModule(file), name);
      return await (typeof exported === 'function' ? exported({ env }) : exported);
    });
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw evaluationError(file, name, error);
  }
}

/** Of a CommonJS module, `module.exports`; of one that was ES before it was compiled, its `exports.default`. */
function defaultExport(namespace: unknown, name: string): unknown {
  if (!isRecord(namespace)) return namespace;
  if (!('default' in namespace)) {
    throw new HoldfastError(
      'CONFIG_INVALID',
      `${name}: it has no default export: write "export default defineConfig({ … })"`,
    );
  }
  const exported = namespace.default;
  const wasCompiled = isRecord(exported) && exported.__esModule === true && 'default' in exported;
  return wasCompiled ? exported.default : exported;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

async function withDeadline<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(evaluationMs, () =>
      reject(new Error(`it was not done after ${evaluationMs / 1000} seconds`)),
    );
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    cancel();
  }
}

/** Which line of the file threw is in the stack; the rest of the stack is of no use to its author. */
function evaluationError(file: string, name: string, error: unknown): HoldfastError {
  const stack = error instanceof Error ? String(error.stack) : '';
  const at = stack.indexOf(file);
  const place =
    at < 0 ? undefined : /^(?:\?holdfast=\d+)?(:\d+(?::\d+)?)/.exec(stack.slice(at + file.length))?.[1];
  const message = error instanceof Error ? `${error.name}: ${error.message}` : `it throws ${show(error)}`;
  const [first = '', ...details] = message.split('\n');
  return new HoldfastError('CONFIG_INVALID', `${name}${place ?? ''}: ${first}`, { cause: error, details });
}
