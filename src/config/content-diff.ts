/** How two versions of a site's content differ, by the names of the configuration file. */
import { isDeepStrictEqual } from 'node:util';
import type { SiteContent } from '../protocol/site-content.ts';
import { noContent } from './content-defaults.ts';

export function diffContent(before: SiteContent | null, after: SiteContent | null): string[] {
  const [was, is] = [before ?? noContent, after ?? noContent];
  const names = Object.keys(noContent) as (keyof SiteContent)[];
  return names.flatMap((name) => {
    if (isDeepStrictEqual(was[name], is[name])) return [];
    const [from, to] = [print(was[name]), print(is[name])];
    // Passwords, and long lists, are not for the screen.
    return [from === to || from === '' || to === '' ? `${name} changed` : `${name} ${from} -> ${to}`];
  });
}

/** Empty: too long to be printed. */
function print(value: SiteContent[keyof SiteContent]): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (value === null) return 'off';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.length === 0 ? 'none' : value.join(', ');
  return '';
}
