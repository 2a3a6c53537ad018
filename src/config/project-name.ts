/** What a project is called whose configuration does not say it. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The name in package.json without its scope, else that of the directory, made of letters, digits, `-` and `_`. */
export function projectNameOf(dir: string): string {
  return clean(nameInPackage(dir).replace(/^@[^/]*\//, '')) || clean(basename(dir)) || 'app';
}

function nameInPackage(dir: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as { name?: unknown };
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

function clean(name: string): string {
  return name
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+/, '')
    .slice(0, 60);
}
