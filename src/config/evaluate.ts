/** From a configuration that is a module to its value: its default export, called if it is a function, and awaited. */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import type { Located } from './located.ts';
import { evaluateModule } from './module.ts';
import { show } from './show.ts';

export interface EvaluateOptions {
  /** Handed to a configuration that is a function. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** One that asks a network for something may take its time; one that hangs must not look like success. */
const deadlineMs = 30_000;

/** @throws HoldfastError CONFIG_INVALID when the module, or what it exports, throws. */
export async function evaluateConfig(
  file: string,
  name: string,
  { env, clock }: EvaluateOptions,
): Promise<Located> {
  try {
    const value = await withDeadline(clock, async () => {
      const exported = defaultExport(await evaluateModule(file));
      return plainCopy(await (typeof exported === 'function' ? exported({ env }) : exported));
    });
    return { value, lineOf: () => undefined, problems: [] };
  } catch (error) {
    const [first = '', ...details] = messageOf(error, file);
    const place = error instanceof Refused ? '' : placeOf(error, file);
    throw new HoldfastError('CONFIG_INVALID', `${name}${place}: ${first}`, { cause: error, details });
  }
}

/** Its lines, without those that repeat where it happened. */
function messageOf(error: unknown, file: string): string[] {
  if (!(error instanceof Error)) return [`it throws ${show(error)}`];
  const message =
    error.name === 'Error' || error instanceof Refused ? error.message : `${error.name}: ${error.message}`;
  return message
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => !line.trim().startsWith(`${file}:`));
}

/** What we say about a module, as opposed to what it throws. */
class Refused extends Error {}

/** Of a CommonJS module, `module.exports`; of one that was ES before it was compiled, its `exports.default`. */
function defaultExport(namespace: unknown): unknown {
  if (!isRecord(namespace) || !('default' in namespace)) {
    throw new Refused('it has no default export: write "export default defineConfig({ … })"');
  }
  const exported = namespace.default;
  const wasCompiled = isRecord(exported) && exported.__esModule === true && 'default' in exported;
  return wasCompiled ? exported.default : exported;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Nothing that the file made, such as a getter, is to run later than here, where its errors are still its own. */
function plainCopy(value: unknown, depth = 0): unknown {
  if (depth > 50) throw new Refused('it is nested more than 50 deep, or refers to itself');
  if (Array.isArray(value)) return value.map((item) => plainCopy(item, depth + 1));
  if (!isRecord(value) || !isPlain(value)) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, plainCopy(value[key], depth + 1)]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of another realm has another Object.prototype, which has no prototype either.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

async function withDeadline<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    const refusal = new Refused(`it was not done after ${deadlineMs / 1000} seconds`);
    cancel = clock.after(deadlineMs, () => reject(refusal));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    cancel();
  }
}

/** `:12:5`, from the stack, when that names the file; the rest of the stack is of no use to the file's author. */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? String(error.stack) : '';
  for (const spelling of [file, pathToFileURL(file).pathname]) {
    const at = stack.indexOf(spelling);
    const place = /^(?:\?holdfast=\d+)?(:\d+(?::\d+)?)/.exec(stack.slice(at + spelling.length))?.[1];
    if (at >= 0 && place !== undefined) return place;
  }
  return error instanceof SyntaxError ? placeOfSyntaxError(file) : '';
}

/** Node keeps the place of a syntax error to itself, except when it prints one. */
function placeOfSyntaxError(file: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
  const line = /^.*:(\d+)\n/.exec(stderr ?? '')?.[1];
  return line === undefined ? '' : `:${line}`;
}
