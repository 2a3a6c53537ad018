/** Names of releases: they sort by time, and say what is in them. */

/** `20261123-214500-3f2a91c`, in UTC. @param of the commit, or the hash of the tree */
export function releaseId(now: number, of: string): string {
  const [date = '', time = ''] = new Date(now).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${of.slice(0, 7)}`;
}

/** When it was made, by its id, in ms since the epoch; 0 for what is no id. */
export function timeOf(id: string): number {
  const [, date, time] = /^(\d{8})-(\d{6})-/.exec(id) ?? [];
  if (!date || !time) return 0;
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`;
  return Date.parse(`${day}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`) || 0;
}

/** What a person may type for a release: its id, the end of it, or the beginning of its commit. */
export function matchesRelease(id: string, typed: string): boolean {
  return (
    typed.length >= 4 &&
    (id === typed || id.startsWith(typed) || (id.split('-')[2] ?? '').startsWith(typed.slice(0, 7)))
  );
}
