/** What was seen on a machine, before anybody judges it. What could not be seen is null. */

export interface MachineFacts {
  /** ms since the epoch. */
  readonly now: number;
  /** Of this command: `v22.1.0`. */
  readonly node: string;
  readonly version: string;
  readonly isRoot: boolean;
  readonly home: HomeFacts;
  readonly daemon: DaemonFacts;
  readonly apps: readonly AppFacts[];
  /** Of the disk that the home is on. */
  readonly disk: {
    readonly freeBytes: number;
    readonly totalBytes: number;
    readonly freeInodeShare: number;
  } | null;
  readonly memory: { readonly availableBytes: number; readonly totalBytes: number } | null;
  /** Descriptors that the daemon may have open, or this command where there is none. */
  readonly descriptors: number | null;
  /** Lowest port that everybody may take. */
  readonly firstFreePort: number;
  /** The init that starts the home with the machine; null = none. */
  readonly boot: string | null;
  readonly logBytes: number;
  readonly config: ConfigFacts;
  readonly certificates: readonly CertificateFile[];
  readonly ports: readonly PortFacts[];
}

export interface HomeFacts {
  readonly path: string;
  readonly exists: boolean;
  readonly isOurs: boolean;
  /** Permission bits; null when there is none. */
  readonly mode: number | null;
  /** Of the control socket. */
  readonly socketMode: number | null;
  /** When its newest file of state was written. */
  readonly newestMs: number | null;
}

export type DaemonFacts =
  | {
      readonly state: 'runs';
      readonly version: string;
      readonly node: string;
      readonly pid: number;
      readonly holder: boolean;
    }
  | { readonly state: 'none'; readonly wishes: number }
  | { readonly state: 'ill'; readonly problem: string };

export interface AppFacts {
  readonly name: string;
  readonly status: string;
  readonly restarts: number;
  /** What somebody must see to, such as that the server in front refuses its file. */
  readonly notes: readonly string[];
  readonly reason: string | null;
}

export type ConfigFacts =
  | { readonly state: 'none' }
  | {
      readonly state: 'wrong';
      readonly file: string;
      readonly problem: string;
      readonly details: readonly string[];
    }
  /** A release of it runs: `hold up` is not what changes it. */
  | { readonly state: 'deployed'; readonly file: string; readonly release: string }
  /** It is valid, but something of another project, or of `hold start`, is in its way. */
  | {
      readonly state: 'refused';
      readonly problem: string;
      readonly details: readonly string[];
      readonly hint: string;
    }
  | {
      readonly state: 'fine';
      readonly file: string;
      /** What `hold up` would change; null when no daemon runs. */
      readonly changes: readonly string[] | null;
      readonly logsTotalBytes: number | null;
    };

export interface CertificateFile {
  /** Of the site, or the file. */
  readonly name: string;
  /** ms since the epoch. */
  readonly notAfter: number | null;
  readonly problem: string | null;
  /** It is renewed by Holdfast. */
  readonly isAutomatic: boolean;
}

export interface PortFacts {
  /** What it is for: `sites (http)`, `web`. */
  readonly of: string;
  readonly port: number;
  /** Somebody answers there, and it is not this home. */
  readonly isTaken: boolean;
}
