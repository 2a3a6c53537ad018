/**
 * Why a package manager got nothing from a registry, by what it has said: one line for people in the place of its own, which are many
 * and begin with where in its code it stood. Pure.
 */
import { STATUS_CODES } from 'node:http';
import { HoldfastError } from '../../errors.ts';
import type { LockedPackage } from '../seams.ts';

export interface Asked {
  /** Of the project, to know a package by its hash. */
  readonly packages: readonly LockedPackage[];
  /** For messages: `package-lock.json`. */
  readonly file: string;
  /** Where packages come from when nothing else is said: an URL. */
  readonly registry: string;
}

/** What npm, pnpm, yarn 1, yarn 2 and newer, and bun say, in this order as far as they have words of their own. */
const WRONG =
  /EINTEGRITY|ERR_PNPM_TARBALL_INTEGRITY|Integrity check failed|YN0018|IntegrityCheckFailed|integrity checksum failed/i;
const NOT_HERE = /ENOTCACHED|ERR_PNPM_NO_OFFLINE_\w+|make a request in offline mode|YN0080/;
const STATUS =
  /\bcode E([45]\d\d)\b|ERR_PNPM_FETCH_([45]\d\d)|Request failed "([45]\d\d)|Response Code: ([45]\d\d)|(?:GET|POST) \S+ - ([45]\d\d)/;
/** Of the system, with whom it was: it says more than the code alone. */
const CALL = /\b(?:connect|getaddrinfo|read|write) E[A-Z_]+(?: [\w.:[\]-]+)?/;
const UNREACHABLE =
  /\b(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ESOCKETTIMEDOUT|ERR_SOCKET_TIMEOUT|ECONNRESET|EHOSTUNREACH|ENETUNREACH|EPIPE|EPROTO|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERT_HAS_EXPIRED|ERR_TLS_CERT_ALTNAME_INVALID)\b|\b(?:ConnectionRefused|ConnectionClosed|ConnectionReset|FailedToOpenSocket|UnknownHostName|DNSResolutionFailed)\b|Timeout(?= downloading)|network timeout/;

/** What to do about a registry that does not answer. */
const LATER =
  'Deploy again later; `--offline` takes what was fetched here before. Behind a proxy, `https_proxy` must be set in the shell that deploys';

export interface Trouble {
  /** `wrong`: its content is not what it should be; `notHere`: and nothing may be fetched. */
  readonly kind: 'wrong' | 'notHere' | 'missing' | 'refused' | 'down' | 'unreachable';
  readonly message: string;
  readonly hint: string;
}

/**
 * Of a package manager's failure: the same in our words, when a registry is the reason.
 *
 * @param error with the last lines of the program as details
 */
export function asRegistryTrouble(error: unknown, asked: Asked): unknown {
  const trouble = troubleOf(error, asked);
  if (!trouble) return error;
  const { kind, message, hint } = trouble;
  const code = kind === 'wrong' ? 'PACKAGES_REFUSED' : 'STEP_FAILED';
  return new HoldfastError(code, message, { hint, cause: error });
}

/** Undefined when it was something else. */
export function troubleOf(error: unknown, asked: Asked): Trouble | undefined {
  return error instanceof HoldfastError ? troubleIn(error.details.join('\n'), asked) : undefined;
}

/** @param text what the package manager has said */
export function troubleIn(text: string, { packages, file, registry }: Asked): Trouble | undefined {
  const { url, host } = urlIn(text, registry);
  const what = packageOf(text, url);
  if (WRONG.test(text)) {
    const name = byHash(text, packages) ?? what;
    return {
      kind: 'wrong',
      message: `${name === null ? 'A package' : `"${name}"`} is not what "${file}" says: its content has another hash`,
      hint: `Somebody has changed it in the registry "${host}" or on the way, or has changed the lockfile: find out who before you write the lockfile anew`,
    };
  }
  const quoted = what === null ? 'a package' : `"${what}"`;
  if (NOT_HERE.test(text)) {
    return {
      kind: 'notHere',
      message: `Nothing is fetched with \`--offline\`, and ${quoted} is not here`,
      hint: 'Leave `--offline` out once: what was fetched stays here',
    };
  }
  const status = statusIn(text);
  if (status !== null) return answered(status, host, quoted);
  const reason = (CALL.exec(text) ?? UNREACHABLE.exec(text))?.[0];
  if (reason === undefined) return undefined;
  return {
    kind: 'unreachable',
    message: `Cannot reach the registry "${host}" for ${quoted}: ${reason}`,
    hint: hintFor(reason),
  };
}

function answered(status: number, host: string, quoted: string): Trouble {
  const said = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  if (status === 404) {
    return {
      kind: 'missing',
      message: `The registry "${host}" has no ${quoted}: ${said}`,
      hint: 'Was it unpublished, or may the token not see it? Registries answer the same to both',
    };
  }
  if (status >= 500 || status === 429 || status === 408) {
    return {
      kind: 'down',
      message: `The registry "${host}" is in trouble: ${said} for ${quoted}`,
      hint: LATER,
    };
  }
  return {
    kind: 'refused',
    message: `The registry "${host}" does not give out ${quoted}: ${said}`,
    hint:
      'Does it want a token? Name its variable in `release.buildEnv`, set it in the shell that deploys, and have the configuration of ' +
      `the package manager use it; for npm that is the line \`//${host}/:_authToken=\${NPM_TOKEN}\` in .npmrc`,
  };
}

function hintFor(reason: string): string {
  if (!/CERT|ISSUER|SIGNATURE/.test(reason)) return LATER;
  return 'Its certificate is of nobody whom this machine trusts: name that authority in NODE_EXTRA_CA_CERTS in the shell that deploys';
}

function statusIn(text: string): number | null {
  const found = STATUS.exec(text)?.slice(1).find(Boolean);
  if (found !== undefined) return Number(found);
  // Yarn 2 and newer has a code for both, and says no more.
  return text.includes('YN0041') ? 401 : null;
}

/** The one that was asked for; what else they print leads to explanations. */
function urlIn(text: string, registry: string): { url: URL | null; host: string } {
  const asked =
    /(?:(?:GET|POST|PUT) |request to |timeout at: |Request URL: |error Error: |for "|offline mode \("|downloaded from |error )(https?:\/\/[^\s"',)]+)/.exec(
      text,
    )?.[1];
  const url = asked === undefined ? null : parsed(asked.replace(/:$/, ''));
  return { url, host: (url ?? parsed(registry))?.host ?? registry };
}

function parsed(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null;
}

/** `name@version`, or only the name where a list of versions was asked for. */
function packageOf(text: string, url: URL | null): string | null {
  const path = url && decodeURIComponent(url.pathname);
  const [, name, file] = /((?:@[^/]+\/)?[^/]+)\/-\/([^/]+)\.tgz$/.exec(path ?? '') ?? [];
  if (name !== undefined && file !== undefined) {
    const bare = name.replace(/^.*\//, '');
    return file.startsWith(`${bare}-`) ? `${name}@${file.slice(bare.length + 1)}` : name;
  }
  const berry = /│ ((?:@[\w.-]+\/)?[\w.-]+)@npm:([\w.+-]+)/.exec(text);
  if (berry) return `${berry[1]}@${berry[2]}`;
  const [, bun] = /tarball (?:from )?((?:@[\w.-]+\/)?[\w.-]+(?:@[\w.+-]+)?)/.exec(text) ?? [];
  if (bun !== undefined) return bun;
  return /\/((?:@[^/]+\/)?[^/]+)$/.exec(path ?? '')?.[1] ?? null;
}

/** npm names no package, but the hash that it wanted. */
function byHash(text: string, packages: readonly LockedPackage[]): string | null {
  const found = packages.find(({ integrity }) => integrity?.split(' ').some((one) => text.includes(one)));
  return found ? `${found.name}@${found.version}` : null;
}
