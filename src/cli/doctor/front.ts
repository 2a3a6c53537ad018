/** `hold doctor <file>`: what is wrong in a configuration of nginx or Apache. */
import { readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type FrontKind,
  frontKindOf,
  mainFileOf,
  onDisk,
  readFrontFile,
} from '../../config/import/front-disk.ts';
import type { FrontDirective, FrontTree } from '../../config/import/front-tree.ts';
import { nearPath, readImported } from '../../config/import/imported.ts';
import { lintApache } from '../../doctor/apache/lint.ts';
import type { Finding } from '../../doctor/finding.ts';
import { lintNginx } from '../../doctor/nginx/lint.ts';
import type { Context } from '../context.ts';

const linters = { nginx: lintNginx, apache: lintApache };
const titles = { nginx: 'nginx', apache: 'Apache' };

/** true when nothing is wrong; notes are nothing wrong. */
export async function checkFront(context: Context, file: string, kind?: FrontKind): Promise<boolean> {
  const { cwd, err, json, out } = context;
  const path = resolve(cwd, file);
  const found = kind ?? frontKindOf(readImported(path, file));
  const { tree, isOurs } = readWhole(found, file, cwd);
  const findings = linters[found](tree).filter(({ file }) => isOurs(file));
  const unread = tree.problems.filter(({ file }) => isOurs(file));
  const isWell = findings.every(({ severity }) => severity === 'note');
  if (json) {
    out.json({ kind: found, findings, unread });
    return isWell;
  }
  const passes = mentions(tree.directives, [
    'proxy_pass',
    'proxypass',
    'proxypassmatch',
    'rewriterule',
    'grpc_pass',
  ]);
  for (const finding of findings) await out.flow(`${printed(finding, context)}\n`);
  for (const { file, line, text } of unread) err.line(`not read: ${nearPath(file, cwd)}:${line}: ${text}`);
  if (!passes) err.line(`${file} passes no requests on, as far as one can see: is it for ${titles[found]}?`);
  else err.line(findings.length === 0 ? `${file}: nothing to say (${titles[found]})` : summary(findings));
  return isWell;
}

interface Whole {
  readonly tree: FrontTree;
  /** Whether a file is the one that was asked about, or included by it. */
  isOurs(file: string): boolean;
}

/** With the main file around it, where it is part of one: half of what holds for a site stands there. */
function readWhole(kind: FrontKind, file: string, cwd: string): Whole {
  const alone = readFrontFile(kind, file, cwd);
  const main = mainFileOf(kind, resolve(cwd, file));
  if (main === undefined) return { tree: alone, isOurs: () => true };
  const own = new Set([real(resolve(cwd, file)), ...filesOf(alone).map(real)]);
  const text = onDisk.read(main);
  const whole = text === undefined ? undefined : readFrontFile(kind, main, cwd);
  if (!whole || !filesOf(whole).some((path) => own.has(real(path))))
    return { tree: alone, isOurs: () => true };
  return { tree: whole, isOurs: (path) => own.has(real(path)) };
}

function filesOf({ directives }: FrontTree): string[] {
  const files = new Set<string>();
  const walk = (list: readonly FrontDirective[]) => {
    for (const { file, body } of list) {
      files.add(file);
      if (body) walk(body);
    }
  };
  walk(directives);
  return [...files];
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function mentions(directives: readonly FrontDirective[], names: readonly string[]): boolean {
  return directives.some(({ name, body }) => names.includes(name) || mentions(body ?? [], names));
}

function printed({ severity, rule, file, line, effect, instead }: Finding, { out, cwd }: Context): string {
  const { bold, dim, red, yellow } = out.style;
  const mark = { bad: red('bad '), warn: yellow('warn'), note: dim('note') }[severity];
  const source = lineAt(file, line);
  return [
    `${mark} ${bold(`${nearPath(file, cwd)}:${line}`)} ${dim(rule)}`,
    ...(source === '' ? [] : [`     ${source}`]),
    `  ${effect}.`,
    ...(instead.length > 0 ? ['  Better:', ...instead.map((text) => `     ${text}`)] : []),
    '',
  ].join('\n');
}

function lineAt(file: string, line: number): string {
  try {
    return readFileSync(file, 'utf8').split('\n')[line - 1]?.trim() ?? '';
  } catch {
    return '';
  }
}

function summary(findings: readonly Finding[]): string {
  const count = (severity: Finding['severity']) =>
    findings.filter((finding) => finding.severity === severity).length;
  return `${count('bad')} bad, ${count('warn')} to look at, ${count('note')} good to know`;
}
