/** Which variables `hold env` keeps for a project. */
import { Vault } from '../../vault/vault.ts';

/** Names only, each once. */
export function variablesOf(home: string, project: string): readonly string[] {
  const set = new Vault(home).variables(project).filter(({ value }) => value !== null);
  return [...new Set(set.map(({ name }) => name))].sort();
}
