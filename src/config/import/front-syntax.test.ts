import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { tempDir } from '../../../test/support/temp-dir.ts';
import { apacheLanguage } from './apache-files.ts';
import { parseApache } from './apache-syntax.ts';
import { frontKindOf, onDisk } from './front-disk.ts';
import { readFront } from './front-files.ts';
import type { FrontDirective, FrontTree } from './front-tree.ts';
import { nginxLanguage } from './nginx-files.ts';
import { parseNginx } from './nginx-syntax.ts';

/** `name:line(args){ … }`, so that a tree fits into a line. */
function short(directives: readonly FrontDirective[]): string {
  return directives
    .map(({ name, args, line, body }) => {
      return `${name}:${line}(${args.join('|')})${body ? `{${short(body)}}` : ''}`;
    })
    .join(' ');
}

function complaints({ problems }: FrontTree): string[] {
  return problems.map(({ line, text }) => `${line}: ${text}`);
}

test('nginx: words, quotes, variables, comments, blocks', () => {
  const text = `# a comment; with { all
user www-data;
http { map $http_upgrade $x { default upgrade; '' close; "~*^(a|b){2}$" "a b"; }
  log_format x '$a '
    "b\\"c";  server { location ~ \\.php$ { return 200 \${host}x; } rewrite ^/a#b$ /c last; }
}`;
  const tree = parseNginx(text, 'f');
  assert.deepEqual(complaints(tree), []);
  assert.equal(
    short(tree.directives),
    'user:2(www-data) http:3(){map:3($http_upgrade|$x){default:3(upgrade) :3(close) ~*^(a|b){2}$:3(a b)} ' +
      'log_format:4(x|$a |b"c) server:5(){location:5(~|\\.php$){return:5(200|$' +
      '{host}x)} rewrite:5(^/a#b$|/c|last)}}',
  );
});

test('nginx: what is wrong is told with its line', () => {
  const wrong: readonly (readonly [string, string[]])[] = [
    ['a b\n}', ['1: "a" does not end with ";"', '2: there is a "}" and nothing that it closes']],
    ['a;\nb {\n c;', ['2: the block "b" is not closed with "}"']],
    ['a\n"b', ['2: the " that begins here is not closed', '1: "a" does not end with ";"']],
    [';', ['1: there is a ";" with nothing before it']],
  ];
  for (const [text, expected] of wrong) assert.deepEqual(complaints(parseNginx(text, 'f')), expected);
  const lua = parseNginx('a { content_by_lua_block {\n x = { 1 }\n} }\nb;', 'f');
  assert.equal(short(lua.directives), 'a:1(){} b:4()');
  assert.equal(lua.problems.length, 1);
});

test('Apache: sections, quotes, continued lines, comments', () => {
  const text = `# comment \\
<VirtualHost *:443>
  ServerName example.com
  RequestHeader set X "a \\"b\\" c" \\
     early
  <Location "/a b">
    ProxyPass http://127.0.0.1:3000/ timeout=60
  </Location>
</VirtualHost>`;
  const tree = parseApache(text.replace('# comment \\\n', '# comment\n'), 'f');
  assert.deepEqual(complaints(tree), []);
  assert.equal(
    short(tree.directives),
    'virtualhost:2(*:443){servername:3(example.com) requestheader:4(set|X|a "b" c|early) ' +
      'location:6(/a b){proxypass:7(http://127.0.0.1:3000/|timeout=60)}}',
  );
});

test('Apache: what is wrong is told with its line', () => {
  const wrong: readonly (readonly [string, string[]])[] = [
    ['<A>\n</B>\n</A>', ['2: "</b>" stands where "</a>" is due']],
    ['<A>\nB c', ['1: the section "<a>" is not closed with "</a>"']],
    ['</A>', ['1: there is a "</a>" and nothing that it closes']],
    ['A "b', ['1: a " is not closed']],
    ['<A', ['1: "<A" is no section: it must be "<Name …>"']],
    ['{', ['1: "{" is no directive']],
  ];
  for (const [text, expected] of wrong) assert.deepEqual(complaints(parseApache(text, 'f')), expected);
});

test('what files include stands in its place; what is not found stays', () => {
  const disk: Readonly<Record<string, string>> = {
    '/etc/nginx/snippets/a.conf': 'a 1;\ninclude nothing.conf;',
    '/etc/nginx/sites/loop': 'include sites/loop;',
  };
  const files = {
    read: (path: string) => disk[path],
    find: (pattern: string) => Object.keys(disk).filter((path) => path === pattern),
  };
  const read = (text: string) => readFront('/etc/nginx/sites/x', text, nginxLanguage, files);
  const tree = read('server { include snippets/a.conf; b; include *.none; }');
  assert.equal(short(tree.directives), 'server:1(){a:1(1) include:2(nothing.conf) b:1()}');
  assert.equal(tree.problems.length, 1);
  assert.match(read('include sites/loop;').problems[0]?.text ?? '', /includes itself/);
  const apache = readFront('/x', 'IncludeOptional none.conf\nInclude none.conf', apacheLanguage, files);
  assert.equal(short(apache.directives), 'include:2(none.conf)');
});

test('whose file it is can be seen', () => {
  assert.equal(frontKindOf('server {\n listen 80;\n}'), 'nginx');
  assert.equal(frontKindOf('<VirtualHost *:80>\nProxyPass / http://a/\n</VirtualHost>'), 'apache');
});

test('nothing makes a parser fail or hang', () => {
  const part = fc.constantFrom(
    'a',
    '{',
    '}',
    ';',
    '"',
    "'",
    '\\',
    '#',
    '\n',
    ' ',
    '${',
    '<A>',
    '</A>',
    '<',
    '>',
    'x_by_lua_block',
  );
  const text = fc.oneof(
    fc.array(part, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (text) => {
      for (const { directives, problems } of [parseNginx(text, 'f'), parseApache(text, 'f')]) {
        const lines = text.split('\n').length;
        assert.ok(problems.every(({ line }) => line >= 1 && line <= lines));
        short(directives);
      }
    }),
    { numRuns: 300 },
  );
  for (const deep of [
    'a {'.repeat(100_000),
    '<A>\n'.repeat(100_000),
    '"'.repeat(100_001),
    '\\\n'.repeat(100_000),
  ]) {
    short(parseNginx(deep, 'f').directives);
    short(parseApache(deep, 'f').directives);
  }
});

test('what is no file, such as a pipe that never ends, is not read; links to files are', (t) => {
  const dir = tempDir(t);
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  writeFileSync(join(dir, 'site'), 'listen 80;');
  symlinkSync(join(dir, 'site'), join(dir, 'enabled'));
  assert.deepEqual(
    ['pipe', '', 'enabled', 'missing'].map((name) => onDisk.read(join(dir, name))),
    [undefined, undefined, 'listen 80;', undefined],
  );
});
