/** A project in a git repository, as `hold deploy` takes it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { plainEnv } from './hold.ts';

export interface GitProject {
  readonly dir: string;
  /** Writes these files (null: removes them) and commits everything; returns the commit. */
  commit(files: Readonly<Record<string, string | null>>, subject?: string): string;
  git(...args: readonly string[]): string;
}

/** Not what the machine's user has configured. */
const fixed = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@example.com',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@example.com',
};

export function gitProject(dir: string, files: Readonly<Record<string, string>> = {}): GitProject {
  mkdirSync(dir, { recursive: true });
  const git = (...args: readonly string[]) =>
    execFileSync('git', [...args], {
      cwd: dir,
      env: { ...plainEnv(), ...fixed },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const project: GitProject = {
    dir,
    git,
    commit(changed, subject = 'a change') {
      for (const [name, text] of Object.entries(changed)) {
        const path = join(dir, name);
        if (text === null) rmSync(path, { force: true });
        else {
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, text);
        }
      }
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', subject);
      return git('rev-parse', 'HEAD');
    },
  };
  git('init', '-q', '-b', 'main');
  if (Object.keys(files).length > 0) project.commit(files, 'the beginning');
  return project;
}
