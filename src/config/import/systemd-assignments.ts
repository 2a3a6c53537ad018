/** The assignments of a unit, and what to say of those that nobody asked for. */
import type { UnitEntry } from './systemd-unit.ts';

/** Tells the reader of the new file something. */
export type Note = (text: string) => void;

/** Knows what has been asked for, so that the rest can be told. */
export class Assignments {
  readonly #entries: readonly UnitEntry[];
  readonly #asked = new Set<string>();

  constructor(entries: readonly UnitEntry[]) {
    this.#entries = entries;
  }

  /** All values since the last empty one, which clears a list. */
  all(section: string, key: string): string[] {
    this.#asked.add(`${section}.${key}`);
    const values = this.#entries
      .filter((entry) => entry.section === section && entry.key === key)
      .map(({ value }) => value);
    return values.slice(values.lastIndexOf('') + 1);
  }

  /** The last one. */
  one(key: string, section = 'Service'): string | undefined {
    return this.all(section, key).at(-1);
  }

  /** What has no counterpart, one note for each kind. */
  leftovers(): string[] {
    const left = this.#entries.filter(
      ({ section, key, value }) => !this.#asked.has(`${section}.${key}`) && value !== '',
    );
    const explained = left.filter(({ key }) => explanations[key] !== undefined);
    const others = left.filter(({ key }) => explanations[key] === undefined && !quiet.has(key));
    const words = [...new Set(others.map(({ key, value }) => `${key}=${value}`))];
    return [
      ...new Set(explained.map(({ key, value }) => `${key}=${value}: ${explanations[key]}`)),
      ...(words.length > 0 ? [`left out, as there is nothing like it here: ${words.join('; ')}`] : []),
    ];
  }
}

/** Names and descriptions: nothing that changes what runs. */
const quiet = new Set(['Documentation']);

const explanations: Readonly<Record<string, string>> = {
  ExecStartPre: 'run it before `hold up`, or make it an app that others are `after`, with restart: "never"',
  ExecStartPost: 'there are no commands after the start: `ready` tells when it is up',
  ExecCondition: 'there are no conditions: decide before `hold up`',
  ExecReload: '`hold reload` replaces instances without a gap; `hold signal` sends a signal',
  ExecStop: 'it is stopped by stop.signal',
  ExecStopPost: 'there are no commands after the end',
  WantedBy: '`hold boot enable` starts Holdfast, and so this, at boot',
  RequiredBy: '`hold boot enable` starts Holdfast, and so this, at boot',
  Alias: 'an app has one name',
  PIDFile: 'systemd reads it, here it is not needed; `pidFile` makes Holdfast write one',
  AmbientCapabilities:
    'Holdfast opens the port itself; `hold boot enable` gives it the right to ports below 1024',
  CapabilityBoundingSet:
    'Holdfast opens the port itself; `hold boot enable` gives it the right to ports below 1024',
  SyslogIdentifier: 'lines carry the name of the app; log.forward sends them to syslog',
  LoadCredential: 'write it as secrets, which are variables read from files',
  SetCredential: 'write it as secrets, which are variables read from files',
  RemainAfterExit: 'what has ended by itself is shown as done',
  SuccessExitStatus: 'with restart.when "on-failure" such codes belong in restart.stopCodes',
  RestartForceExitStatus: 'restart.when is for all codes but restart.stopCodes',
  Sockets: 'Holdfast holds the ports that an app listens on by itself',
  Slice: 'memory, cpu and pids limit each instance by itself',
};
