/**
 * The journal's events. CLI follow modes, the live view, webhooks and tests all read this one stream. Types are
 * named in the past; every event says which app and instance it is about, when it is about one.
 */

export interface HoldfastEvent {
  /** Grows by one with every event of a home; survives restarts of the daemon. */
  readonly seq: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string;
  readonly type: EventType;
  readonly app?: string;
  /** Such as `web.0`. */
  readonly instance?: string;
  readonly pid?: number;
  /** For people: why, in one line. */
  readonly reason?: string;
  /** Facts of this type of event, such as `code`, `signal`, `uptimeMs`, `delayMs`, `port`; `by` is who asked for it, as told. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export type EventType =
  | 'daemon.started'
  | 'daemon.stopping'
  | 'daemon.upgrading' // ends, and another version takes over; data.from, data.to
  | 'state.repaired' // a damaged state file was set aside
  | 'state.unsaved' // desired state could not be written (disk full)
  | 'app.changed' // the wish: started, stopped, scaled, deleted, reconfigured; data.change says which
  | 'config.changed' // `up` changed something beside the apps: data.what (site, edge …), data.name, data.change
  | 'env.changed' // variables of `hold env`; data.project, data.app, data.set and data.removed, names only
  | 'instance.spawned'
  | 'instance.ready'
  | 'instance.adopted' // a new daemon found it alive
  | 'instance.draining'
  | 'instance.stopping'
  | 'instance.stopped' // exited because we asked
  | 'instance.crashed' // exited by itself, or was ended for being unready
  | 'instance.spawn-failed'
  | 'instance.backoff'
  | 'instance.failed' // gave up: too many crashes in a time
  | 'instance.killed' // SIGKILL after the stop timeout
  | 'instance.done' // ended by itself, and stays so: its restart policy, or the end of a job
  | 'instance.unhealthy' // a probe or the watchdog found it ill; it is replaced
  | 'instance.worn' // works, but is replaced without a gap: memory
  | 'instance.signalled' // a person sent it a signal; data.signal
  | 'instance.profiled' // a person has taken a profile of it; data.kind, data.file, data.bytes
  | 'health.failed' // one probe failed; data.failures in a row
  | 'watch.changed' // a file changed; data.files
  | 'job.started'
  | 'job.done' // data.tookMs
  | 'job.failed'
  | 'job.skipped' // due while the last run still ran
  | 'job.missed' // due while there was no daemon; data.times
  | 'rollout.started'
  | 'rollout.done'
  | 'rollout.failed'
  | 'port.held'
  | 'port.released'
  | 'port.unheld' // the app listens on a port that Holdfast could not take a copy of
  | 'logs.lost' // lines could not be written (disk full)
  | 'logs.dropped' // `log.overflow: drop`; data.lines
  | 'logs.unforwarded' // a collector does not take them; data.lines, data.to
  | 'certificate.obtained' // for a site with `tls: 'auto'`; data.site, data.names, data.notAfter
  | 'certificate.renewed'
  | 'certificate.failed' // tried again at data.retryAt; the one before, if any, is served meanwhile
  | 'certificate.loaded' // from files; data.site, data.names, data.notAfter
  | 'certificate.refused' // what is in the files cannot be used; data.site
  | 'certificate.doubtful' // served, but browsers do not, or soon will not take it; data.site
  | 'certificate.rejected' // all handshakes of a site fail because of it; data.site
  | 'site.paused' // its requests wait; data.site, data.timeoutMs, data.maxWaiting
  | 'site.resumed' // data.site, data.tookMs
  | 'release.making' // data.release, data.project and so in all of these; who asked: data.by
  | 'release.made'
  | 'release.trying' // one instance of each app, without traffic
  | 'release.canary' // it has a part of the traffic; data.share
  | 'release.rolling' // it gets all of it
  | 'release.baking' // it has all of it, and is watched; data.forMs
  | 'release.promoted' // it serves
  | 'release.failed' // it never had all of the traffic; data.step
  | 'release.rolled-back' // it had, and the one before has it again; data.to
  | 'release.removed' // from the disk; data.releases
  | 'egress.denied' // an app wanted to connect to what it may not; data.to, data.times since the last word about it
  | 'front.written' // the server in front has the new file; data.server, data.file
  | 'front.refused' // it does not take it, and the one before is back; data.server, data.said
  | 'front.lacks' // what that server does not do of the configuration; data.lines
  | 'notify.failed' // a message to a webhook did not arrive; data.to, without what is secret in it
  | 'history.unsaved' // the numbers of the last minute could not be written
  | 'history.damaged' // data.file: it was put aside; what was good of it is there
  | 'alert.raised' // data.kind, data.subject, data.text, data.level; data.again: it was told before, and is still so
  | 'alert.cleared' // the same
  | 'limit.unavailable'; // a limit of the plan cannot be had here; the reason says what is missing
