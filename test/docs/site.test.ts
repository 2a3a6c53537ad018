/** The documentation as a site: whole, in order, and read without any other host. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../support/root.ts';
import { tempDir } from '../support/temp-dir.ts';
import { pages as allPages } from './pages.ts';

interface Section {
  readonly title: string;
  readonly pages: readonly string[];
}

const docs = join(root, 'docs');

test('every page is in the sidebar, once', async () => {
  const { sections } = (await import(pathToFileURL(join(docs, '.vitepress', 'pages.js')).href)) as {
    sections: readonly Section[];
  };
  const listed = sections.flatMap(({ pages }) => pages);
  assert.deepEqual([...listed].sort(), files(docs, '.md'), 'name the page in docs/.vitepress/pages.js');
});

test('every link between files of the repository leads to one', () => {
  const problems = allPages().flatMap(({ file, text }) => {
    const prose = text.replaceAll(/^\s*```[\s\S]*?^\s*```/gm, '').replaceAll(/`[^`\n]*`/g, '');
    return values(prose, /\]\(([^)\s]+)\)/g)
      .filter((href) => !/^(?:[a-z]+:|#)/i.test(href))
      .filter((href) => !existsSync(join(root, dirname(file), href.replace(/#.*/, ''))))
      .map((href) => `${file} links to ${href}`);
  });
  assert.deepEqual(problems, []);
});

test('the site builds, its links lead somewhere, and it asks no other host for anything', async (t) => {
  const isInstalled = existsSync(join(docs, 'node_modules', 'vitepress'));
  if (!isInstalled && !process.env.HOLDFAST_TEST_ALL) return t.skip('needs `npm run docs` once');
  const out = join(tempDir(t), 'site');
  await build(out);

  const pages = new Map(files(out, '.html').map((name) => [name, readFileSync(join(out, name), 'utf8')]));
  const ids = new Map([...pages].map(([name, html]) => [name, new Set(values(html, /\sid="([^"]*)"/g))]));
  const problems: string[] = [];
  for (const [name, html] of pages) {
    const loaded = values(html, /<(?:script|link|img|iframe|source|video)\b[^>]*?\s(?:src|href)="([^"]*)"/g);
    for (const url of loaded.filter(isElsewhere)) problems.push(`${name} loads ${url}`);
    for (const href of values(html, /<a\b[^>]*?\shref="([^"]*)"/g)) {
      const wrong = isElsewhere(href) ? null : leadsNowhere(name, href, out, ids);
      if (wrong) problems.push(`${name} links to ${href}: ${wrong}`);
    }
  }
  for (const name of files(out, '.css')) {
    const loaded = values(readFileSync(join(out, name), 'utf8'), /(?:url\(|@import )["']?([^"')]+)/g);
    for (const url of loaded.filter(isElsewhere)) problems.push(`${name} loads ${url}`);
  }
  assert.deepEqual(problems, []);
  assert.ok(pages.size > 50, `only ${pages.size} pages were built`);
});

async function build(out: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'docs.js'), '--out', out], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  assert.equal(code, 0, said);
}

function isElsewhere(url: string): boolean {
  return /^(?:[a-z]+:)?\/\//i.test(url);
}

/** Why a link within the site leads nowhere. */
function leadsNowhere(
  from: string,
  href: string,
  out: string,
  ids: ReadonlyMap<string, ReadonlySet<string>>,
): string | null {
  const [path = '', id = ''] = href.split('#');
  const absolute = path === '' ? from : path.startsWith('/') ? path.slice(1) : join(dirname(from), path);
  const name = absolute === '' || absolute.endsWith('/') ? `${absolute}index.html` : absolute;
  if (!name.endsWith('.html')) return existsSync(join(out, name)) ? null : 'there is no such file';
  const there = ids.get(name);
  if (!there) return 'there is no such page';
  return id === '' || there.has(decodeURIComponent(id)) ? null : 'there is no such heading';
}

function values(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, value = '']) => value);
}

/** Paths below a directory, sorted. */
function files(dir: string, ending: string, below = ''): string[] {
  return readdirSync(join(dir, below), { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(below, entry.name);
      if (entry.isDirectory()) return files(dir, ending, path);
      return path.endsWith(ending) ? [path] : [];
    })
    .sort();
}
