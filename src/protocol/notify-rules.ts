/** Who is told of what by webhooks: a setting of the configuration, complete. */

/**
 * - deploys: a release serves, has failed, or was rolled back
 * - crashes: an app was given up after too many crashes
 * - jobs: a run has failed, or was missed
 * - certificates: one could not be had, cannot be used, or ends soon
 * - disk: state or log lines could not be written
 * - errors: a site answers too many requests with 5xx
 * - health: an instance was found ill by a probe or the watchdog, and is replaced
 * - daemon: Holdfast came back after it had ended unexpectedly, or found its state damaged
 */
export type NotifyTopic =
  | 'deploys'
  | 'crashes'
  | 'jobs'
  | 'certificates'
  | 'disk'
  | 'errors'
  | 'health'
  | 'daemon';

export interface NotifyRules {
  /** An address, or the absolute path of a file that has it. */
  readonly to: { readonly url: string } | { readonly file: string };
  readonly on: readonly NotifyTopic[];
  readonly style: NotifyStyle;
  /** Absolute path of a file with what messages are signed with. */
  readonly secret: string | null;
}

export type NotifyStyle = 'slack' | 'json';

/** What became of a message that was sent to try it. */
export interface NotifyTest {
  /** Without what is secret in an address. */
  readonly to: string;
  readonly ok: boolean;
  /** `200`, or why it did not arrive. */
  readonly said: string;
}
