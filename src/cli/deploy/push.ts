/** A `git push` on the host that receives it: what the hook of the repository runs, and how that comes about. */
import { homedir, userInfo } from 'node:os';
import { relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { HoldfastError } from '../../errors.ts';
import { deploy } from '../../release/deploy.ts';
import { releasePaths } from '../../release/paths.ts';
import { deployedBranch, prepareRepository } from '../../release/push/repository.ts';
import { parsePushOptions, parseUpdates, pushedCommit } from '../../release/push/updates.ts';
import { openSource } from '../../release/source/open-source.ts';
import type { Context } from '../context.ts';
import { servesLine, tellRefusal } from './outcome.ts';
import { DeployProgress } from './progress.ts';
import { deploySurroundings } from './surroundings.ts';

/** At the start, since who reads it at the end has pressed Ctrl-C. */
const ABORT_HINT = '  Ctrl-C does not stop this; `hold deploy <target> --abort` does';

/**
 * Accepts the push by ending well.
 *
 * @param pushed directory of objects that are not in the repository yet; empty when git has none
 */
export async function receivePush(context: Context, project: string, pushed: string): Promise<void> {
  const { err, env } = context;
  const { repository } = releasePaths(context.home, project);
  const branch = deployedBranch(repository);
  if (branch === null) throw new HoldfastError('SOURCE_INVALID', `There is no repository "${repository}"`);
  const commit = pushedCommit(parseUpdates(await text(context.stdin)), branch);
  if (commit === null) return err.line(`stored; only pushes to "${branch}" are deployed`);
  const gone = new AbortController();
  // Git itself has ended: what is being made is given up. That only the pusher has, git keeps from its hook (see muxer and SIGPIPE in
  // builtin/receive-pack.c): it reads on until the hook is done, and then accepts what was pushed.
  process.stderr.on('error', () => gone.abort());
  // `hold deploy --abort`
  context.takeSignals(() => gone.abort());
  const { signal } = gone;
  const { allowNew, again, migrates } = parsePushOptions(env);
  const git = { kind: 'git', directory: repository, ref: commit, ...(pushed !== '' && { pushed }) } as const;
  const source = await openSource(git, { signal });
  const progress = new DeployProgress(context);
  try {
    const by = { user: userInfo().username, host: peer(env), via: 'push' } as const;
    const surroundings = deploySurroundings(context, project, progress, by);
    const record = await deploy({
      ...surroundings,
      onBegin: (begun) => {
        surroundings.onBegin(begun);
        err.line(err.style.dim(ABORT_HINT));
      },
      signal,
      source: { ...source, record: { ...source.record, ref: branch } },
      config: null,
      allowNew,
      offline: false,
      again,
      migrates,
    });
    if (record) err.line(`${err.style.green('✔')} ${servesLine(context, record)}`);
    else err.line('nothing to do: this very content serves already');
  } catch (error) {
    throw await tellRefusal(context, project, error, progress.begun);
  } finally {
    await source.close();
  }
}

/** Where the push comes from, as sshd says it. */
function peer({ SSH_CLIENT }: NodeJS.ProcessEnv): string {
  return SSH_CLIENT?.split(' ')[0] ?? 'this machine';
}

/** Makes the repository, and prints where it is. @param branch null = as it is, else `main` */
export async function preparePushes(context: Context, project: string, branch: string | null): Promise<void> {
  const paths = releasePaths(context.home, project);
  const [, script = ''] = process.argv;
  const command = [process.execPath, script, 'receive', '--project', project, '--home', context.home];
  const deployed = await prepareRepository(paths, { branch, command });
  const below = relative(homedir(), paths.repository);
  const path = below.startsWith('..') ? paths.repository : below;
  context.out.json({ path, branch: deployed });
}
