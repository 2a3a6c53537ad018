/** Whatever a configuration file may say, and the configuration is taken: in a front's file it is one word, and begins no other directive. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkFiles } from '../../src/cli/export/check.ts';
import { parseApache } from '../../src/config/import/apache-syntax.ts';
import type { FrontDirective, FrontTree } from '../../src/config/import/front-tree.ts';
import { parseNginx } from '../../src/config/import/nginx-syntax.ts';
import { loadPlan } from '../../src/config/load.ts';
import type { Plan } from '../../src/config/plan.ts';
import { HoldfastError } from '../../src/errors.ts';
import { placesOf } from '../../src/exporters/places.ts';
import type { Target } from '../../src/exporters/target.ts';
import { targets } from '../../src/exporters/targets.ts';
import { tlsFile } from '../support/certificates.ts';
import type { Test } from '../support/cleanup.ts';
import { requireProgram } from '../support/programs.ts';
import { app } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';

const fronts = Object.entries(targets).filter(([, { kind }]) => kind === 'front');

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A configuration with texts of the user's at some places; the rest of it says as much as possible. */
function configured(texts: Partial<Record<Setting, string>>, dir: string): Json {
  const run = app('everything.js');
  const own = (at: Setting, otherwise: string) => texts[at] ?? otherwise;
  return {
    apps: {
      web: { run, instances: 2, health: { path: own('health', '/up') } },
    },
    sites: {
      [own('host', 'example.test')]: {
        routes: {
          '/': 'web',
          [own('prefix', '/api/')]: {
            to: 'web',
            rate: `5/s per header ${own('rate header', 'x-key')}`,
          },
          '/files/': {
            files: own('directory', join(dir, 'files')),
            index: own('index', 'index.html'),
            cacheControl: own('cache control', 'no-cache'),
            spa: true,
          },
          '/ext/': {
            to: own('address', 'https://10.0.0.1:9'),
            check: own('check', '/h'),
            serverName: own('server name', 'ext.test'),
          },
        },
        tls: { cert: own('certificate', join(dir, 'c.pem')), key: own('key', join(dir, 'c.pem.key')) },
        headers: { [own('header name', 'X-A')]: own('header', 'a') },
        redirects: {
          [`${own('redirect', '/old')}/*`]: own('redirect to', '/new/*'),
        },
        rewrites: { [`${own('rewrite', '/v1')}/*`]: own('rewrite to', '/api/*') },
        auth: { realm: own('realm', 'Staff'), users: { [own('user', 'ann')]: HASH } },
        allow: [own('peer', '10.0.0.0/8')],
        maintenance: { page: own('maintenance page', join(dir, 'page.html')) },
        errorPages: { 502: own('page', join(dir, 'page.html')) },
      },
      // Its certificate is ordered by others, and is not there yet.
      ...('email' in texts || 'directory of the CA' in texts
        ? { 'acme.test': { tls: 'auto', routes: { '/': 'web' } } }
        : {}),
    },
    acme: {
      email: own('email', 'a@example.test'),
      directory: own('directory of the CA', 'https://ca.test/d'),
    },
  };
}

const HASH = `scrypt:16384:8:5:${'A'.repeat(22)}:${'A'.repeat(43)}`;

/** With what is right there at the beginning, because much must begin with a slash. */
const settings = {
  health: '/',
  host: 'x',
  prefix: '/',
  'rate header': 'x',
  index: 'x',
  'cache control': '',
  address: 'https://10.0.0.',
  check: '/',
  'server name': '',
  'header name': 'X',
  header: '',
  redirect: '/',
  'redirect to': '/',
  rewrite: '/',
  'rewrite to': '/',
  realm: '',
  user: 'x',
  peer: '10.0.0.',
  email: 'a@',
  'directory of the CA': 'https://ca.test/',
} as const;

/** What is right behind it, where that is no letter; for redirects what says most. */
const PLAIN: Partial<Record<string, string>> = { peer: '1', address: '1:9', 'redirect to': '*' };

/** Files that must be there, and what is in them. */
const files = {
  directory: null,
  certificate: 'c.pem',
  key: 'c.pem.key',
  'maintenance page': 'page.html',
  page: 'page.html',
} as const;

type Setting = keyof typeof settings | keyof typeof files;

/** A directory with what the configuration names. */
function withFiles(t: Test): string {
  const dir = tempDir(t);
  mkdirSync(join(dir, 'files'));
  // HAProxy looks for the key beside the certificate, under its name.
  copyFileSync(tlsFile('a.test.pem'), join(dir, 'c.pem'));
  copyFileSync(tlsFile('a.test.key'), join(dir, 'c.pem.key'));
  writeFileSync(join(dir, 'page.html'), 'A page.');
  return dir;
}

/** Where a file of this name is now; undefined when no file can have it. */
function named(dir: string, setting: keyof typeof files, text: string): string | undefined {
  const path = join(dir, 'named', setting === 'key' ? 'certificate' : setting, text);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const content = files[setting];
    if (content === null) mkdirSync(path, { recursive: true });
    else copyFileSync(join(dir, content), path);
    return path;
  } catch {
    return undefined;
  }
}

const evil = fc
  .array(
    fc.constantFrom(
      ...[
        '"',
        "'",
        '\\',
        '\n',
        '\r\n',
        ';',
        '{',
        '}',
        '$',
        '{$',
        '`',
        '#',
        '%',
        '%{x}',
        '%[src]',
        ' ',
        '\t',
        '|',
        '<',
        '>',
      ],
      ...[
        '\u2028',
        '\u0085',
        'é',
        '日本',
        '*',
        '(',
        '[',
        ',',
        'a',
        '$' + '{x}',
        '{env.HOME}',
        '/',
        '\\n',
        '<VirtualHost *>',
      ],
    ),
    { minLength: 1, maxLength: 7 },
  )
  .map((parts) => parts.join(''));

test('no text of a configuration becomes another directive', async (t) => {
  const dir = withFiles(t);
  for (const setting of [...Object.keys(settings), ...Object.keys(files)] as Setting[]) {
    const plain = await planned(dir, setting, PLAIN[setting] ?? 'a');
    assert.ok(plain, `${setting} takes what is plain`);
    const known = new Map(fronts.map(([name, target]) => [name, directivesOf(name, target, plain)]));
    await fc.assert(
      fc.asyncProperty(evil, async (text) => {
        const plan = await planned(dir, setting, text);
        if (!plan) return;
        for (const [name, target] of fronts) {
          for (const [directive, count] of directivesOf(name, target, plan)) {
            const most = known.get(name)?.get(directive) ?? 0;
            assert.ok(
              count <= most,
              `${name}, ${setting}: ${directive} is there ${count} times, not ${most}`,
            );
          }
        }
      }),
      { numRuns: 8, includeErrorInReport: true },
    );
  }
});

for (const [name, target] of fronts.filter(([, { check }]) => check)) {
  test(`${name} finds files whatever they are called`, async (t) => {
    if (!requireProgram(t, name === 'apache' ? 'apache2' : name)) return;
    const dir = withFiles(t);
    const odd = 'it\'s "one" of\\2 $HOME $' + '{x} {$y} {z} %d; #1';
    const paths = Object.keys(files).map((setting) => [
      setting,
      named(dir, setting as keyof typeof files, setting === 'key' ? `${odd}.key` : odd),
    ]);
    const plan = await planFor(Object.fromEntries(paths), dir);
    assert.ok(plan);
    await checkFiles(target, exportedFiles(target, plan));
  });
}

/** Undefined: the configuration is refused. */
async function planned(dir: string, setting: Setting, text: string): Promise<Plan | undefined> {
  if (setting in files) {
    const path = named(dir, setting as keyof typeof files, text);
    return path === undefined ? undefined : planFor({ [setting]: path }, dir);
  }
  return planFor({ [setting]: settings[setting as keyof typeof settings] + text }, dir);
}

async function planFor(texts: Partial<Record<Setting, string>>, dir: string): Promise<Plan | undefined> {
  writeFileSync(join(dir, 'holdfast.config.json'), JSON.stringify(configured(texts, dir)));
  try {
    return await loadPlan({ cwd: dir, env: process.env });
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}

function exportedFiles(target: Target, plan: Plan) {
  const options = {
    node: '/usr/bin/node',
    user: null,
    name: 'holdfast',
    places: placesOf(plan),
    isSecret: () => true,
  };
  return target.export(plan, options).files;
}

/** How often each directive is in the files, wherever. */
function directivesOf(name: string, target: Target, plan: Plan): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { text } of exportedFiles(target, plan)) {
    for (const directive of (readers[name] ?? firstWords)(text))
      counts.set(directive, (counts.get(directive) ?? 0) + 1);
  }
  return counts;
}

const readers: Readonly<Record<string, (text: string) => readonly string[]>> = {
  nginx: (text) => namesIn(parseNginx(text, 'nginx')),
  apache: (text) => namesIn(parseApache(text, 'apache')),
  traefik: (text) => keysOf(parse(text)),
  caddy: (text) => firstWords(withoutQuoted(text)),
};

function namesIn({ directives, problems }: FrontTree): string[] {
  assert.deepEqual(problems, [], JSON.stringify(problems));
  const within = (all: readonly FrontDirective[]): string[] =>
    all
      // How `$` is written where it must be.
      .filter(({ args }) => !/holdfast_dollar/i.test(args[0] ?? ''))
      .flatMap(({ name, args, body }) => [`${name} with ${args.length}`, ...(body ? within(body) : [])]);
  return within(directives);
}

/** Names that are made from what users call things count as one. */
function keysOf(value: unknown, at = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const isNames = Array.isArray(value) || /^(?:routers|services|middlewares|\w+ResponseHeaders)$/.test(at);
  return Object.entries(value).flatMap(([key, one]) => [
    isNames ? `a name in ${at}` : key,
    ...keysOf(one, key),
  ]);
}

/** Of the lines that are no comments. */
function firstWords(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => /^\s*([^\s#]\S*)/.exec(line)?.[1] ?? []);
}

/** Quotes of Caddy go over several lines; in backticks nothing is escaped. What sites and users are called is no directive. */
function withoutQuoted(text: string): string {
  return text
    .replace(/^https?:.*/gm, 'site')
    .replace(/(?<=^|\s)(?:"(?:\\.|[^"\\])*"|`[^`]*`)/gs, 'q')
    .replace(/^\s*\S+ \{\$HOLDFAST_PASSWORD_.*$/gm, 'user')
    .replace(/^(\s*header \{\n\s*)\S+/gm, '$1field');
}
