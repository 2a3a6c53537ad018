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

for (const [name, target] of Object.entries(heldTargets)) {
  test(`${name}: nothing breaks out of its quotes`, () => {
    for (const [place, put] of Object.entries(places)) {
      fc.assert(
        fc.property(evil, (text) => {
          const plan = structuredClone(everything);
          put(plan, text);
          for (const file of target.export(plan, optionsFor(plan)).files)
            assert.ok(!outside(file.text), `${place}: ${JSON.stringify(text)}`);
        }),
        { numRuns: 25 },
      );
    }
  });
}

/** Whether a line begins with ours while no quote is open. Both escape a quote with a backslash. */
function outside(text: string): boolean {
  let open = '';
  let line = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\n') {
      if (open === '' || open === '#') [open, line] = ['', ''];
      continue;
    }
    if (open === '#') continue;
    if (char === '\\') at++;
    else if (open !== '') open = char === open ? '' : open;
    else if (char === '#' && /^\s*$/.test(line)) open = '#';
    else if (char === '"' || char === "'") open = char;
    else {
      line += char;
      if (line.trimStart().startsWith(OWN)) return true;
    }
  }
  return false;
}

function set(plan: Plan, path: readonly string[], text: string): void {
  let holder = plan.sites['example.com'] as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  holder[path.at(-1) ?? ''] = text;
}
