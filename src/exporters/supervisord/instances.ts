/** How the instances of an app become one section: supervisord counts them, but cannot add. Pure. */
import type { Service } from '../services/service.ts';

export interface Section {
  /** Of the program; the processes of one with several are called `<name>.0`, `<name>.1` and so on. */
  readonly name: string;
  /** One whose port and arguments stand for all. */
  readonly service: Service;
  readonly count: number;
  /** Its port in the words of supervisord; null: it has none. */
  readonly port: string | null;
}

/** One for all of them when their ports are a number with theirs at its end (3000 to 3009), else one for each. @param services of one app */
export function sectionsOf(services: readonly Service[], name: string): Section[] {
  const [first] = services;
  if (first && services.length > 1) {
    const port = commonPort(services.map((service) => service.port));
    if (port !== null) return [{ name, service: first, count: services.length, port }];
  }
  return services.map((service) => ({
    name: service.name,
    service,
    count: 1,
    port: service.port === null ? null : String(service.port),
  }));
}

function commonPort(ports: readonly (number | null)[]): string | null {
  const [first] = ports.map(String);
  for (const digits of [1, 2, 3]) {
    const prefix = first?.slice(0, -digits);
    if (ports.every((port, slot) => String(port) === `${prefix}${String(slot).padStart(digits, '0')}`))
      return `${prefix}%(process_num)0${digits}d`;
  }
  return null;
}
