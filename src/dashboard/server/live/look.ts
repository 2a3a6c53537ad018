/** One look at everything: what the daemon says now, as the page wants it. */
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import type { Client } from '../../../client/client.ts';
import { HoldfastError } from '../../../errors.ts';
import type { AppView, SiteView } from '../../../protocol/api.ts';
import type { CertificateView } from '../../../protocol/certificates.ts';
import type { HealthView, HostView, LiveApp, LiveSite } from '../../../protocol/dashboard.ts';
import type { LiveState } from './difference.ts';
import { type AllRates, ratesOf, rounded } from './rates.ts';

export type LookClient = Pick<Client, 'apps' | 'traffic' | 'sites' | 'releases' | 'health' | 'certificates'>;

export interface LookOptions {
  readonly client: LookClient;
  readonly home: string;
  /** By app: when it crashed last. */
  readonly crashes: ReadonlyMap<string, string>;
  /** Cheap to ask for once in a while only. */
  readonly slow: SlowFacts;
}

export interface SlowFacts {
  readonly certificates: readonly CertificateView[];
  readonly health: HealthView | null;
  readonly host: HostView | null;
}

export async function look({ client, crashes, slow }: LookOptions): Promise<LiveState> {
  const [apps, traffic, sites, promotions] = await Promise.all([
    client.apps(),
    orNull(client.traffic()),
    client.sites(),
    client.releases(),
  ]);
  const rates = ratesOf(traffic);
  return {
    apps: Object.fromEntries(apps.map((app) => [app.name, liveApp(app, rates, crashes)])),
    sites: Object.fromEntries(sites.map((site) => [site.host, liveSite(site, rates, slow)])),
    total: rates.total,
    promotions,
    ...(slow.health && { health: slow.health }),
    ...(slow.host && { host: slow.host }),
  };
}

/** What changes slowly, or costs more. */
export async function slowLook({ client, home }: Pick<LookOptions, 'client' | 'home'>): Promise<SlowFacts> {
  const [certificates, health, disk] = await Promise.all([
    orNull(client.certificates()),
    orNull(client.health()),
    statfs(home).catch(() => null),
  ]);
  const host: HostView = {
    cores: os.availableParallelism(),
    load1: rounded(os.loadavg()[0] ?? 0, 2),
    memoryBytes: os.totalmem(),
    memoryFreeBytes: coarse(os.freemem()),
    diskBytes: disk ? disk.blocks * disk.bsize : 0,
    diskFreeBytes: disk ? coarse(disk.bavail * disk.bsize) : 0,
  };
  return { certificates: certificates ?? [], health, host };
}

/** A daemon that has no answer to this is no reason to show nothing; one that is away is. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'BAD_REQUEST') return null;
    throw error;
  }
}

const GRAIN = 1024 * 1024;

function coarse(bytes: number): number {
  return Math.round(bytes / GRAIN) * GRAIN;
}

function liveApp(app: AppView, rates: AllRates, crashes: ReadonlyMap<string, string>): LiveApp {
  const instances = app.instances.map((instance) => ({
    ...instance,
    cpu: instance.cpu === null ? null : rounded(instance.cpu, 3),
    loopDelayMs: instance.loopDelayMs === null ? null : rounded(instance.loopDelayMs, 1),
  }));
  const own = instances.flatMap(({ id }) => {
    const known = rates.instances.get(id);
    return known ? [[id, known] as const] : [];
  });
  return {
    ...app,
    instances,
    rates: rates.apps.get(app.name) ?? null,
    instanceRates: Object.fromEntries(own),
    lastCrashAt: crashes.get(app.name) ?? null,
  };
}

function liveSite(site: SiteView, rates: AllRates, { certificates }: SlowFacts): LiveSite {
  const of = certificates.filter((one) => one.site === site.host).map(({ status }) => status);
  const tls =
    of.length === 0
      ? 'none'
      : of.some((status) => status === 'expired' || status === 'missing' || status === 'refused')
        ? 'failed'
        : of.includes('expiring')
          ? 'expiring'
          : 'ok';
  return { ...site, rates: rates.sites.get(site.host) ?? ratesOf(null).total, tls };
}
