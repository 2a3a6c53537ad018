/** What the edge itself answers: a short text, or a quiet page for those who read HTML. */
import { STATUS_CODES } from 'node:http';

export interface Page {
  readonly type: string;
  /** Its bytes as latin1. */
  readonly body: string;
}

/** `accept`: the request's Accept field. */
export function page(status: number, message: string, accept: string): Page {
  const title = STATUS_CODES[status] ?? 'Error';
  if (!accept.includes('text/html')) {
    return { type: 'text/plain; charset=utf-8', body: `${status} ${title}\n${message}\n` };
  }
  return { type: 'text/html; charset=utf-8', body: html(status, title, message) };
}

function html(status: number, title: string, message: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${status} ${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 17px/1.6 system-ui, sans-serif;
  color: #22303c; background: #f6f7f8; }
main { padding: 2rem; max-width: 34rem; }
b { display: block; font-size: 4.5rem; line-height: 1; letter-spacing: -.04em; color: #1f7a6d; }
h1 { margin: .6rem 0 .2rem; font-size: 1.35rem; font-weight: 600; }
p { margin: 0; color: #5b6b78; }
@media (prefers-color-scheme: dark) {
  body { color: #e6ebee; background: #14191d; }
  b { color: #5cc3b2; }
  p { color: #94a3ae; }
}
</style>
</head>
<body><main><b>${status}</b><h1>${escapeHtml(title)}</h1><p>${escapeHtml(message)}</p></main></body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
