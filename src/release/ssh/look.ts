/** What a host is like, found out by a script for any POSIX shell that changes nothing. */
import { HoldfastError } from '../../errors.ts';

export const lookScript = `
say() { printf '%s=%s\\n' "$1" "$(printf %s "$2" | tr '\\n' ' ')"; }
say os "$(uname -s)"
say arch "$(uname -m)"
say name "$( (. /etc/os-release && printf %s "$PRETTY_NAME") 2>/dev/null)"
say uid "$(id -u)"
say user "$(id -un)"
say home "$HOME"
say musl "$(ldd --version 2>&1 | grep -i musl)"
say node "$(command -v node)"
say nodeVersion "$(node --version 2>/dev/null)"
say command "$(command -v holdfast)"
if [ "$(id -u)" = 0 ]; then lib=/usr/local/lib/holdfast; bin=/usr/local/bin; else lib=$HOME/.local/lib/holdfast; bin=$HOME/.local/bin; fi
say lib "$lib"
say bin "$bin"
case ":$PATH:" in *":$bin:"*) say onPath yes;; esac
say installed "$(readlink "$lib/current")"
say ownNode "$("$lib/node/bin/node" --version 2>/dev/null)"
for one in holdfast hold; do if [ -e "$bin/$one" ]; then say "$one" "$(sed -n 2,3p "$bin/$one" 2>/dev/null | tr -d '\\0')"; fi; done
say tar "$(command -v tar)"
say git "$(command -v git)"
say systemd "$([ -d /run/systemd/system ] && echo yes)"
say disk "$(df -Pk "$HOME" | awk 'NR==2 {print $4}')"
say memory "$(awk '/^MemTotal/ {print $2}' /proc/meminfo)"
say listening "$(ss -ltnH 2>/dev/null | awk '{print $4}' | sort -u)"
say firewall "$(for one in ufw nft firewall-cmd; do command -v $one || ls /usr/sbin/$one; done 2>/dev/null | sed 's|.*/||')"
`;

export interface HostLook {
  readonly os: string;
  /** As Node says it: `x64`, `arm64`; else as uname does. */
  readonly arch: string;
  /** `Debian GNU/Linux 12 (bookworm)` */
  readonly name: string;
  readonly user: string;
  readonly isRoot: boolean;
  readonly musl: boolean;
  /** The program that a command over ssh finds; null = none. */
  readonly node: { readonly path: string; readonly version: string } | null;
  /** The one that was put there for Holdfast: its version. */
  readonly ownNode: string | null;
  /** The `holdfast` that a command over ssh finds; null = none. */
  readonly command: string | null;
  /** A command over ssh is searched in `bin`. */
  readonly onPath: boolean;
  /** Where Holdfast is put, and its commands. */
  readonly lib: string;
  readonly bin: string;
  /** Name of the installation that is used. */
  readonly installed: string | null;
  /** What the files `holdfast` and `hold` in `bin` begin with; null = there is none. */
  readonly links: { readonly holdfast: string | null; readonly hold: string | null };
  readonly missing: readonly string[];
  readonly systemd: boolean;
  /** Bytes; null = not known. */
  readonly diskFree: number | null;
  readonly memory: number | null;
  /** `0.0.0.0:22` */
  readonly listening: readonly string[];
  /** Programs that are there; who may not look cannot know whether they are on. */
  readonly firewalls: readonly string[];
}

const arches: Readonly<Record<string, string>> = { x86_64: 'x64', amd64: 'x64', aarch64: 'arm64' };

/** @throws HoldfastError HOST_FAILED when it is not what the script prints */
export function parseLook(host: string, text: string): HostLook {
  const facts = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0) facts.set(line.slice(0, at), line.slice(at + 1).trim());
  }
  const of = (name: string) => facts.get(name) || null;
  const words = (name: string) => (of(name) ?? '').split(/\s+/).filter((word) => word !== '');
  const kilobytes = (name: string) => (of(name) === null ? null : Number(of(name)) * 1024);
  const [lib, bin, user] = [of('lib'), of('bin'), of('user')];
  if (lib === null || bin === null || user === null)
    throw new HoldfastError('HOST_FAILED', `${host}: it cannot be seen what it is like`, {
      details: text.split('\n'),
      hint: 'It needs `sh` and the usual programs of Debian or Ubuntu',
    });
  const [path, version] = [of('node'), of('nodeVersion')];
  return {
    os: of('os') ?? 'unknown',
    arch: arches[of('arch') ?? ''] ?? of('arch') ?? 'unknown',
    name: of('name') ?? of('os') ?? 'unknown',
    user,
    isRoot: of('uid') === '0',
    musl: of('musl') !== null,
    node: path !== null && version !== null ? { path, version: version.replace(/^v/, '') } : null,
    ownNode: of('ownNode')?.replace(/^v/, '') ?? null,
    command: of('command'),
    onPath: of('onPath') !== null,
    lib,
    bin,
    installed: of('installed'),
    links: { holdfast: facts.get('holdfast') ?? null, hold: facts.get('hold') ?? null },
    missing: ['tar', 'git'].filter((name) => of(name) === null),
    systemd: of('systemd') !== null,
    diskFree: kilobytes('disk'),
    memory: kilobytes('memory'),
    listening: words('listening'),
    firewalls: words('firewall'),
  };
}
