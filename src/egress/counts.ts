/** Who talked to where, and how much. */
import type { Socket } from 'node:net';
import type { Clock } from '../kit/clock.ts';
import type { EgressCount, EgressDenial } from '../protocol/egress.ts';
import type { Destination } from './address.ts';

/** An app that tries every name there is must not fill our memory. */
const MOST_DESTINATIONS = 1000;
const OTHERS: Destination = { host: '(others)', port: 0 };
/** Of one destination of one app there is one word in this time, and of one app not more than so many. */
const WORD_EVERY_MS = 60_000;
const MOST_WORDS = 10;

interface Row {
  readonly app: string;
  readonly host: string;
  readonly port: number;
  connections: number;
  bytesOut: number;
  bytesIn: number;
  denied: number;
  failed: number;
  lastAt: number;
  readonly open: Set<Socket>;
  /** Denials that nobody has been told of. */
  untold: number;
  toldAt: number;
  changed: boolean;
}

export class Counts {
  readonly #clock: Clock;
  readonly #onDenied: (denial: EgressDenial) => void;
  readonly #onChange: () => void;
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #words = new Map<string, { since: number; said: number }>();

  /** @param onChange called often: numbers are others */
  constructor(
    clock: Clock,
    onDenied: (denial: EgressDenial) => void,
    onChange: () => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#onDenied = onDenied;
    this.#onChange = onChange;
  }

  /** Bytes are counted as long as the socket is open, and after. */
  connected(app: string, to: Destination, socket: Socket): void {
    const row = this.#touch(app, to);
    row.connections++;
    row.open.add(socket);
    socket.once('close', () => {
      row.open.delete(socket);
      row.bytesOut += socket.bytesWritten;
      row.bytesIn += socket.bytesRead;
      row.changed = true;
      this.#onChange();
    });
  }

  failed(app: string, to: Destination): void {
    this.#touch(app, to).failed++;
  }

  denied(app: string, to: Destination, reason: string): void {
    const row = this.#touch(app, to);
    row.denied++;
    row.untold++;
    const now = this.#clock.now();
    if (row.toldAt !== 0 && now - row.toldAt < WORD_EVERY_MS) return;
    if (!this.#maySpeak(app, now)) return;
    this.#onDenied({ app, host: to.host, port: to.port, reason, times: row.untold });
    row.toldAt = now;
    row.untold = 0;
  }

  /** How many connections of an app are open. */
  openOf(app: string): number {
    let open = 0;
    for (const row of this.#rows.get(app)?.values() ?? []) open += row.open.size;
    return open;
  }

  get all(): EgressCount[] {
    return [...this.#each()].map(countOf);
  }

  /** What is different from the last time that this was asked. */
  takeChanged(): EgressCount[] {
    const changed = [...this.#each()].filter((row) => row.changed || row.open.size > 0);
    for (const row of changed) row.changed = false;
    return changed.map(countOf);
  }

  *#each(): Generator<Row> {
    for (const rows of this.#rows.values()) yield* rows.values();
  }

  #maySpeak(app: string, now: number): boolean {
    const words = this.#words.get(app);
    if (!words || now - words.since >= WORD_EVERY_MS) {
      this.#words.set(app, { since: now, said: 1 });
      return true;
    }
    words.said++;
    return words.said <= MOST_WORDS;
  }

  #touch(app: string, to: Destination): Row {
    const rows = this.#rows.get(app) ?? new Map<string, Row>();
    this.#rows.set(app, rows);
    const known = rows.has(keyOf(to)) || rows.size < MOST_DESTINATIONS ? to : OTHERS;
    const row = rows.get(keyOf(known)) ?? emptyRow(app, known);
    rows.set(keyOf(known), row);
    row.lastAt = this.#clock.now();
    row.changed = true;
    this.#onChange();
    return row;
  }
}

function keyOf({ host, port }: Destination): string {
  return `${host} ${port}`;
}

function emptyRow(app: string, { host, port }: Destination): Row {
  const counted = { connections: 0, bytesOut: 0, bytesIn: 0, denied: 0, failed: 0, lastAt: 0 };
  return { app, host, port, ...counted, open: new Set(), untold: 0, toldAt: 0, changed: true };
}

function countOf({ open, untold: _untold, toldAt: _toldAt, changed: _changed, ...row }: Row): EgressCount {
  let { bytesOut, bytesIn } = row;
  for (const socket of open) {
    bytesOut += socket.bytesWritten;
    bytesIn += socket.bytesRead;
  }
  return { ...row, bytesOut, bytesIn, open: open.size };
}
