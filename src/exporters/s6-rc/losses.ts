/** What s6-rc cannot do: the same as s6, which runs its services, but that it knows an order. */
import type { Plan } from '../../config/plan.ts';
import type { ExportOptions, Loss } from '../exported.ts';
import { s6Fates } from '../s6/losses.ts';
import { type InitFates, initLosses } from '../services/losses.ts';

export function s6rcLosses(plan: Plan, options: ExportOptions): Loss[] {
  return initLosses(plan, options, fates);
}

const fates: InitFates = {
  ...s6Fates,
  after: (after, { job }) =>
    after.length > 0 && !job
      ? 'it is started when their processes run; s6-rc alone keeps the order'
      : undefined,
};
