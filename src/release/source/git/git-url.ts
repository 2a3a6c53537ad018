/** URLs of git repositories as people write them: `https://…`, `ssh://…`, `file://…`, `git@host:path`, each with `#ref` behind it. */
import { HoldfastError } from '../../../errors.ts';

export interface GitUrl {
  /** Without user and password, except the user of ssh, who is no secret. */
  readonly url: string;
  /** Branch, tag or commit; null = what the repository has as its default. */
  readonly ref: string | null;
  readonly login: { readonly host: string; readonly user: string; readonly password: string } | null;
}

/** `git@host:path`, as scp has it; a drive letter or a path with a colon has no such beginning. */
const SCP = /^[\w.-]+@[\w.-]+:(?!\/\/)\S+$/;

/** Null: it is no such URL, but perhaps a path or a ref. */
export function parseGitUrl(text: string): GitUrl | null {
  const plain = text.replace(/^git\+(?=(https|ssh|file):)/, '');
  const [place = '', ref = null] = splitRef(plain);
  if (ref !== null) checkRef(ref);
  if (SCP.test(place)) return { url: place, ref, login: null };
  if (/^(http|git|ftp):\/\//.test(place)) {
    throw new HoldfastError(
      'SOURCE_INVALID',
      `Cannot fetch "${place.replace(/\/\/.*@/, '//')}": what it sends could be changed on the way`,
      {
        hint: 'Use https://, ssh:// or file://',
      },
    );
  }
  if (!/^(https|ssh|file):\/\//.test(place) || !URL.canParse(place)) return null;
  const url = new URL(place);
  if (url.protocol !== 'https:') {
    if (url.password !== '')
      throw new HoldfastError('SOURCE_INVALID', 'Cannot fetch with a password by ssh: use a key');
    return { url: place, ref, login: null };
  }
  const { host } = url;
  const user = decoded(url.username);
  const password = decoded(url.password);
  url.username = '';
  url.password = '';
  const login = user === '' && password === '' ? null : { host, user, password };
  return { url: url.href, ref, login };
}

/**
 * Environment in which git can log in, and nobody can read with what: command lines can be seen by all users.
 */
export function loginEnv({ login }: GitUrl): Record<string, string> {
  if (login === null) return {};
  const key = `credential.https://${login.host}.helper`;
  return {
    HOLDFAST_GIT_USER: login.user,
    HOLDFAST_GIT_PASSWORD: login.password,
    GIT_CONFIG_COUNT: '2',
    // Empty: those of the configuration are not asked.
    GIT_CONFIG_KEY_0: key,
    GIT_CONFIG_VALUE_0: '',
    GIT_CONFIG_KEY_1: key,
    GIT_CONFIG_VALUE_1:
      '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$HOLDFAST_GIT_USER" "$HOLDFAST_GIT_PASSWORD"; }; f',
  };
}

/** @throws HoldfastError SOURCE_INVALID for what git would take for an option, or for something else than a name */
export function checkRef(ref: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is searched.
  if (!/^[-+]|[\s:*?[\\\x00-\x1f\x7f]|\.\./.test(ref) && ref !== '') return;
  throw new HoldfastError('SOURCE_INVALID', `Cannot take "${ref}": it is not a branch, a tag or a commit`);
}

function splitRef(text: string): [string, string | null] {
  const at = text.indexOf('#');
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1) || null];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A `%` that was not meant so.
  }
}
