/** The counters of a route and of an instance. A few additions for each request, and nothing else, happen here. */
import {
  DURATION_CLASSES_MS,
  type InstanceCounts,
  type InstanceTraffic,
  type RouteCounts,
  type RouteTraffic,
} from '../protocol/traffic-counts.ts';

class Tally {
  requests = 0;
  readonly status = [0, 0, 0, 0, 0];
  readonly durations = new Array<number>(DURATION_CLASSES_MS.length + 1).fill(0);
  readonly durationsMs = new Array<number>(DURATION_CLASSES_MS.length + 1).fill(0);

  count(status: number, ms: number): void {
    this.requests++;
    const group = status < 200 ? 0 : status < 300 ? 1 : status < 400 ? 2 : status < 500 ? 3 : 4;
    this.status[group] = (this.status[group] as number) + 1;
    let i = 0;
    while (i < DURATION_CLASSES_MS.length && ms > (DURATION_CLASSES_MS[i] as number)) i++;
    this.durations[i] = (this.durations[i] as number) + 1;
    this.durationsMs[i] = (this.durationsMs[i] as number) + ms;
  }
}

class RouteTally extends Tally implements RouteCounts {
  bytesIn = 0;
  bytesOut = 0;
  upstreamAnswers = 0;
  upstreamMs = 0;
  retries = 0;
  http2 = 0;
  cacheHits = 0;
  cacheMisses = 0;
}

class InstanceTally extends Tally implements InstanceCounts {
  failures = 0;
  ejections = 0;
}

export class CountedRoute implements RouteTraffic {
  readonly site: string;
  readonly route: string;
  readonly app: string;
  readonly counts = new RouteTally();

  constructor(site: string, route: string, app: string) {
    this.site = site;
    this.route = route;
    this.app = app;
  }

  /** What it looks like when nothing has changed. */
  get stamp(): string {
    return String(this.counts.requests);
  }
}

export class CountedInstance implements InstanceTraffic {
  readonly app: string;
  readonly instance: string;
  readonly counts = new InstanceTally();
  openRequests = 0;
  openWebSockets = 0;
  ejected = false;

  constructor(app: string, instance: string) {
    this.app = app;
    this.instance = instance;
  }

  get stamp(): string {
    const { requests, failures, ejections } = this.counts;
    return [requests, failures, ejections, this.openRequests, this.openWebSockets, this.ejected].join(' ');
  }
}
