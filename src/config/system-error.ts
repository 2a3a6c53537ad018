/** Errors of the operating system in words. */

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOENT: 'there is no such file',
  ELOOP: 'its links go in a circle',
  ENAMETOOLONG: 'the name is too long',
};

/** What an errno such as `EACCES` says about a file. */
export function reasonOf(code: string): string {
  return words[code] ?? code;
}
