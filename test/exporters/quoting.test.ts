/** What users call things, whatever is in it, stays one word of the files. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Plan } from '../../src/config/plan.ts';
import { everything, heldTargets, optionsFor } from './plans.ts';

/** Whoever can begin a line with this can say anything. */
const OWN = 'injected-directive';

const evil = fc
  .array(
    fc.constantFrom(
      '"',
      "'",
      '\\',
      '\n',
      '\r',
      '\r\n',
      ';',
      '{',
      '}',
      '$',
      ['$', '{x}'].join(''),
      '`',
      '#',
      '%',
      '%{x}',
      ' ',
      '\t',
      'a',
      '|',
      '>',
      '<',
      '\u0085',
    ),
    { maxLength: 6 },
  )
  .map((parts) => `v${parts.join('')}\n${OWN} "`);

const places: Readonly<Record<string, (plan: Plan, text: string) => void>> = {
  'a header': (plan, text) => set(plan, ['content', 'headers', 'set', 'X-Frame-Options'], text),
  'a realm': (plan, text) => set(plan, ['content', 'auth', 'realm'], text),
  'a directory': (plan, text) => set(plan, ['routes', '3', 'to', 'files', 'root'], text),
  'a page': (plan, text) => set(plan, ['content', 'errorPages', '404'], text),
  'a redirect': (plan, text) => set(plan, ['content', 'redirects', '0', 'to'], text),
  'a path': (plan, text) => set(plan, ['content', 'rewrites', '0', 'from'], text),
  'a prefix': (plan, text) => set(plan, ['routes', '1', 'prefix'], `/${text}`),
  'a certificate': (plan, text) => set(plan, ['tls', 'certificate', 'cert'], text),
  'an address': (plan, text) => set(plan, ['routes', '2', 'to', 'url'], text),
};

const run: typeof places = {
  'an argument': (plan, text) => setIn(plan, ['command', 'args', '2'], text),
  'an option of node': (plan, text) => setIn(plan, ['command', 'nodeArgs', '0'], text),
  'a script': (plan, text) => setIn(plan, ['command', 'file'], `/srv/${text}`),
  'a directory to run in': (plan, text) => setIn(plan, ['cwd'], `/srv/${text}`),
  'a value': (plan, text) => setIn(plan, ['env', 'GREETING'], text),
  'a PATH': (plan, text) => setIn(plan, ['baseEnv', 'PATH'], text),
  'a file with a secret': (plan, text) => setIn(plan, ['secrets', 'DB_PASSWORD'], `/srv/${text}`),
  'a user': (plan, text) => setIn(plan, ['rights', 'user'], text),
  'a group': (plan, text) => setIn(plan, ['rights', 'group'], text),
  'a namespace': (plan, text) => setIn(plan, ['namespace'], text),
  'a file for the pid': (plan, text) => setIn(plan, ['pidFile'], `/run/${text}`),
  'a time': (plan, text) => setIn(plan, ['restart', 'at', 'expression'], text),
};

/** How one sees that a word of ours is a word no more. The others have one directive a line, and no quote goes over its end. */
const OUTSIDE: Readonly<Record<string, (text: string) => boolean>> = {
  nginx: outside,
  apache: outside,
  caddy: outsideCaddy,
  // Texts go over several lines, but no tag is in them.
  launchd: (text) =>
    /<[^>]*injected|&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(text.replace(/<!--[\s\S]*?-->/g, '')),
};

for (const [name, target] of Object.entries(heldTargets)) {
  test(`${name}: nothing breaks out of its quotes`, () => {
    const isOutside = OUTSIDE[name] ?? ((text) => new RegExp(`^\\s*${OWN}`, 'm').test(text));
    for (const [place, put] of Object.entries(target.kind === 'front' ? places : run)) {
      fc.assert(
        fc.property(evil, (text) => {
          const plan = structuredClone(everything);
          put(plan, text);
          for (const file of target.export(plan, optionsFor(plan)).files)
            assert.ok(!isOutside(file.text), `${place}: ${JSON.stringify(text)}\n${file.text}`);
        }),
        { numRuns: 12 },
      );
    }
  });
}

/** Whether a line begins with ours while no quote is open. nginx and Apache escape a quote with a backslash. */
function outside(text: string): boolean {
  return beginsOutside(text, '"\'', true);
}

/** In its backticks nothing is escaped. */
function outsideCaddy(text: string): boolean {
  return beginsOutside(text, '"`', false);
}

function beginsOutside(text: string, quotes: string, alwaysEscapes: boolean): boolean {
  let open = '';
  let line = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\n') {
      if (open === '' || open === '#') [open, line] = ['', ''];
      continue;
    }
    if (open === '#') continue;
    if (char === '\\' && (alwaysEscapes || open !== '`')) at++;
    else if (open !== '') open = char === open ? '' : open;
    else if (char === '#' && /^\s*$/.test(line)) open = '#';
    else if (quotes.includes(char) && (alwaysEscapes || /\s/.test(text[at - 1] ?? ' '))) open = char;
    else {
      line += char;
      if (line.trimStart().startsWith(OWN)) return true;
    }
  }
  return false;
}

function setIn(plan: Plan, path: readonly string[], text: string): void {
  put(plan.apps.web, path, text);
}

function set(plan: Plan, path: readonly string[], text: string): void {
  put(plan.sites['example.com'], path, text);
}

function put(whole: unknown, path: readonly string[], text: string): void {
  let holder = whole as Record<string, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  holder[path.at(-1) ?? ''] = text;
}
