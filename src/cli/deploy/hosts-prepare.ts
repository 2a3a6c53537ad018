/** `hold host prepare`: Node and this very Holdfast on a host, below one directory. It says all that it does, and again it does nothing. */
import { createReadStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import semver from 'semver';
import { HoldfastError } from '../../errors.ts';
import { formatBytes } from '../../kit/units.ts';
import { releasePaths } from '../../release/paths.ts';
import { type Bundle, openBundle } from '../../release/ssh/bundle.ts';
import { type HostLook, lookScript, parseLook } from '../../release/ssh/look.ts';
import { planPreparation } from '../../release/ssh/preparation.ts';
import { runOn } from '../../release/ssh/ssh.ts';
import { npmFetcher, toolDir, unpackTool, versionsThere } from '../../release/tools.ts';
import type { PrepareOptions } from '../commands/host.ts';
import type { Context } from '../context.ts';
import { waiting } from '../waiting.ts';

const unpackScript =
  'set -e; umask 022; mkdir -p "$1"; rm -rf "$1/.new-$2"; mkdir "$1/.new-$2"; tar -xzf - --no-same-owner -C "$1/.new-$2"; chmod -R u+rwX,go=rX "$1/.new-$2"; rm -rf "$1/$2"; mv "$1/.new-$2" "$1/$2"; ln -sfn "$2" "$1/.current"; mv -fT "$1/.current" "$1/current"';
/** Of earlier versions: not the one before, and none that a process runs, since it reads further files of it as it goes. */
const pruneScript =
  'cd "$1" || exit; here=$(pwd -P); for one in *; do case $one in "$2" | "$3" | current | node*) continue;; esac; [ -f "$one/bin/holdfast.js" ] || continue; grep -qsF "$here/$one/" /proc/[0-9]*/cmdline /proc/[0-9]*/environ && continue; rm -rf "./$one" && echo "$one"; done; find . -maxdepth 1 -name ".new-*" -mmin +1440 -exec rm -rf {} +';
const nodeScript =
  'set -e; umask 022; mkdir -p "$1/.new-$2/bin"; gzip -dc > "$1/.new-$2/bin/node"; chmod 755 "$1/.new-$2/bin/node"; "$1/.new-$2/bin/node" --version; rm -rf "$1/$2"; mv "$1/.new-$2" "$1/$2"; ln -sfn "$2" "$1/.node"; mv -fT "$1/.node" "$1/node"';
const linkScript =
  'set -e; umask 022; mkdir -p "$(dirname "$1")"; cat > "$1.new"; chmod 755 "$1.new"; mv -f "$1.new" "$1"';

export async function prepareHost(context: Context, host: string, options: PrepareOptions): Promise<void> {
  if (host.startsWith('-'))
    throw new HoldfastError('USAGE', `The host must not begin with "-": got "${host}"`);
  const { env, err, out, json } = context;
  const { green, dim, bold } = err.style;
  const say = (text: string) => json || err.line(text);
  const run = (words: readonly string[], input?: AsyncIterable<Uint8Array> | string) =>
    runOn(host, words, { env, ...(input !== undefined && { input }) });
  const look = parseLook(
    host,
    await waiting(context, `looking at ${host}`, () => run(['sh', '-s'], lookScript)),
  );
  say(`${bold(host)}  ${factsOf(look)}`);
  const bundle = openBundle();
  try {
    const plan = planPreparation(host, look, bundle.name);
    const steps = [
      ...(plan.node ? [`put Node (${plan.node} of the registry) into ${look.lib}/node`] : []),
      ...(plan.holdfast ? [`put Holdfast ${bundle.version} into ${look.lib}/${bundle.name}`] : []),
      ...plan.links.map((path) => `write ${path}`),
    ];
    if (json) out.json({ host, ...look, todo: steps });
    if (steps.length === 0) say(`  ${green('✔')} Holdfast ${bundle.version} is there: nothing to do`);
    else if (options.check) for (const step of steps) say(`  ${dim('would')} ${step}`);
    else {
      await putThere({ run, look, bundle, context, say: (text) => say(`  ${green('✔')} ${text}`) }, plan);
    }
    const updated = plan.holdfast && look.installed !== null;
    for (const hint of hintsFor(host, look, { boots: options.boot === true, updated })) say(`  ${hint}`);
    if (options.check || !options.boot) return;
    const boot = () => run([`${look.bin}/holdfast`, 'boot', 'enable', '--yes']);
    const said = await waiting(context, `boot enable on ${host}`, boot).catch((error: unknown) => {
      if (!(error instanceof HoldfastError)) throw error;
      const { details } = error;
      const hint = 'All the rest is done. What it said shows what root, or you, must do there';
      throw new HoldfastError('STEP_FAILED', `${host}: it does not start with the machine`, {
        hint,
        details,
      });
    });
    for (const line of said.trimEnd().split('\n')) say(`    ${dim(line)}`);
    say(`  ${green('✔')} starts with the machine`);
  } finally {
    bundle.close();
  }
}

interface Place {
  readonly run: (words: readonly string[], input?: AsyncIterable<Uint8Array> | string) => Promise<string>;
  readonly look: HostLook;
  readonly bundle: Bundle;
  readonly context: Context;
  readonly say: (text: string) => void;
}

async function putThere(
  { run, look: { lib, installed }, bundle, context, say }: Place,
  { node, holdfast, links, link }: ReturnType<typeof planPreparation>,
): Promise<void> {
  if (node !== null) {
    const { file, version } = await waiting(context, 'fetching Node', () => fetchNode(context, node));
    const packed = pipeline(createReadStream(file), createGzip({ level: 6 }), () => {});
    await waiting(context, `sending Node ${version}`, () =>
      run(['sh', '-c', nodeScript, 'sh', lib, `node-${version}`], packed),
    );
    say(`Node ${version} in ${lib}/node`);
  }
  if (holdfast) {
    await waiting(context, `sending Holdfast ${bundle.version}`, () =>
      run(['sh', '-c', unpackScript, 'sh', lib, bundle.name], bundle.read()),
    );
    say(`Holdfast ${bundle.version} in ${lib}/${bundle.name}`);
    const removed = await run(['sh', '-c', pruneScript, 'sh', lib, bundle.name, installed ?? bundle.name]);
    if (removed.trim() !== '')
      say(`removed, since nothing runs of it: ${removed.trim().split('\n').join(', ')}`);
  }
  for (const path of links) {
    await run(['sh', '-c', linkScript, 'sh', path], link);
    say(path);
  }
}

/** The newest of our own major version, kept here for the next host. */
async function fetchNode(
  { home, env, err }: Context,
  name: string,
): Promise<{ file: string; version: string }> {
  const { tools } = releasePaths(home, 'any');
  const range = `^${process.versions.node.split('.')[0]}`;
  const there = semver.maxSatisfying(versionsThere(tools, name), range);
  const fetcher = npmFetcher(env);
  const version = there ?? semver.maxSatisfying(await fetcher.versions(name), range);
  if (version === null) throw new HoldfastError('STEP_FAILED', `The registry has no "${name}@${range}"`);
  if (there === null) err.line(`  fetching Node ${version} for the host`);
  const dir = await toolDir(tools, `${name}@${version}`, async (made) => {
    mkdirSync(join(made, 'bin'), { mode: 0o755 });
    await unpackTool(fetcher, `${name}@${version}`, made, { only: ['bin/node'] });
  });
  return { file: join(dir, 'bin', 'node'), version };
}

function factsOf({ name, arch, user, node, memory, diskFree }: HostLook): string {
  const facts = [
    name,
    arch,
    `as ${user}`,
    node ? `Node ${node.version}` : 'no Node',
    memory === null ? null : `${formatBytes(memory)} of memory`,
    diskFree === null ? null : `${formatBytes(diskFree)} of disk free`,
  ];
  return facts.filter((fact) => fact !== null).join(', ');
}

/** What a person should see to. */
function hintsFor(
  host: string,
  look: HostLook,
  { boots, updated }: { boots: boolean; updated: boolean },
): string[] {
  const { bin, command, onPath, isRoot, systemd, user, firewalls, listening, missing } = look;
  const hints: string[] = [];
  // Another one may come first.
  if (!onPath || (command !== null && command !== `${bin}/holdfast`)) {
    const path = isRoot ? `${bin}/holdfast` : '~/.local/bin/holdfast';
    hints.push(
      `Commands over ssh do not find it by its name alone. Write into the target: command: '${path}'`,
    );
  }
  if (missing.includes('git')) hints.push('There is no git: `git push` to it needs `apt-get install git`');
  if (!boots) hints.push(`To start with the machine: hold host prepare ${host} --boot`);
  else if (!isRoot && systemd)
    hints.push(
      `So that it runs while nobody is logged in, root must run there once: loginctl enable-linger ${user}`,
    );
  if (updated) hints.push(`A daemon that runs there is the one before: ssh ${host} ${bin}/holdfast upgrade`);
  if (firewalls.length > 0)
    hints.push(
      `There may be a firewall (${firewalls.join(', ')}): the ports of your sites, such as 80 and 443, must be open`,
    );
  const open = listening.filter((address) => !/^(127\.|\[::1\])/.test(address));
  if (open.length > 0)
    hints.push(`Listening already: ${open.slice(0, 10).join(' ')}${open.length > 10 ? ' …' : ''}`);
  return hints;
}
