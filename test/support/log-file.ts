/** The log of an app as it lies on disk. */
import { existsSync, readFileSync } from 'node:fs';
import type { TestHome } from './test-home.ts';

export interface LoggedLine {
  readonly time: string;
  readonly instance: string;
  readonly stream: string;
  readonly text: string;
}

/** What an app has written so far, oldest first; records that continue a long line are lines of their own. */
export function logged(home: TestHome, app: string): LoggedLine[] {
  const file = `${home.paths.logs}/${app}.log`;
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [time = '', instance = '', stream = '', ...words] = line.split(' ');
      return { time, instance, stream, text: words.join(' ') };
    });
}
