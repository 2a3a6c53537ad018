/** Pages for answers of HAProxy itself. They belong to a frontend, which is the same for all sites. */
import type { SitePlan } from '../../config/plan.ts';
import { word } from './words.ts';

/** For no other statuses HAProxy has pages. */
const STATUSES = new Set(
  '400 401 403 404 405 407 408 410 413 421 422 425 429 500 501 502 503 504'.split(' '),
);

export function pageLines(sites: readonly SitePlan[]): string[] {
  const [first] = sites;
  if (!first || !sameEverywhere(sites)) return [];
  return Object.entries(first.content?.errorPages ?? {})
    .filter(([status]) => STATUSES.has(status))
    .map(
      ([status, path]) =>
        `http-error status ${status} content-type "text/html; charset=utf-8" file ${word(path)}`,
    );
}

export function sameEverywhere(sites: readonly SitePlan[]): boolean {
  return new Set(sites.map(({ content }) => JSON.stringify(content?.errorPages ?? {}))).size <= 1;
}

/** Those of a site that HAProxy cannot show. */
export function pagesLost(errorPages: Readonly<Record<string, string>>): string[] {
  return Object.keys(errorPages).filter((status) => !STATUSES.has(status));
}
