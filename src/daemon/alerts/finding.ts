/** What is found out about one thing that somebody may have to be told of. */
export interface Finding {
  /** Stable, such as `app.failed`. */
  readonly kind: AlertKind;
  /** An app, a site, a directory. */
  readonly subject: string;
  /** unsure: between the two, so that what is told stays as it is. What is not found at all is well. */
  readonly state: 'bad' | 'unsure';
  readonly level: 'warning' | 'failing';
  /** For people, one line. */
  readonly text: string;
}

export type AlertKind =
  | 'app.failed'
  | 'certificate.expiring'
  | 'certificate.refused'
  | 'disk.filling'
  | 'errors.many'
  | 'watchdog.blocked';
