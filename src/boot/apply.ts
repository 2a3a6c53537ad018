/** Carries out a plan: writes and removes files, runs steps. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { HoldfastError, isSystemError } from '../errors.ts';
import { type BootFile, type BootUser, MARK, type Step } from './site.ts';

/** BUSY, and nothing is written, when one of the files is somebody else's; RIGHTS_MISSING. */
export function writeFiles(files: readonly BootFile[]): void {
  for (const file of files) {
    if (lstatSync(file.path, { throwIfNoEntry: false }) && !isOurs(file)) {
      throw new HoldfastError('BUSY', `Cannot write "${file.path}": it is there already, and not ours`, {
        hint: 'Choose another name for the service with `--name`, or remove the file',
      });
    }
  }
  for (const { path, content } of files) {
    attempt(`write "${path}"`, () => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
      if ('link' in content) {
        rmSync(path, { force: true });
        symlinkSync(content.link, path);
        return;
      }
      writeFileSync(path, content.text, { mode: content.mode });
      chmodSync(path, content.mode);
    });
  }
}

/** Links first: what runs looks through them. Answers the paths that were removed. */
export function removeFiles(files: readonly BootFile[], leftovers: readonly string[] = []): string[] {
  const order = (file: BootFile) => ('link' in file.content ? 0 : 1);
  // Before any of them goes: a file without our mark is ours as long as it is as we wrote it.
  const ours = files.filter(isOurs).sort((a, b) => order(a) - order(b));
  for (const { path } of ours) attempt(`remove "${path}"`, () => rmSync(path, { force: true }));
  for (const path of ours.length > 0 ? leftovers : []) rmSync(path, { recursive: true, force: true });
  // Only a directory that is a service: the others are the system's.
  const dirs = new Set(ours.map(({ path }) => dirname(path)).filter((dir) => dir.includes('/sv/')));
  for (const dir of [...dirs].sort((a, b) => b.length - a.length)) removeIfEmpty(dir);
  return ours.map(({ path }) => path);
}

/** Whether all files are there as they would be written now. */
export function areInPlace(files: readonly BootFile[]): boolean {
  return files.every(
    ({ path, content }) =>
      existsSync(path) && ('link' in content || readFileSync(path, 'utf8') === content.text),
  );
}

/** START_FAILED with what the program said. */
export function runSteps(steps: readonly Step[], env: NodeJS.ProcessEnv): void {
  for (const { command, mayFail = false } of steps) {
    const { status, output } = runStep({ command }, env);
    if (status === 0 || mayFail) continue;
    throw new HoldfastError('START_FAILED', `\`${command.join(' ')}\` failed`, {
      hint: 'The files are written; `hold boot disable` removes them',
      details: output.trimEnd().split('\n').slice(-20),
    });
  }
}

export function runStep(
  { command }: Step,
  env: NodeJS.ProcessEnv,
): { status: number | null; output: string } {
  const [program, ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', env });
  return { status, output: error ? error.message : `${stdout}${stderr}` };
}

/**
 * Does something in the home of another user with that user's rights: root must not follow links that the user may have put there.
 * For synchronous actions only.
 */
export function asUser<T>({ uid, group, groups }: BootUser, action: () => T): T {
  const { geteuid, getegid, getgroups, seteuid, setegid, setgroups } = process;
  if (!geteuid || !seteuid || !setegid || !getegid || !getgroups || !setgroups) return action();
  if (geteuid() === uid) return action();
  const before = { uid: geteuid(), gid: getegid(), groups: getgroups() };
  setgroups([...groups]);
  setegid(group);
  seteuid(uid);
  try {
    return action();
  } finally {
    seteuid(before.uid);
    setegid(before.gid);
    setgroups(before.groups);
  }
}

function isOurs({ path, content }: BootFile): boolean {
  try {
    if (lstatSync(path).isSymbolicLink()) return 'link' in content && readlinkSync(path) === content.link;
    const text = readFileSync(path, 'utf8');
    if (!('text' in content)) return false;
    const mark = content.text.split('\n').find((line) => line.includes(MARK));
    return mark === undefined ? text === content.text : text.includes(mark);
  } catch {
    return false;
  }
}

function removeIfEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // Other things are in it.
  }
}

function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    const reason = isSystemError(error) ? error.code : String(error);
    throw new HoldfastError('RIGHTS_MISSING', `Cannot ${what}: ${reason}`, {
      hint: 'Run the command as root (sudo)',
      cause: error,
    });
  }
}
