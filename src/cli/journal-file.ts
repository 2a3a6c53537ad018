/** The journal as it is on disk: it goes back further than what the daemon keeps at hand, and is there without one. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';
import type { HoldfastEvent } from '../protocol/events.ts';
import { homePaths } from '../protocol/home.ts';

/** The oldest first. @throws HoldfastError HOME_UNUSABLE when it may not be read */
export async function readJournal(home: string): Promise<HoldfastEvent[]> {
  const file = join(homePaths(home).state, 'journal.ndjson');
  const texts = [await readIfThere(`${file}.1`), await readIfThere(file)];
  return texts.flatMap((text) => text.split('\n').flatMap(eventIn));
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return '';
    const why = isSystemError(error) ? error.code : String(error);
    throw new HoldfastError('HOME_UNUSABLE', `Cannot read the journal "${file}": ${why}`, { cause: error });
  }
}

/** None in a line that a full disk or a power cut has cut short. */
function eventIn(line: string): HoldfastEvent[] {
  try {
    const event = JSON.parse(line) as HoldfastEvent;
    return typeof event.seq === 'number' ? [event] : [];
  } catch {
    return [];
  }
}
