/** The daemon's side of the dashboard: what its process is to do, and links that open it, once each. */
import { createHash, randomBytes } from 'node:crypto';
import { HoldfastError } from '../errors.ts';
import type { Clock } from '../kit/clock.ts';
import type { DashboardRole } from '../protocol/dashboard.ts';
import type {
  DashboardAddress,
  DashboardSettings,
  Redeemed,
  Ticket,
} from '../protocol/dashboard-settings.ts';
import type { ToChild } from '../protocol/link.ts';
import { settingsOf } from './dashboard-app.ts';
import type { DesiredState } from './state.ts';

const TICKET_MS = 60_000;
/** Nobody needs more at once. */
const MOST_TICKETS = 100;

export interface DashboardDeskOptions {
  readonly clock: Clock;
  readonly hostname: string;
  readonly version: string;
  readonly home: string;
  state(): DesiredState;
  /** Sees to it that it runs; resolves with where. */
  open(): Promise<DashboardAddress>;
  /** Of the dashboard's processes that are connected. */
  links(): readonly { send(message: ToChild): void }[];
}

export class DashboardDesk {
  readonly #options: DashboardDeskOptions;
  /** By the hash of the ticket, which itself is nowhere. */
  readonly #tickets = new Map<string, Redeemed & { readonly endsAt: number }>();
  #told = '';

  constructor(options: DashboardDeskOptions) {
    this.#options = options;
  }

  settings(): DashboardSettings {
    const { hostname, version, home, state } = this.#options;
    return settingsOf(state(), { hostname, version, home });
  }

  /** Desired state is another. */
  changed(): void {
    const text = JSON.stringify(this.settings());
    if (text === this.#told) return;
    this.#told = text;
    for (const link of this.#options.links()) link.send({ type: 'dashboard' });
  }

  /** @param by who asks, as told */
  async ticket(role: DashboardRole, by: string): Promise<Ticket> {
    if (role !== 'viewer' && role !== 'admin') {
      throw new HoldfastError(
        'BAD_REQUEST',
        `Cannot open the dashboard as "${role}": it is "viewer" or "admin"`,
      );
    }
    const { host, port } = await this.#options.open();
    const ticket = randomBytes(32).toString('base64url');
    const endsAt = this.#options.clock.now() + TICKET_MS;
    this.#sweep();
    this.#tickets.set(hashOf(ticket), { user: by, role, endsAt });
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
    return { url, port, ticket, expiresAt: new Date(endsAt).toISOString() };
  }

  /** @throws HoldfastError BAD_REQUEST when it was never given, is used, or too old */
  redeem(ticket: unknown): Redeemed {
    this.#sweep();
    const hash = hashOf(String(ticket));
    const found = this.#tickets.get(hash);
    this.#tickets.delete(hash);
    if (!found) {
      throw new HoldfastError('BAD_REQUEST', 'This link was used already, or is older than a minute', {
        hint: 'Run `hold open` again: each link is good once',
      });
    }
    return { user: found.user, role: found.role };
  }

  #sweep(): void {
    const now = this.#options.clock.now();
    for (const [hash, { endsAt }] of this.#tickets) {
      if (now >= endsAt || this.#tickets.size >= MOST_TICKETS) this.#tickets.delete(hash);
    }
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
