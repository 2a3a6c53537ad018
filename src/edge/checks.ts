/**
 * Asks servers that nobody supervises whether they are well: those that are not get no requests until they are again.
 *
 * When none of a pool is well its requests wait, and then get 503, as those of an app without a ready instance do: it was
 * the user who said by what a server is to be judged, so it is not asked against its own word (HAProxy, Caddy and Traefik
 * decide the same; who wants to try anyway does without checks).
 */
import type { EdgeTarget } from '../protocol/edge-table.ts';
import type { CheckRules } from '../protocol/traffic-rules.ts';
import type { Caller, Carriage } from './carriage.ts';
import type { Failure } from './failure.ts';
import type { Client } from './forwarded.ts';
import { RequestWriter } from './headers.ts';
import type { Refusal } from './http1/refusal.ts';
import { parseRequestHead, type RequestHead } from './http1/request-head.ts';
import type { ResponseHead } from './http1/response-head.ts';
import type { Pool } from './pool.ts';
import type { Sweepable, Sweeper } from './sweeper.ts';
import type { Target } from './target.ts';

/** The first question comes within this time, not all of them at once. */
const FIRST_MS = 1_000;
/** Questions are this much earlier or later, at most, as part of their interval: many edges shall not ask in step. */
const JITTER = 0.1;
const EMPTY = Buffer.alloc(0);
/** The edge itself: there is nobody whose address could be told. */
const OURSELVES: Client = {
  ip: '',
  scheme: 'http',
  peer: { ip: '', port: 0, scheme: 'http', localPort: 0 },
  lines: '',
  guestLine: '',
};

export interface ChecksUser {
  readonly sweeper: Sweeper;
  /** Something that people should know. */
  notice(text: string): void;
  /** 0 to 1. */
  readonly random: () => number;
}

export class Checks {
  readonly #user: ChecksUser;
  readonly #checks = new Map<Target, Check>();

  constructor(user: ChecksUser) {
    this.#user = user;
  }

  /** Follows the table: the targets of pools with rules are asked from now on, and no others. */
  follow(pools: Iterable<Pool>, rulesOf: (pool: string) => CheckRules | undefined): void {
    const left = new Set(this.#checks.keys());
    for (const pool of pools) {
      const rules = rulesOf(pool.name);
      if (!rules) continue;
      for (const target of pool.targets) {
        left.delete(target);
        const known = this.#checks.get(target);
        if (!known?.follows(rules)) this.#begin(target, pool, rules, known);
      }
    }
    for (const target of left) {
      this.#checks.get(target)?.end();
      this.#checks.delete(target);
    }
  }

  #begin(target: Target, pool: Pool, rules: CheckRules, before: Check | undefined): void {
    const isDown = target.down;
    before?.end();
    this.#checks.delete(target);
    const head = question(rules.path, target.connections.plan);
    if ('reason' in head) {
      this.#user.notice(`${target.id} is not checked: "${rules.path}" must be a path: ${head.reason}`);
      return;
    }
    const check = new Check(target, pool, rules, head, this.#user);
    // What is known of it stays true until it is asked again.
    check.judge(isDown);
    this.#checks.set(target, check);
  }
}

class Check implements Sweepable, Caller {
  deadline: number;
  readonly #target: Target;
  readonly #pool: Pool;
  readonly #rules: CheckRules;
  readonly #user: ChecksUser;
  readonly #requests = new RequestWriter();
  readonly #head: RequestHead;
  /** While it is being asked. */
  #carriage: Carriage | undefined;
  /** In a row, of what it is not now. */
  #count = 0;

  constructor(target: Target, pool: Pool, rules: CheckRules, head: RequestHead, user: ChecksUser) {
    this.#target = target;
    this.#pool = pool;
    this.#rules = rules;
    this.#user = user;
    this.#head = head;
    this.deadline = user.sweeper.now + 1 + user.random() * Math.min(FIRST_MS, rules.everyMs);
    user.sweeper.add(this);
  }

  follows(rules: CheckRules): boolean {
    return JSON.stringify(rules) === JSON.stringify(this.#rules);
  }

  /** It is not asked any more, and gets requests like others. */
  end(): void {
    this.#user.sweeper.remove(this);
    this.#carriage?.abandon();
    this.#carriage = undefined;
    this.judge(false);
  }

  judge(down: boolean): void {
    if (this.#target.down === down) return;
    this.#target.down = down;
    this.#pool.refresh();
    if (!down) this.#pool.waiting.wakeAll();
  }

  expire(): void {
    if (this.#carriage) this.#over('no answer in time');
    else this.#ask();
  }

  #ask(): void {
    this.deadline = this.#user.sweeper.now + this.#rules.timeoutMs;
    const { carriage, ready } = this.#target.connections.probe(this);
    this.#carriage = carriage;
    if (ready) this.onConnected();
  }

  onConnected(): void {
    this.#carriage?.open(this.#requests, this.#head, OURSELVES, false, EMPTY, true);
  }

  onInterim(): void {}

  onAnswer({ status }: ResponseHead): void {
    this.#over(status < 400 ? undefined : `status ${status}`);
  }

  onAnswerBytes(): void {}

  onSwitch(): void {
    this.#over('status 101');
  }

  onUpstreamDrain(): void {}

  onFailure({ cause }: Failure): void {
    this.#carriage = undefined;
    this.#over(cause);
  }

  /** @param problem undefined: it is well */
  #over(problem: string | undefined): void {
    this.#carriage?.abandon();
    this.#carriage = undefined;
    const { random, sweeper } = this.#user;
    const { everyMs } = this.#rules;
    this.deadline = sweeper.now + everyMs * (1 - JITTER + 2 * JITTER * random());
    const { down } = this.#target;
    const isNews = down === (problem === undefined);
    this.#count = isNews ? this.#count + 1 : 0;
    if (!isNews || this.#count < (down ? this.#rules.successes : this.#rules.failures)) return;
    this.#tell(problem);
    this.#count = 0;
    this.judge(!down);
  }

  #tell(problem: string | undefined): void {
    const { id } = this.#target;
    const asked = `GET ${this.#rules.path}`;
    this.#user.notice(
      problem === undefined
        ? `${id} gets requests again: ${asked} was answered ${times(this.#count)}`
        : `${id} gets no requests: ${asked} failed ${times(this.#count)}, at last with "${problem}"`,
    );
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** What a server is asked. */
function question(path: string, { address, tls }: EdgeTarget): RequestHead | Refusal {
  const host = 'path' in address ? 'localhost' : hostOf(tls?.serverName ?? address.host, address.port);
  const text = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: holdfast-check\r\nAccept: */*\r\n\r\n`;
  return parseRequestHead(text, text.length - 4);
}

function hostOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
