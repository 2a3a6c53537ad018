/**
 * Evaluates a configuration that is a module. Newer versions of Node do it by themselves, TypeScript included; on
 * older ones, and for TypeScript that is more than types, jiti does.
 *
 * `import { defineConfig } from 'holdfast'` works wherever Holdfast is installed, globally too: the name always means
 * the Holdfast that reads the file.
 */
import * as nodeModule from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** This package's own entry, beside which this file lies, compiled or not. */
const ownEntry = new URL(`../index${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

/** Node >= 22.15; not in the types of Node 20. */
interface Hooks {
  readonly registerHooks?: (hooks: {
    resolve(
      specifier: string,
      context: unknown,
      next: (specifier: string, context: unknown) => unknown,
    ): unknown;
  }) => { deregister(): void };
}

const { registerHooks } = nodeModule as Hooks;
const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);

/** The module's namespace. Throws what the module throws. */
export async function evaluateModule(file: string): Promise<unknown> {
  const isTypeScript = /\.[mc]?ts$/.test(file);
  if (!registerHooks || (isTypeScript && !stripsTypes)) return await evaluateWithJiti(file);
  try {
    return await evaluateNatively(file, registerHooks);
  } catch (error) {
    if (isTypeScript && isBeyondTypes(error)) return await evaluateWithJiti(file);
    throw error;
  }
}

/** Enums and the like, and imports without an extension, as bundlers allow them. */
function isBeyondTypes(error: unknown): boolean {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' || code === 'ERR_MODULE_NOT_FOUND';
}

let evaluations = 0;

async function evaluateNatively(
  file: string,
  register: NonNullable<Hooks['registerHooks']>,
): Promise<unknown> {
  const url = pathToFileURL(file);
  // Node keeps modules by URL, and the file may have changed since the last time.
  url.searchParams.set('holdfast', String(++evaluations));
  const hooks = register({
    resolve: (specifier, context, next) =>
      specifier === 'holdfast' ? { url: ownEntry.href, shortCircuit: true } : next(specifier, context),
  });
  const restore = silenceLoaderWarnings();
  try {
    return await import(url.href);
  } finally {
    restore();
    hooks.deregister();
  }
}

/**
 * Node warns that stripping types is experimental, and that the type of a module was found out by looking at it.
 * Both are true of most configuration files, and neither is for the reader of our output to act on.
 */
function silenceLoaderWarnings(): () => void {
  const original = process.emitWarning;
  const silenced: typeof process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    const text = `${String(warning)} ${JSON.stringify(rest)}`;
    if (/Type Stripping is an experimental|MODULE_TYPELESS_PACKAGE_JSON/.test(text)) return;
    Reflect.apply(original, process, [warning, ...rest]);
  };
  process.emitWarning = silenced;
  return () => {
    process.emitWarning = original;
  };
}

async function evaluateWithJiti(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const alias = { holdfast: fileURLToPath(ownEntry) };
  // No cache: it would write into the project, and a configuration is read once.
  const jiti = createJiti(pathToFileURL(file).href, {
    alias,
    moduleCache: false,
    fsCache: false,
    interopDefault: false,
  });
  const loaded = await jiti.import(file);
  return isNamespace(loaded) ? loaded : { default: loaded };
}

/** Of a CommonJS module jiti gives `module.exports` itself. */
function isNamespace(loaded: unknown): boolean {
  if (typeof loaded !== 'object' || loaded === null) return false;
  return Object.prototype.toString.call(loaded) === '[object Module]' || '__esModule' in loaded;
}
