/** A deploy to several hosts as it goes: a line for each host and step. On stderr; silent with `--json`. */
import { formatDuration } from '../../kit/units.ts';
import type { StepRecord } from '../../protocol/release.ts';
import type { Note } from '../../release/remote/messages.ts';
import type { Source } from '../../release/seams.ts';
import type { Context } from '../context.ts';
import { describeEvent } from '../print/event-line.ts';
import { nameOf } from '../print/release-table.ts';
import { plain } from '../print/text.ts';
import { isNews, saidOf } from './progress.ts';

/** For the error. */
const MOST_LINES = 15;

export class HostsProgress {
  readonly #context: Context;
  readonly #width: number;
  /** The last output of each host. */
  readonly #last = new Map<string, string[]>();

  constructor(context: Context, hosts: readonly string[]) {
    this.#context = context;
    this.#width = Math.max(...hosts.map((host) => host.length));
  }

  begin(project: string, target: string, { record: { ref, from, subject, author } }: Source): void {
    const { style } = this.#context.err;
    const facts = [ref ?? from, subject && `"${plain(subject)}"`, author && `by ${nameOf(author)}`];
    this.#line(
      `${style.bold(`${project} to ${target}`)} ${style.dim(facts.filter((fact) => fact).join(' '))}`,
    );
  }

  note(host: string, note: Note): void {
    if (note.type === 'step') this.#step(host, note.step);
    else if (note.type === 'line') this.say(host, note.line);
    else if (note.type === 'begin') this.#show(host, note.record.id);
    else {
      const { err, verbose } = this.#context;
      const { event } = note;
      const news = isNews(event) || /^release\.(failed|rolled-back)$/.test(event.type);
      const text = describeEvent(event, err.style);
      if (verbose || news) this.#of(host, text);
      else this.#show(host, text);
    }
  }

  /** What a step, a hook or ssh says. */
  say(host: string, line: string): void {
    const last = this.#last.get(host) ?? [];
    this.#last.set(host, [...last, plain(line)].slice(-MOST_LINES));
    this.#aside(host, line);
  }

  sent(host: string, files: number, bytes: number): void {
    this.#aside(host, `sent ${files} ${files === 1 ? 'file' : 'files'}, ${bytes} bytes compressed`);
  }

  #aside(host: string, line: string): void {
    if (this.#context.verbose) this.#of(host, this.#context.err.style.dim(plain(line)));
    else this.#show(host, plain(line));
  }

  done(host: string, text: string): void {
    this.#of(host, `${this.#context.err.style.green('✔')} ${text}`);
  }

  failed(host: string, text: string): void {
    this.#of(host, `${this.#context.err.style.red('✖')} ${plain(text)}`);
  }

  /** The last lines that its step has said. */
  lastOf(host: string): readonly string[] {
    return this.#last.get(host) ?? [];
  }

  end(): void {
    this.#context.err.passing(null);
  }

  #step(host: string, { name, outcome, tookMs, note }: StepRecord): void {
    if (outcome === 'running') {
      this.#last.delete(host);
      this.#show(host, `${name} …`);
      return;
    }
    const { style } = this.#context.err;
    const mark = { done: style.green('✔'), failed: style.red('✖'), skipped: style.dim('-') }[outcome];
    const took = outcome === 'skipped' ? '' : formatDuration(tookMs ?? 0);
    const said = saidOf({ outcome, note });
    this.#of(host, `${mark} ${name.padEnd(8)} ${took.padStart(6)}  ${style.dim(said)}`.trimEnd());
  }

  #of(host: string, text: string): void {
    this.#line(`  ${this.#context.err.style.bold(host.padEnd(this.#width))}  ${text}`);
  }

  #line(text: string): void {
    if (this.#context.json) return;
    this.end();
    this.#context.err.line(text);
  }

  /** The line that the next one replaces. */
  #show(host: string, text: string): void {
    const { err, json } = this.#context;
    if (json) return;
    const line = `  ${host.padEnd(this.#width)}  ${text}`;
    err.passing(line);
  }
}
