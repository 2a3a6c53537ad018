/** What a `.cpuprofile` says, as a table: in which functions the time went. Pure. */
import { basename } from 'node:path';

/** Of the Chrome DevTools protocol: Profiler.Profile. */
export interface CpuProfile {
  readonly nodes: readonly CpuNode[];
  /** Ids of nodes, one for each time it looked. */
  readonly samples?: readonly number[];
  /** In µs: from the look before (of the first: from the start) to each. */
  readonly timeDeltas?: readonly number[];
}

interface CpuNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0; -1 = unknown. */
    readonly lineNumber: number;
  };
}

export interface HotFunction {
  readonly name: string;
  /** `/app/work.js:12`, or `node:fs:12`; empty for what is no JavaScript. */
  readonly place: string;
  readonly selfMs: number;
}

export interface HotFunctions {
  /** Most time first. */
  readonly functions: readonly HotFunction[];
  readonly idleMs: number;
  /** Of all, idle too. */
  readonly totalMs: number;
}

const IDLE = '(idle)';
/** Frames that V8 makes up for what it does itself. */
const NATIVE: Readonly<Record<string, string>> = {
  '(program)': 'native code, system calls',
  '(garbage collector)': 'garbage collector',
};

export function hotFunctions({ nodes, samples = [], timeDeltas = [] }: CpuProfile): HotFunctions {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const functions = new Map<string, HotFunction>();
  let idleMs = 0;
  let totalMs = 0;
  for (const [index, id] of samples.entries()) {
    const node = byId.get(id);
    // The time that a sample stands for is the time up to the next one.
    const ms = Math.max(0, timeDeltas[index + 1] ?? 0) / 1000;
    if (!node) continue;
    totalMs += ms;
    const { functionName, url, lineNumber } = node.callFrame;
    if (functionName === IDLE) {
      idleMs += ms;
      continue;
    }
    const name = NATIVE[functionName] ?? (functionName || '(anonymous)');
    const place = placeOf(url, lineNumber);
    const key = `${name} ${place}`;
    functions.set(key, { name, place, selfMs: (functions.get(key)?.selfMs ?? 0) + ms });
  }
  const sorted = [...functions.values()]
    .filter(({ selfMs }) => selfMs > 0)
    .sort((a, b) => b.selfMs - a.selfMs);
  return { functions: sorted, idleMs, totalMs };
}

function placeOf(url: string, lineNumber: number): string {
  if (url === '') return '';
  const path = url.startsWith('file://') ? decoded(url.slice('file://'.length)) : url;
  return lineNumber < 0 ? path : `${path}:${lineNumber + 1}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** For a table: the file without its directories, but with the package that it belongs to. */
export function shortPlace(place: string): string {
  const inPackage = /.*\/node_modules\/(.*)$/s.exec(place)?.[1];
  if (inPackage !== undefined) return inPackage;
  return place.startsWith('/') ? basename(place) : place;
}
