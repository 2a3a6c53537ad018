/** Who is one client, by its address. */

/**
 * What stands for all addresses that one client may use: an IPv4 address itself, the /64 of an IPv6 address, because a single
 * customer has all of that. What is neither stays as it is.
 */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [address = ''] = ip.toLowerCase().split('%', 1);
  const mapped = /^::ffff:([0-9.]+)$/.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [before = '', after] = address.split('::', 2);
  const groups = groupsOf(before);
  if (after !== undefined) {
    // `::` stands for as many zeros as are missing; a dotted end for two groups.
    const rest = groupsOf(after);
    const missing = 8 - groups.length - rest.length - (after.includes('.') ? 1 : 0);
    for (let i = 0; i < missing; i++) groups.push('0');
    groups.push(...rest);
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''));
}
