import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface NodeBinary {
  /** Such as `22`. */
  readonly major: number;
  /** Such as `22.23.3`. */
  readonly version: string;
  readonly path: string;
}

/** The Node that runs the tests. */
export const thisNode: NodeBinary = {
  major: Number.parseInt(process.versions.node, 10),
  version: process.versions.node,
  path: process.execPath,
};

const MAJORS = [20, 22, 24, 26];

/**
 * This Node and those that `scripts/test-deps` fetched, one for each major version, oldest first. With
 * HOLDFAST_TEST_ALL all of 22, 24 and 26 must be there.
 */
export function allNodes(): NodeBinary[] {
  const others = MAJORS.filter((major) => major !== thisNode.major).flatMap((major) => fetched(major) ?? []);
  const nodes = [thisNode, ...others].sort((a, b) => a.major - b.major);
  const missing = MAJORS.slice(1).filter((major) => !nodes.some((node) => node.major === major));
  if (process.env.HOLDFAST_TEST_ALL && missing.length > 0 && process.platform === 'linux') {
    throw new Error(`Node ${missing.join(', ')} is missing; run scripts/test-deps`);
  }
  return nodes;
}

function fetched(major: number): NodeBinary | undefined {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast-test-nodes');
  const name = `node-${process.platform}-${process.arch}`;
  const path = join(cache, String(major), 'node_modules', name, 'bin', 'node');
  if (!existsSync(path)) return undefined;
  const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  return { major, version, path };
}
