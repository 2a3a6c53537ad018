/** What is known of the certificates that sites are served with: `GET /v1/certificates` of the control API. */

export interface CertificateView {
  readonly site: string;
  /** files: named in the configuration. acme: obtained by Holdfast (`tls: 'auto'`). */
  readonly from: 'files' | 'acme';
  readonly names: readonly string[];
  readonly issuer: string | null;
  /** ISO 8601; null: there is none yet. */
  readonly notAfter: string | null;
  readonly status: 'ok' | 'expiring' | 'expired' | 'missing' | 'refused';
  /** For people: why it is not ok, or when it is renewed next. */
  readonly note: string | null;
}
