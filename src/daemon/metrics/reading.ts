/** Everything that is known in numbers at one moment: what metrics, history and alerts are made of. */
import type { AppView, InstanceView } from '../../protocol/api.ts';
import type { CertificateView } from '../../protocol/certificates.ts';
import type { HostView } from '../../protocol/dashboard.ts';
import type { CountedTraffic } from '../traffic-totals.ts';
import type { EgressRow } from './egress-families.ts';

export interface Reading {
  /** Unix time in ms. */
  readonly at: number;
  /** Since when counts count. */
  readonly since: number;
  readonly apps: readonly AppReading[];
  /** null: there is no edge. */
  readonly traffic: CountedTraffic | null;
  /** null: it is not known yet. */
  readonly host: HostView | null;
}

export interface AppReading extends Pick<AppView, 'name' | 'status' | 'wanted'> {
  /** One for each slot: of one that is being replaced the newer. */
  readonly instances: readonly InstanceReading[];
}

export interface InstanceReading
  extends Pick<
    InstanceView,
    | 'id'
    | 'pid'
    | 'status'
    | 'restarts'
    | 'uptimeMs'
    | 'memoryBytes'
    | 'cpu'
    | 'loopDelayMs'
    | 'heapBytes'
    | 'release'
  > {
  /** Of its process, since that began. */
  readonly cpuMs: number | null;
}

/** What only those who ask from outside want to know. */
export interface MoreReading {
  readonly certificates: readonly CertificateView[];
  readonly egress: readonly EgressRow[];
  readonly version: string;
  readonly node: string;
  /** By project: which release serves. */
  readonly releases: Readonly<Record<string, string>>;
}

export function appReading(
  { name, status, wanted, instances }: AppView,
  cpuMsOf: (pid: number) => number | null,
): AppReading {
  const newest = new Map<string, InstanceView>();
  for (const one of instances) {
    const known = newest.get(one.id);
    if (!known || known.serial < one.serial) newest.set(one.id, one);
  }
  return {
    name,
    status,
    wanted,
    instances: [...newest.values()].map((one) => ({
      ...one,
      cpuMs: one.pid === null ? null : cpuMsOf(one.pid),
    })),
  };
}
