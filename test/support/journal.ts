/** What happened in a home, read from its journal on disk, so that a test can look while there is no daemon. */
import { readFileSync } from 'node:fs';
import type { EventType, HoldfastEvent } from '../../src/protocol/events.ts';
import type { TestHome } from './test-home.ts';
import { until } from './until.ts';

/** All events of a type, oldest first; with `about` only those of this app or instance. */
export function events(home: TestHome, type: EventType, about?: string): HoldfastEvent[] {
  return readFileSync(`${home.paths.state}/journal.ndjson`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HoldfastEvent)
    .filter((event) => event.type === type)
    .filter(({ app, instance }) => about === undefined || about === app || about === instance);
}

/** Waits for the first event of a type after the first `after` of them, and returns it. */
export function happened(
  home: TestHome,
  type: EventType,
  { about, after = 0 }: { about?: string; after?: number } = {},
): Promise<HoldfastEvent> {
  return until(() => events(home, type, about)[after], { why: `${type} of ${about ?? 'anything'}` });
}
