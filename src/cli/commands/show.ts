import type { Command } from 'commander';
import { HoldfastError } from '../../errors.ts';
import type { AppDetail } from '../../protocol/api.ts';
import type { Context } from '../context.ts';
import type { ContextFactory } from '../program.ts';

export function defineShow(program: Command, context: ContextFactory): void {
  program
    .command('show')
    .summary('one app in full')
    .description(
      'Shows one app in full: its command and settings (secrets masked), ports, instances with reasons, and what happened lately.',
    )
    .argument('<app>', 'name of the app, or of one of its instances')
    .action((name: string) => show(context(), name));
}

async function show(context: Context, name: string): Promise<void> {
  const { out, json } = context;
  const { lookUp, unknownApp } = await import('../targets.ts');
  const found = await lookUp(context, [name]);
  const [target, ...others] = found?.targets ?? [];
  if (!found || !target) throw unknownApp(name, []);
  if (others.length > 0)
    throw new HoldfastError('USAGE', `This command takes the name of one app: got "${name}"`);
  const detail = await withVariables(context.home, await found.client.app(target.app.name));
  if (json) return out.json(detail);
  const { detailLines } = await import('../print/detail.ts');
  out.lines(detailLines(detail, { width: out.width, style: out.style, now: Date.now() }));
}

/** With a note when instances run with other variables than `hold env` has by now. */
async function withVariables(home: string, detail: AppDetail): Promise<AppDetail> {
  const { project } = detail.plan;
  if (project === null || project === undefined) return detail;
  const { Vault } = await import('../../vault/vault.ts');
  const { outdatedNote, overridingNote } = await import('../env/outdated.ts');
  const notes: (string | null)[] = [];
  try {
    const variables = new Vault(home).variables(project);
    notes.push(overridingNote(detail, variables), outdatedNote(detail, variables));
  } catch (error) {
    // What runs goes on; it is the next start that would fail.
    notes.push(error instanceof Error ? error.message : String(error));
  }
  return { ...detail, notes: [...detail.notes, ...notes.filter((note) => note !== null)] };
}
