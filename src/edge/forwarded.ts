/** Who the client is, and how the app is told: X-Forwarded-*, Forwarded (RFC 7239), X-Real-IP and CLIENT_FIELD. */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { CLIENT_FIELD } from '../protocol/edge-table.ts';
import type { RequestHead } from './http1/request-head.ts';

/** Peers whose forwarded fields are believed. */
export class Trust {
  readonly #list: BlockList | undefined;

  /** IPs and CIDR blocks. What is neither is not trusted. */
  constructor(peers: readonly string[]) {
    if (peers.length === 0) return;
    this.#list = new BlockList();
    for (const peer of peers) {
      const [address = '', bits] = peer.split('/');
      if (isIP(address) === 0) continue;
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  includes(ip: string): boolean {
    return this.#list?.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4') ?? false;
  }
}

/** IPv4 clients of a socket that listens on IPv6 look like `::ffff:1.2.3.4`. */
export function plainIp(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

export interface Peer {
  readonly ip: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** Where it connected to. */
  readonly localPort: number;
  /** Left out: not known. */
  readonly localIp?: string;
  /** Field lines about a certificate that it has shown. */
  readonly certificateLines?: string;
}

/** The client of one request. */
export interface Client {
  readonly ip: string;
  readonly scheme: string;
  /** Whoever is connected to us: the client, or a trusted proxy in front of us. */
  readonly peer: Peer;
  /** Field lines for the app. */
  readonly lines: string;
  /** The CLIENT_FIELD line. */
  readonly guestLine: string;
}

/** Describes the clients behind one peer; remembers the last, because they are nearly always the same. */
export class Forwarder {
  readonly #peer: Peer;
  readonly #trust: Trust;
  readonly #trusted: boolean;
  #host: string | undefined;
  #last: Client | undefined;

  constructor(peer: Peer, trust: Trust) {
    this.#peer = peer;
    this.#trust = trust;
    this.#trusted = trust.includes(peer.ip);
  }

  /** Whether it still says what `trust` wants. */
  follows(trust: Trust): boolean {
    return this.#trust === trust;
  }

  describe(head: RequestHead): Client {
    if (this.#trusted) return this.#believe(head);
    if (this.#last && this.#host === head.host) return this.#last;
    const { ip, port, scheme, localPort, certificateLines = '' } = this.#peer;
    this.#host = head.host;
    this.#last = {
      ip,
      scheme,
      peer: this.#peer,
      lines:
        lines(ip, ip, scheme, head.host, String(localPort), forwarded(ip, head.host, scheme)) +
        certificateLines,
      guestLine: `${CLIENT_FIELD}: ${ip} ${port} ${scheme}\r\n`,
    };
    return this.#last;
  }

  /** A trusted proxy in front of us has told who its client is; what it did not tell, or not well, is ours to say. */
  #believe(head: RequestHead): Client {
    const peer = this.#peer;
    const said = readForwarded(head);
    const chain = said.for.filter((ip) => isIP(ip) !== 0);
    // From the nearest on: the first one that is not a trusted proxy is the client.
    let ip = peer.ip;
    for (let i = said.for.length - 1; i >= 0; i--) {
      const hop = said.for[i] as string;
      if (isIP(hop) === 0) break;
      ip = hop;
      if (!this.#trust.includes(hop)) break;
    }
    const scheme = said.proto === 'http' || said.proto === 'https' ? said.proto : peer.scheme;
    const host = said.host ?? head.host;
    const port = said.port ?? String(peer.localPort);
    const own = forwarded(peer.ip, head.host, peer.scheme);
    return {
      ip,
      scheme,
      peer,
      lines:
        (peer.certificateLines ?? '') +
        lines(
          [...chain, peer.ip].join(', '),
          ip,
          scheme,
          host,
          port,
          said.forwarded === '' ? forwarded(ip, host, scheme) : `${said.forwarded}, ${own}`,
        ),
      guestLine: `${CLIENT_FIELD}: ${ip} ${ip === peer.ip ? peer.port : 0} ${scheme}\r\n`,
    };
  }
}

function lines(
  chain: string,
  ip: string,
  scheme: string,
  host: string,
  port: string,
  forwarded: string,
): string {
  return (
    `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${scheme}\r\nX-Forwarded-Host: ${host}\r\n` +
    `X-Forwarded-Port: ${port}\r\nX-Real-IP: ${ip}\r\nForwarded: ${forwarded}\r\n`
  );
}

function forwarded(ip: string, host: string, scheme: string): string {
  const node = ip.includes(':') ? `"[${ip}]"` : ip;
  return `for=${node};host="${host}";proto=${scheme}`;
}

interface Said {
  readonly for: readonly string[];
  readonly proto: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly forwarded: string;
}

/** The forwarded fields of a request; the lines of one name are one list, of the others the last word counts. */
function readForwarded(head: RequestHead): Said {
  const found = new Map<string, string>();
  const { names, values } = head.fields;
  names.forEach((name, i) => {
    const key = name.toLowerCase();
    if (!/^(?:x-forwarded-(?:for|proto|host|port)|forwarded)$/.test(key)) return;
    const before = found.get(key);
    found.set(key, before === undefined ? (values[i] as string) : `${before}, ${values[i]}`);
  });
  const list = (key: string) => (found.get(key) ?? '').split(',').map((item) => item.trim());
  const last = (key: string, shape: RegExp) => {
    const item = list(key).at(-1) ?? '';
    return shape.test(item) ? item : undefined;
  };
  return {
    for: list('x-forwarded-for').filter((item) => item !== ''),
    proto: last('x-forwarded-proto', /^https?$/i)?.toLowerCase(),
    host: last('x-forwarded-host', /^[\w.:[\]-]+$/),
    port: last('x-forwarded-port', /^[0-9]{1,5}$/),
    forwarded: found.get('forwarded') ?? '',
  };
}
