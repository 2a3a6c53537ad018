/** The variables of one project as they are on disk: names for all who may read the file, values encrypted. Pure. */
import { decrypt, encrypt, isSignedBy, type Key, sign } from './cipher.ts';

export interface Variable {
  readonly name: string;
  /** Only of this app; null = of all apps of the project. */
  readonly app: string | null;
  /** Null: it was removed, and is remembered so that instances that still have it are known. */
  readonly value: string | null;
  /** ISO 8601. */
  readonly changedAt: string;
  /** Who did it, as told. */
  readonly by: string;
}

interface StoredVariable extends Omit<Variable, 'value'> {
  /** As `encrypt` makes it. */
  readonly sealed: string | null;
}

interface VariablesFile {
  readonly version: 1;
  readonly project: string;
  /** The id of the key. */
  readonly key: string;
  readonly variables: readonly StoredVariable[];
  /** Of all the above. */
  readonly signature: string;
}

export function printVariables(project: string, variables: readonly Variable[], key: Key): string {
  const body: Omit<VariablesFile, 'signature'> = {
    version: 1,
    project,
    key: key.id,
    variables: variables.map(({ value, ...about }) => ({
      ...about,
      sealed: value === null ? null : encrypt(key, labelOf(project, about), value),
    })),
  };
  return `${JSON.stringify({ ...body, signature: sign(key, JSON.stringify(body)) }, null, 2)}\n`;
}

export type ReadVariables =
  | { readonly variables: readonly Variable[] }
  | { readonly problem: 'damaged' }
  /** None of the keys is the one that it was written with. */
  | { readonly problem: 'key' };

export function parseVariables(text: string, project: string, keys: readonly Key[]): ReadVariables {
  const file = shapeOf(text);
  if (file?.project !== project) return { problem: 'damaged' };
  const key = keys.find(({ id }) => id === file.key);
  if (!key) return { problem: 'key' };
  const { signature, ...body } = file;
  if (!isSignedBy(key, JSON.stringify(body), signature)) return { problem: 'damaged' };
  const variables = file.variables.map(({ sealed, ...about }) => ({
    ...about,
    value: sealed === null ? null : decrypt(key, labelOf(project, about), sealed),
    isWhole: sealed === null,
  }));
  if (variables.some(({ value, isWhole }) => value === null && !isWhole)) return { problem: 'damaged' };
  return { variables: variables.map(({ isWhole, ...variable }) => variable) };
}

function labelOf(project: string, { name, app }: Pick<Variable, 'name' | 'app'>): string {
  return JSON.stringify([project, app, name]);
}

function shapeOf(text: string): VariablesFile | null {
  try {
    const file = JSON.parse(text) as VariablesFile;
    return file.version === 1 && Array.isArray(file.variables) && typeof file.signature === 'string'
      ? file
      : null;
  } catch {
    return null;
  }
}
