/** Names of PM2's processes as names of apps: PM2 allows any text, Holdfast what fits a file and a command line. */
import { appNameProblem, longestAppName } from '../name-rules.ts';

/** The name itself when it is usable; else with `-` for what is not. */
export function pm2Name(name: string): string {
  const plain = name
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[-_]+|-+$/g, '')
    .slice(0, longestAppName);
  if (plain === '') return 'app';
  return appNameProblem(plain) === undefined ? plain : `${plain}-1`;
}
