/** Webhooks: follows the journal, and tells those whom the configurations name. Nothing waits for it. */
import { webhookProblem } from '../../config/webhook.ts';
import type { Clock } from '../../kit/clock.ts';
import { readSecrets } from '../../launch/secrets.ts';
import type { HoldfastEvent } from '../../protocol/events.ts';
import type { NotifyRules, NotifyTest } from '../../protocol/notify-rules.ts';
import type { Journal } from '../journal.ts';
import type { DesiredState } from '../state.ts';
import { Courier, type Outcome } from './courier.ts';
import { Digest, type Digested } from './digest.ts';
import { bodyOf, signatureOf } from './message.ts';
import { noticeOf } from './notice.ts';
import { type Letter, post } from './post.ts';

export interface NotifierOptions {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'record' | 'follow' | 'tail'>;
  /** Of this machine. */
  readonly host: string;
  state(): DesiredState;
  /** Sends one message; `post` unless told. */
  readonly send?: (letter: Letter) => Promise<Outcome>;
}

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #digest: Digest;
  readonly #couriers = new Map<string, Courier>();
  readonly #ended = new AbortController();
  readonly #unfollow: () => void;
  /** What happened before it was known whom to tell; null = it is known. */
  #early: HoldfastEvent[] | null = [];

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#digest = new Digest(options.clock, (digested) => this.#tell(digested));
    this.#unfollow = options.journal.follow((event) => this.#heard(event));
  }

  /** The wish is read: from here on it is known whom to tell. */
  begin(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const event of early) this.#heard(event);
  }

  /** Those that nobody wants any more end, with what they have not brought. */
  changed(): void {
    const wanted = new Set(Object.values(this.#options.state().notify).flat().map(keyOf));
    for (const [key, courier] of this.#couriers) {
      if (wanted.has(key)) continue;
      courier.close();
      this.#couriers.delete(key);
    }
  }

  /** A message that says that it works: to this address, or to all that are configured. */
  async test(url: string | null): Promise<NotifyTest[]> {
    const all = Object.values(this.#options.state().notify).flat();
    const rules: readonly NotifyRules[] =
      url === null ? distinct(all) : [{ to: { url }, on: ['daemon'], style: 'slack', secret: null }];
    return Promise.all(
      rules.map(async (rule) => {
        const { kind, said } = await this.#bring(rule, bodyOf(rule.style, this.#trial(), this.#sender(null)));
        return { to: this.#nameOf(rule), ok: kind === 'arrived', said };
      }),
    );
  }

  close(): void {
    this.#unfollow();
    this.#digest.close();
    for (const courier of this.#couriers.values()) courier.close();
    this.#ended.abort();
  }

  #heard(event: HoldfastEvent): void {
    if (this.#early) {
      this.#early.push(event);
      return;
    }
    const notice = noticeOf(event, this.#daemonEventBefore(event));
    if (notice) this.#digest.add(notice);
  }

  #daemonEventBefore({ type, seq }: HoldfastEvent): HoldfastEvent | undefined {
    if (type !== 'daemon.started') return undefined;
    return this.#options.journal.tail(1, (one) => one.seq < seq && one.type.startsWith('daemon.'))[0];
  }

  #tell(digested: Digested): void {
    const { topic, event } = digested.notice;
    const { notify, apps } = this.#options.state();
    const project = String(event.data?.project ?? apps[event.app ?? '']?.plan.project ?? '') || null;
    const meant = project === null ? Object.values(notify).flat() : (notify[project] ?? []);
    for (const rule of distinct(meant.filter(({ on }) => on.includes(topic))))
      this.#courier(rule).take(bodyOf(rule.style, digested, this.#sender(project)));
  }

  #courier(rule: NotifyRules): Courier {
    const key = keyOf(rule);
    const known = this.#couriers.get(key);
    if (known) return known;
    const courier = new Courier({
      clock: this.#options.clock,
      bring: (body) => this.#bring(rule, body),
      onLost: (count, said) =>
        this.#options.journal.record('notify.failed', {
          reason: said,
          data: { to: this.#nameOf(rule), messages: count },
        }),
    });
    this.#couriers.set(key, courier);
    return courier;
  }

  async #bring(rule: NotifyRules, body: string): Promise<Outcome> {
    const { clock, send = post } = this.#options;
    try {
      const secret = rule.secret === null ? null : contentOf(rule.secret);
      const fields = secret === null ? {} : { 'Holdfast-Signature': signatureOf(body, secret, clock.now()) };
      return await send({ url: urlOf(rule), body, fields, signal: this.#ended.signal });
    } catch (error) {
      return { kind: 'failed', said: error instanceof Error ? error.message : String(error) };
    }
  }

  #nameOf(rule: NotifyRules): string {
    if ('file' in rule.to) return rule.to.file;
    return URL.canParse(rule.to.url) ? new URL(rule.to.url).host : 'a webhook';
  }

  #sender(project: string | null) {
    return { host: this.#options.host, project };
  }

  #trial(): Digested {
    const time = new Date(this.#options.clock.now()).toISOString();
    const event: HoldfastEvent = { seq: 0, time, type: 'daemon.started' };
    const words = { title: 'Holdfast can tell you here what happens', text: 'This message is a test' };
    return { notice: { topic: 'daemon', key: '', level: 'good', ...words, event }, count: 1 };
  }
}

/** @throws Error that says what is wrong with the file, and nothing of what is in it */
function urlOf({ to }: NotifyRules): string {
  if ('url' in to) return to.url;
  const url = contentOf(to.file);
  const problem = webhookProblem(url);
  if (problem === null) return url;
  throw new Error(`what is in "${to.file}" must be ${problem}`);
}

function contentOf(file: string): string {
  return (readSecrets({ notify: file }, null).notify ?? '').trim();
}

/** Of several projects that tell the same place, once. */
function distinct(rules: readonly NotifyRules[]): NotifyRules[] {
  return [...new Map(rules.map((rule) => [keyOf(rule), rule])).values()];
}

function keyOf({ to, style, secret }: NotifyRules): string {
  return JSON.stringify([to, style, secret]);
}
