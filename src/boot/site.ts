/** What a boot service is made from, and what it is: files and steps. Nothing here touches the machine. */
import { homePaths } from '../protocol/home.ts';

export const INITS = ['systemd', 'runit', 's6', 'openrc', 'sysv', 'upstart', 'launchd'] as const;
export type Init = (typeof INITS)[number];

export interface BootUser {
  readonly name: string;
  readonly uid: number;
  /** Name of the primary group. */
  readonly group: string;
  /** Names of all groups, the primary one among them. */
  readonly groups: readonly string[];
  readonly home: string;
}

export interface BootSite {
  readonly init: Init;
  /** `user`: a service of that user's own, for which nobody has to be root. */
  readonly scope: 'system' | 'user';
  /** Of the service. */
  readonly name: string;
  /** Of Holdfast. */
  readonly home: string;
  readonly user: BootUser;
  /** Where runsvdir or s6-svscan look for services. */
  readonly scanDir: string | null;
  /** Names of programs that this machine has. */
  readonly programs: ReadonlySet<string>;
}

export interface BootFile {
  readonly path: string;
  /** Text, or where a symbolic link points to. */
  readonly content: { readonly text: string; readonly mode: number } | { readonly link: string };
}

/** A program to be run, and what for. */
export interface Step {
  readonly command: readonly [string, ...string[]];
  /** It is no misfortune when it fails: the service may be stopped already. */
  readonly mayFail?: boolean;
}

export interface BootPlan {
  readonly files: readonly BootFile[];
  /** Made by the init itself beside our files, to be removed with them. */
  readonly leftovers: readonly string[];
  /** After the files are written: makes it start with the machine. */
  readonly enable: readonly Step[];
  /** Starts it now. */
  readonly start: readonly Step[];
  /** The same when it runs already, and its script was asked to leave: then a new one takes its place, and no app ends. */
  readonly renew: readonly Step[];
  /** Starts it when it is stopped, and does nothing when it runs: what a command asks for that wants a daemon. */
  readonly wake: Step['command'];
  /** Ends the service before its files go. */
  readonly disable: readonly Step[];
  /** After the files are gone. */
  readonly forget: readonly Step[];
  /** Exits with 0 when the service runs. */
  readonly status: Step;
  /** What people should know, a line each. */
  readonly notes: readonly string[];
}

/** Every file that we write has this line, and no file without it is ever overwritten or removed. */
export const MARK = 'Written by `hold boot enable`';

export function markFor({ home }: BootSite): string {
  return `${MARK} for ${home}; \`hold boot disable\` removes it.`;
}

export function launcherPath(home: string): string {
  return homePaths(home).launcher;
}

export function isRoot({ user }: BootSite): boolean {
  return user.uid === 0;
}

/** How long an init may wait for the apps to end: each of them is killed after its own `stop.timeout`, by Holdfast. */
export const STOP_SECONDS = 330;
