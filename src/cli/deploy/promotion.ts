/** What a person does about a release that is being promoted on this machine: lets it serve now, or takes it back. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../client/client.ts';
import { HoldfastError } from '../../errors.ts';
import type { PromotionView } from '../../protocol/release.ts';
import type { Context } from '../context.ts';

const LOOK_MS = 200;

/** `hold deploy --continue`. @throws HoldfastError RELEASE_UNKNOWN when none is being promoted */
export async function continueDeploy(context: Context, project: string): Promise<void> {
  const { client, view } = await promotionOf(context, project);
  if (!client || !view?.promotion) {
    throw new HoldfastError('RELEASE_UNKNOWN', `No release of "${project}" is being promoted`, {
      hint: '`hold releases` shows what there is',
    });
  }
  const { release } = view.promotion;
  const after = await client.continuePromotion(project);
  if (context.json) return context.out.json(after);
  const { green } = context.out.style;
  if (!after.promotion) context.out.line(`${green('✔')} ${project} ${release} serves`);
  else context.out.line(`${project} ${release} goes on: ${after.promotion.step}`);
}

/** `hold rollback` while a release is watched: back to the one before, now. @returns false when none is being promoted */
export async function takeBack(context: Context, project: string): Promise<boolean> {
  const { client, view } = await promotionOf(context, project);
  if (!client || !view?.promotion) return false;
  const { release, step } = view.promotion;
  if (step !== 'rollback') await client.abortPromotion(project);
  let after: PromotionView | null = view;
  while (after?.promotion?.release === release) {
    await delay(LOOK_MS, undefined, { signal: context.signal });
    after = await viewFrom(client, project);
  }
  if (context.json) context.out.json(after);
  else context.out.line(`${release} was taken back: ${after?.serving ?? 'nothing'} serves`);
  return true;
}

async function promotionOf(
  context: Context,
  project: string,
): Promise<{ client: Client | null; view: PromotionView | null }> {
  const client = await context.look();
  return { client, view: client && (await viewFrom(client, project)) };
}

async function viewFrom(client: Client, project: string): Promise<PromotionView | null> {
  return (await client.releases()).find((one) => one.project === project) ?? null;
}
