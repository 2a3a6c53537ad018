/** Hides secrets in what is shown. Too much hidden is a nuisance, too little an incident. */

const hidden = '•••';
const secretName =
  /KEY|TOKEN|SECRET|PASS|PWD|AUTH|CREDENTIAL|DSN|PRIVATE|COOKIE|SESSION|SALT|SIGNATURE|CERT|WEBHOOK/i;
/** `scheme://user:password@`; the password may hold an `@`, a host cannot. */
const passwordInUrl = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/]*@/gi;
/** The shell's own, which match a pattern and are no secret. */
const harmless = new Set(['PWD', 'OLDPWD', 'XDG_SESSION_ID', 'XDG_SESSION_TYPE', 'XDG_SESSION_CLASS']);

/** The environment for a person to read: values whose names look secret are hidden, and passwords in URLs. */
export function maskEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const masked: [string, string][] = Object.entries(env).map(([name, value]) => [
    name,
    maskValue(name, value),
  ]);
  return Object.fromEntries(masked);
}

/** Whether a value is one of those that `maskEnv` hides, wholly or in part. */
export function isSecret(name: string, value: string): boolean {
  return maskValue(name, value) !== value;
}

function maskValue(name: string, value: string): string {
  if (value === '') return value;
  if (secretName.test(name) && !harmless.has(name)) return hidden;
  return value.replace(passwordInUrl, `$1:${hidden}@`);
}
