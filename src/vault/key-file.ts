/** The key of a home's variables: a file that only its owner can read. Who has a copy of the home without it has nothing. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { HoldfastError, isSystemError } from '../errors.ts';
import { writeAtomicSync } from '../kit/atomic-file.ts';
import { KEY_BYTES, type Key, newKey } from './cipher.ts';

interface KeyFile {
  readonly version: 1;
  /** The newest first. There is more than one only while the key is being changed. */
  readonly keys: readonly { readonly id: string; readonly secret: string }[];
}

const OTHERS = 0o077;

/**
 * The newest first; null when there is no such file.
 *
 * @throws HoldfastError VARIABLES_UNREADABLE when it is damaged, or others may read it
 */
export function readKeys(file: string): readonly [Key, ...Key[]] | null {
  const text = readPrivate(file);
  if (text === null) return null;
  const [first, ...others] = parse(text);
  if (!first) {
    throw new HoldfastError('VARIABLES_UNREADABLE', `Cannot use the key in "${file}": the file is damaged`, {
      hint: 'Bring the file back from a copy: without it no variable can be read',
    });
  }
  return [first, ...others];
}

/** A first key. @throws the system error EEXIST when there is one */
export function createKey(file: string): Key {
  const key = newKey();
  const temporary = `${file}.${process.pid}.new`;
  // Of a process that was killed here.
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, 'wx', 0o600);
  try {
    try {
      writeFileSync(fd, print([key]));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    // Whole, or not at all, and never in the place of another.
    linkSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  return key;
}

export function writeKeys(file: string, keys: readonly Key[]): void {
  writeAtomicSync(file, print(keys), { mode: 0o600 });
}

function readPrivate(file: string): string | null {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT') return null;
    throw new HoldfastError('VARIABLES_UNREADABLE', `Cannot read the key "${file}": ${error.code}`, {
      cause: error,
    });
  }
  try {
    if ((fstatSync(fd).mode & OTHERS) !== 0) {
      throw new HoldfastError('VARIABLES_UNREADABLE', `Cannot use the key "${file}": others may read it`, {
        hint: `Run \`chmod 600 ${file}\`, and \`hold env rotate-key\` if somebody may have read it`,
      });
    }
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}

function print(keys: readonly Key[]): string {
  const file: KeyFile = {
    version: 1,
    keys: keys.map(({ id, secret }) => ({ id, secret: secret.toString('base64') })),
  };
  return `${JSON.stringify(file)}\n`;
}

/** Empty when it is not such a file. */
function parse(text: string): Key[] {
  try {
    const { version, keys } = JSON.parse(text) as KeyFile;
    const read = keys.map(({ id, secret }) => ({ id, secret: Buffer.from(secret, 'base64') }));
    return version === 1 && read.every(({ secret }) => secret.length === KEY_BYTES) ? read : [];
  } catch {
    return [];
  }
}
