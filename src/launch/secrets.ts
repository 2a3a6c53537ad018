/** Secrets: variables whose values are the contents of files. They are read for each start and kept nowhere. */
import { readFileSync, statSync } from 'node:fs';
import { isSystemError } from '../errors.ts';

/** What is larger was named by mistake; the kernel takes 128 KB for one variable, see execve(2). */
const LARGEST = 100 * 1024;

/** @throws Error whose message names the variable and the file, and nothing of what is in it */
export function readSecrets(secrets: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, file]) => [name, readSecret(name, file)]));
}

function readSecret(name: string, file: string): string {
  const refuse = (why: string) => new Error(`cannot read the secret "${name}" from "${file}": ${why}`);
  let value: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw refuse('it is not a file');
    if (stat.size > LARGEST) throw refuse(`it has more than ${LARGEST / 1024} KB`);
    value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw refuse(error.code === 'ENOENT' ? 'there is no such file (ENOENT)' : error.code);
  }
  if (value.includes('\0')) throw refuse('it holds a zero byte, which no variable can');
  return value;
}
