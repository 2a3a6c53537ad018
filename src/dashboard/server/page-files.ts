/** The page as Vite has built it, read once: nothing that a request says becomes a path on the disk. */
import { readdirSync, readFileSync } from 'node:fs';
import type http from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { securityFields } from './fields.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly gzip: Buffer | null;
  readonly brotli: Buffer | null;
}

/** By the path below the mount, such as `assets/main-3f2a.js`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

export function readPageFiles(dir: string): PageFiles {
  const files = new Map<string, PageFile>();
  for (const entry of list(dir)) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const type = types[extname(path)];
    if (type === undefined) continue;
    const plain = readFileSync(path);
    const text = !/png|icon|woff/.test(type);
    files.set(relative(dir, path).split(sep).join('/'), {
      type,
      plain,
      gzip: text ? gzipSync(plain, { level: 9 }) : null,
      brotli: text ? brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }) : null,
    });
  }
  return files;
}

function list(dir: string) {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true });
  } catch {
    return []; // Not built: said when it is asked for.
  }
}

/** @param name below the mount; empty: the page itself */
export function sendPageFile(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  files: PageFiles,
  name: string,
): void {
  if (!files.has('index.html')) {
    response.writeHead(503, { ...securityFields, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('The page of the dashboard is not built: `npm run build` makes it\n');
    return;
  }
  // What is no file is a place within the page.
  const isAsset = name.startsWith('assets/') || extname(name) !== '';
  const file = files.get(name) ?? (isAsset ? undefined : files.get('index.html'));
  if (!file) {
    response.writeHead(404, { ...securityFields, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end('There is no such file\n');
    return;
  }
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const [encoding, body] =
    file.brotli && /\bbr\b/.test(accepted)
      ? ['br', file.brotli]
      : file.gzip && /\bgzip\b/.test(accepted)
        ? ['gzip', file.gzip]
        : [null, file.plain];
  response.writeHead(200, {
    ...securityFields,
    'Content-Type': file.type,
    'Content-Length': body.length,
    Vary: 'Accept-Encoding',
    'Cache-Control': name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(encoding && { 'Content-Encoding': encoding }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
