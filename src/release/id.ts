/** Names of releases: they sort by time, and say what is in them. */

/** `20261123-214500-3f2a91c`, in UTC. @param of the commit, or the hash of the tree */
export function releaseId(now: number, of: string): string {
  const [date = '', time = ''] = new Date(now).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${of.slice(0, 7)}`;
}

/** What a person may type for a release: its id, the end of it, or the beginning of its commit. */
export function matchesRelease(id: string, typed: string): boolean {
  return (
    typed.length >= 4 &&
    (id === typed || id.startsWith(typed) || (id.split('-')[2] ?? '').startsWith(typed.slice(0, 7)))
  );
}
