/** A deploy as it goes: a line for each step, and on a terminal what the step that runs says last. On stderr; silent with `--json`. */
import { formatDuration } from '../../kit/units.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { ReleaseRecord, StepRecord } from '../../protocol/release.ts';
import type { Context } from '../context.ts';
import { describeEvent } from '../print/event-line.ts';
import { nameOf } from '../print/release-table.ts';
import { plain, truncate } from '../print/text.ts';

/** Of a step's line before what it says. */
const HEAD_WIDTH = 21;

export class DeployProgress {
  readonly #context: Context;
  #running: string | null = null;
  #begun = false;

  constructor(context: Context) {
    this.#context = context;
  }

  /** A release is there, whatever becomes of it. */
  get begun(): boolean {
    return this.#begun;
  }

  begin({ project, id, source }: ReleaseRecord): void {
    this.#begun = true;
    const { err } = this.#context;
    const { style } = err;
    const about = [
      source.subject && `"${plain(source.subject)}"`,
      source.author && `by ${nameOf(source.author)}`,
    ];
    const facts = [source.ref ?? source.from, ...about].filter((fact) => fact).join(' ');
    const room = err.isTTY ? err.width - project.length - id.length - 2 : Number.POSITIVE_INFINITY;
    this.#line(`${style.bold(`${project} ${id}`)} ${style.dim(truncate(facts, room))}`);
  }

  step({ name, outcome, tookMs, note }: StepRecord): void {
    const { err } = this.#context;
    const { style } = err;
    if (outcome === 'running') {
      this.#running = name;
      this.#show('');
      return;
    }
    this.#running = null;
    const mark = { done: style.green('✔'), failed: style.red('✖'), skipped: style.dim('-') }[outcome];
    const took = outcome === 'skipped' ? '' : formatDuration(tookMs ?? 0);
    const said = saidOf({ outcome, note });
    const head = `  ${mark} ${name.padEnd(8)} ${took.padStart(6)}  `;
    // On a terminal a step is one line.
    const room = err.isTTY ? err.width - HEAD_WIDTH : Number.POSITIVE_INFINITY;
    this.#line(`${head}${style.dim(truncate(said, room))}`.trimEnd());
  }

  note(text: string): void {
    const { style } = this.#context.err;
    this.#line(`    ${style.yellow('!')} ${plain(text)}`);
  }

  /** What a step says. */
  say(line: string): void {
    if (this.#context.verbose) this.#line(`    ${this.#context.err.style.dim(plain(line))}`);
    else this.#show(plain(line));
  }

  /** What the daemon does with the release, as far as it is news. */
  event(event: HoldfastEvent): void {
    const { err, verbose } = this.#context;
    if (verbose || isNews(event)) this.#line(`    ${describeEvent(event, err.style)}`);
    else this.#show(describeEvent(event, err.style));
  }

  end(): void {
    this.#context.err.passing(null);
  }

  #line(text: string): void {
    if (this.#context.json) return;
    this.end();
    this.#context.err.line(text);
  }

  /** The line that the next one replaces. */
  #show(text: string): void {
    const { err, json } = this.#context;
    if (json) return;
    const line = `    ${(this.#running ?? '').padEnd(8)}         ${text}`;
    err.passing(line);
  }
}

/** What a step's line says of it. Why it has failed is what the error says, in a moment. */
export function saidOf({ outcome, note }: Pick<StepRecord, 'outcome' | 'note'>): string {
  return outcome === 'failed' ? 'failed' : plain(note ?? '');
}

/** Of the release itself the steps tell, and of what is on trial the error: nobody but us has seen it. */
export function isNews({ type, app }: HoldfastEvent): boolean {
  return /^instance\.(crashed|failed|unhealthy)$/.test(type) && app?.endsWith('@next') !== true;
}
