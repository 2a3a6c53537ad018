/** Finds and ends processes that tests started and left running. Linux only: it reads /proc. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** How long a process that is on its way out may take. */
const GRACE_MS = 3000;

/** Ends what still belongs to `scratch`; returns a line for each. */
export async function endLeftovers(scratch) {
  if (!existsSync('/proc/self/environ')) return [];
  const deadline = Date.now() + GRACE_MS;
  let found = belongingTo(scratch);
  while (found.length > 0 && Date.now() < deadline) {
    await sleep(50);
    found = belongingTo(scratch);
  }
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // It went by itself.
  }
  return found.map(({ pid, command }) => `pid ${pid}: ${command}`);
}

function belongingTo(scratch) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => isAlive(pid) && marks(pid).some((text) => text.includes(scratch)))
    .map((pid) => ({ pid: Number(pid), command: read(pid, 'cmdline').replaceAll('\0', ' ').trim() || '?' }));
}

const isAlive = (pid) => !/\) [ZX] /.test(read(pid, 'stat') || ') X ');

function marks(pid) {
  return [read(pid, 'environ'), read(pid, 'cmdline'), workingDirectory(pid)];
}

function read(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return ''; // It ended meanwhile, or belongs to somebody else.
  }
}

function workingDirectory(pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
