/** Which addresses webhooks may have. Apart from the schema, which takes longer to load. */

/** What it must be instead; null when it is right. The address itself is not repeated: who knows it can write there. */
export function webhookProblem(url: string): string | null {
  if (!URL.canParse(url)) return '"https://…", or "file:" and the path of a file with the URL in it';
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return null;
  if (protocol !== 'http:') return `a URL that begins with "https:": got "${protocol}"`;
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
    ? null
    : `a URL that begins with "https:"; "http:" is for this machine only: got the host "${hostname}"`;
}
