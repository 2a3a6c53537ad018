/** The documentation as a site: built by `npm run docs`, read with nothing but a browser. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sections } from './pages.js';

const docs = fileURLToPath(new URL('..', import.meta.url));
const root = join(docs, '..');

export default {
  title: 'Holdfast',
  description: 'Puts your Node.js app into production',
  lang: 'en',
  // A link to a page that is not there ends the build.
  ignoreDeadLinks: false,
  cleanUrls: false,
  lastUpdated: false,
  appearance: true,
  cacheDir: join(docs, 'node_modules', '.cache', 'vitepress'),
  vite: { server: { host: '127.0.0.1' }, build: { chunkSizeWarningLimit: 2000 } },
  head: [['meta', { name: 'referrer', content: 'no-referrer' }]],
  themeConfig: {
    sidebar: sections.map(({ title, pages, folded }) => ({
      text: title,
      collapsed: folded ?? false,
      items: pages.map((page) => ({ text: titleOf(page), link: `/${page.replace(/(index)?\.md$/, '')}` })),
    })),
    outline: { level: [2, 3] },
    search: { provider: 'local' },
    docFooter: { prev: 'Before', next: 'Next' },
  },
  markdown: { config: (markdown) => markdown.core.ruler.push('outside', nameFilesOutside) },
};

/** The first heading of a page, so that there is one place for its name. */
function titleOf(page) {
  const heading = /^# (.+)$/m.exec(readFileSync(join(docs, page), 'utf8'))?.[1];
  if (!heading) throw new Error(`docs/${page} has no heading`);
  return heading.replaceAll('`', '');
}

/**
 * Links to files of the repository that are not pages (`../../examples/chat/`) work where the repository is browsed. On the site
 * there is nothing to lead to, so they become the name of the file.
 */
function nameFilesOutside(state) {
  const page = join(docs, state.env.relativePath ?? '');
  for (const { children } of state.tokens) {
    let opened;
    for (const token of children ?? []) {
      if (token.type === 'link_open') {
        const target = fileOutside(page, token.attrGet('href') ?? '');
        if (!target) continue;
        opened = target;
        Object.assign(token, {
          tag: 'span',
          attrs: [
            ['title', `In the repository: ${target}`],
            ['class', 'repository-file'],
          ],
        });
      } else if (token.type === 'link_close' && opened) {
        token.tag = 'span';
        opened = undefined;
      }
    }
  }
}

/** Its path in the repository, when a link leads to a file there that is no page of this site. */
function fileOutside(page, href) {
  if (/^(?:[a-z]+:|#|\/)/i.test(href)) return undefined;
  const path = join(dirname(page), decodeURIComponent(href.replace(/[?#].*$/, '')));
  const isPage = path.startsWith(docs) && path.endsWith('.md');
  if (isPage || !existsSync(path)) return undefined;
  const image = path.startsWith(join(docs, 'images'));
  return image ? undefined : relative(root, path);
}
