/**
 * The server in the place of the edge, loaded when there is to be one: what writes the files of four servers is as much code as the rest of the
 * daemon, and most homes have no use for it.
 */
import type { AppPlan, EdgePlan, FrontServer } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import type { DrainOrder, Traffic } from '../../supervisor/app.ts';
import type { Instance } from '../../supervisor/instance.ts';
import type { DesiredState } from '../state.ts';
import type { CreateFrontOptions } from './create.ts';
import type { Front } from './front.ts';

export class LazyFront implements Traffic {
  readonly #options: CreateFrontOptions;
  #loaded: { readonly front: Front; readonly planOf: PlanOf } | null = null;

  constructor(options: CreateFrontOptions) {
    this.#options = options;
  }

  /** To be called before there is a front in the wish. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    const { createFront, frontPlanOf } = await import('./create.ts');
    this.#loaded ??= {
      front: createFront(this.#options),
      planOf: (server, edge) => frontPlanOf(server, edge, this.#options.home),
    };
  }

  get troubles(): readonly string[] {
    return this.#loaded?.front.troubles ?? [];
  }

  get notes(): readonly string[] {
    return this.#loaded?.front.notes ?? [];
  }

  /** The process that is to stand in front. Throws HoldfastError PROGRAM_MISSING. */
  planOf(server: FrontServer, edge: EdgePlan): AppPlan {
    if (!this.#loaded) throw new HoldfastError('INTERNAL', 'The server in front is not loaded');
    return this.#loaded.planOf(server, edge);
  }

  refresh(): void {
    this.#loaded?.front.refresh();
  }

  retry(): void {
    this.#loaded?.front.retry();
  }

  close(): void {
    this.#loaded?.front.close();
  }

  async check(target: DesiredState): Promise<void> {
    await this.#loaded?.front.check(target);
  }

  async settled(): Promise<void> {
    await this.#loaded?.front.settled();
  }

  async withdraw(next: DesiredState): Promise<void> {
    await this.#loaded?.front.withdraw(next);
  }

  async admit(instance: Instance): Promise<void> {
    await this.#loaded?.front.admit(instance);
  }

  async retire(instance: Instance, drain: DrainOrder): Promise<void> {
    await this.#loaded?.front.retire(instance, drain);
  }
}

type PlanOf = (server: FrontServer, edge: EdgePlan) => AppPlan;
