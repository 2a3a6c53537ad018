/** What an exporter makes of a plan: files for somebody else's server, and a list of what these cannot say. */
import type { Plan } from '../config/plan.ts';

export interface ExportedFile {
  /** Relative to the directory that the user names, such as `nginx/holdfast.conf`. */
  readonly path: string;
  readonly text: string;
  /** Of the file: 0o755 for scripts. */
  readonly mode: number;
  /** A person fills it in: it is written when there is none, and never again. */
  readonly once?: boolean;
}

/** A setting that is not, or not wholly, in the files. Told on stderr and at the head of the first file, never left out. */
export interface Loss {
  /** As in the configuration file: `apps.web.watchdog`. */
  readonly setting: string;
  /** What does not happen, and what to do instead; one sentence without a full stop. */
  readonly text: string;
}

export interface Exported {
  readonly files: readonly ExportedFile[];
  readonly losses: readonly Loss[];
}

export interface ExportOptions {
  /** Absolute path of node where the files will be used. */
  readonly node: string;
  /** Whose programs these are where the plan names no user; null = nobody is named. */
  readonly user: string | null;
  /** First part of the names of files, services and upstreams: letters, digits and `-`. */
  readonly name: string;
  readonly places: Places;
  /**
   * Connections to apps are kept for this long when they are idle; left out: as long as is good for programs that nobody drains.
   * The guest of Holdfast waits for longer before it closes one.
   */
  readonly idleMs?: number;
  /**
   * Holdfast stands behind this server: it holds the ports of apps, so that connections wait while an instance is started again, and takes
   * those out that fail. The server must not do so, too: it would leave out an instance that works again.
   */
  readonly isFront?: boolean;
  /** Names of the variables that `hold env` keeps for the project on this machine. */
  readonly variables?: readonly string[];
  /** What the project's own files say of its packages; for images. */
  readonly project?: ProjectFacts;
  /** Kubernetes: who brings requests in; left out: Traefik. */
  readonly ingress?: IngressKind;
  /** Platforms that start more under load: at most so many, of apps that have at least two. */
  readonly maxInstances?: number;
  /** Whether the value of a variable must not be in an exported file. */
  isSecret(name: string, value: string): boolean;
}

export const ingressKinds = ['traefik', 'nginx', 'gateway'] as const;
export type IngressKind = (typeof ingressKinds)[number];

/** Of the directory of the configuration file. */
export interface ProjectFacts {
  readonly manager: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** As `packageManager` in package.json names it; null: it does not. */
  readonly managerVersion: string | null;
  /** What an install reads, such as `package.json` and the lockfile. */
  readonly files: readonly string[];
  /** The version of Node that images begin with, as exact as the project says it: `24`, `24.5.0`. */
  readonly node: string;
  /** package.json has a script `build`. */
  readonly hasBuild: boolean;
  /** The version of Holdfast to be installed; null: it is among the packages of the project. */
  readonly holdfast: string | null;
}

/** Where the instances of each app can be reached, in the order of their slots. */
export type Places = ReadonlyMap<string, readonly Place[]>;

export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

/** Pure and deterministic: the same plan gives the same bytes. */
export type Exporter = (plan: Plan, options: ExportOptions) => Exported;

export function printPlace(place: Place): string {
  if ('path' in place) return `unix:${place.path}`;
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`;
}
