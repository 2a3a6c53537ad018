/** Configurations in the documentation, whole ones and parts of one, judged by the schema and the rules of the program. */
import { runInNewContext } from 'node:vm';
import { checkConfig } from '../../src/config/check.ts';
import type { Block } from './pages.ts';

type Config = Readonly<Record<string, unknown>>;

/** Where a part of a configuration may stand; what it needs around it is added. */
const places: readonly ((part: Config) => Config)[] = [
  (part) => ({ apps: { web: 'server.js' }, ...part }),
  (part) => ({ apps: part }),
  (part) => ({ apps: { web: { run: 'server.js', port: 3000, ...part } } }),
  (part) => ({ ...site({ routes: { '/': 'web' }, ...part }) }),
  (part) => site({ routes: part }),
  (part) => ({ apps: { web: 'server.js' }, name: 'shop', deploy: part }),
];

/** In place of what is cut short in the documentation. */
const password = 'scrypt:16384:8:5:Zc90uVmosYeS6RTU8Uyg5w:UB9NizN2u6tvvKiQj7NRJJ_CNEOLARd3FdVK_eVajeQ';

function site(settings: Config): Config {
  return { apps: { web: 'server.js', next: 'server.js' }, sites: { 'example.com': settings } };
}

/** What is wrong with it; empty also for code that is no configuration, as long as it can be parsed. */
export function configProblems(block: Block): string[] {
  const { language } = block;
  const text = block.text.replaceAll(/scrypt:[^']*…/g, password);
  if (language === 'json') return problemsIn(JSON.parse(text));
  const whole = /^(?:import .*\n|\s|\/\/.*\n)*export default\s/.exec(text)?.[0];
  if (whole !== undefined) {
    return problemsIn(evaluate(text.slice(whole.length).trimEnd().replace(/;$/, '')));
  }
  if (!/^\s*(?:['"][^'"]+['"]|\w+): /.test(text)) return [];
  return entriesOf(text).flatMap((entry) => {
    const part = evaluate(`{${entry}}`) as Config;
    let best: string[] | undefined;
    for (const place of places) {
      const found = problemsIn(place(part));
      if (found.length === 0) return [];
      if (best === undefined || found.length < best.length) best = found;
    }
    return best ?? [];
  });
}

function problemsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || !('apps' in value)) return [];
  const { problems } = checkConfig(value, {
    source: '/holdfast.config.js',
    root: '/',
    project: 'shop',
    release: null,
    unbuilt: true,
    env: {},
    parallelism: 4,
    isRoot: true,
  });
  const all = problems.map(({ path, text }) => `${path.map(String).join('.')} ${text}`);
  // Files and users of an example are nowhere.
  return all.filter(
    (problem) => !/there is (?:no|none at) "\/|there is no such file|neither a program in PATH/.test(problem),
  );
}

function evaluate(expression: string): unknown {
  // Values of another realm have other prototypes.
  return JSON.parse(
    JSON.stringify(runInNewContext(`(${expression})`, { defineConfig: (value: unknown) => value })),
  );
}

/** `a: 1⏎a: 2` shows two ways to say it: each is looked at by itself. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  let entry = '';
  for (const line of text.split('\n')) {
    entry += `${line}\n`;
    if (!isBalanced(entry)) continue;
    if (entry.trim() !== '') entries.push(entry);
    entry = '';
  }
  if (entry.trim() !== '') throw new Error('A bracket is not closed');
  return entries;
}

function isBalanced(text: string): boolean {
  const bare = text.replaceAll(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\/\/.*|\/\*[\s\S]*?\*\//g, '');
  const count = (pattern: RegExp): number => bare.match(pattern)?.length ?? 0;
  return count(/[{[(]/g) === count(/[}\])]/g);
}
