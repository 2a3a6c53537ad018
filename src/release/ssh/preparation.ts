/** What a host lacks, from what it is like: as data, nothing is done here. */
import semver from 'semver';
import { HoldfastError } from '../../errors.ts';
import { shellQuote } from '../../kit/quote.ts';
import type { HostLook } from './look.ts';

/** As in `engines` of our package. */
const NODES = '>=20.19';
/** Node and Holdfast, unpacked, and a little more. */
const DISK_NEEDED = 400 * 1024 * 1024;

export interface Preparation {
  /** Node's package in the registry, of which the program is put there; null = there is a good one. */
  readonly node: string | null;
  /** The installation is to be put there. */
  readonly holdfast: boolean;
  /** Commands to be written, absolute paths. */
  readonly links: readonly string[];
  /** What is in them. */
  readonly link: string;
}

const MARK = '# Written by hold host prepare';

/**
 * @param bundle name of our own installation, `0.1.0-3f2a91c0`
 * @throws HoldfastError HOST_FAILED when it cannot be done
 */
export function planPreparation(host: string, look: HostLook, bundle: string): Preparation {
  const refuse = (why: string, hint: string) =>
    new HoldfastError('HOST_FAILED', `${host}: ${why}`, { hint: `Nothing was changed. ${hint}` });
  const { os, arch, node, ownNode, lib, bin, links } = look;
  if (os !== 'Linux') throw refuse(`it runs ${os}`, 'Only Linux is prepared');
  if (look.missing.includes('tar')) throw refuse('there is no tar', 'Install it: apt-get install tar');
  const usable = node !== null && semver.satisfies(node.version, NODES) ? node.path : null;
  const own = ownNode !== null && semver.satisfies(ownNode, NODES) ? `${lib}/node/bin/node` : null;
  const needsNode = own === null && usable === null;
  if (needsNode && (look.musl || (arch !== 'x64' && arch !== 'arm64')))
    throw refuse(
      `there is no Node ${NODES}, and none to put there for ${arch}${look.musl ? ' with musl' : ''}`,
      'Install Node there first',
    );
  const holdfast = look.installed !== bundle;
  if (holdfast && look.diskFree !== null && look.diskFree < DISK_NEEDED)
    throw refuse('its disk is full', 'Holdfast and Node need 400 MB');
  const link = [
    '#!/bin/sh',
    MARK,
    `exec ${shellQuote(own ?? usable ?? `${lib}/node/bin/node`)} ${shellQuote(`${lib}/current/bin/holdfast.js`)} "$@"`,
    '',
  ].join('\n');
  const wanted = (['holdfast', 'hold'] as const).filter((name) => {
    const there = links[name];
    if (there !== null && !there.startsWith(MARK))
      throw refuse(`"${bin}/${name}" is there, and not ours`, 'Remove it, or leave the host as it is');
    return there !== link.split('\n').slice(1, 3).join(' ');
  });
  return {
    node: needsNode ? `node-linux-${arch}` : null,
    holdfast,
    links: wanted.map((name) => `${bin}/${name}`),
    link,
  };
}
