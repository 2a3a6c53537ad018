/** Fields behind a body: from apps that speak HTTP/2, where gRPC says in them how a call went. Pure. */
import { Fields, Kind } from './fields.ts';
import type { RequestHead } from './request-head.ts';

/**
 * The client has said that it reads them (RFC 9110 section 10.1.4). Who has not is not sent any: a recipient that does not
 * expect them may merge them into the head, or stumble (section 6.5.1).
 */
export function takesTrailers({ fields: { names, values, kinds } }: RequestHead): boolean {
  for (let i = 0; i < names.length; i++) {
    if (kinds[i] === Kind.hop && (names[i] as string).toLowerCase() === 'te') {
      if (/(?:^|[, \t])trailers(?:$|[,; \t])/i.test(values[i] as string)) return true;
    }
  }
  return false;
}

/** Without those that say how to read the message, whom it is for or who sent it: they may not stand there (section 6.5.1). */
export function allowedTrailers(all: Fields): Fields {
  const kept = new Fields();
  all.names.forEach((name, i) => {
    const isHarmless = all.kinds[i] === Kind.plain || all.kinds[i] === Kind.underscored;
    if (isHarmless && !FORBIDDEN.test(name)) kept.add(name, all.values[i] as string, name.includes('_'));
  });
  return kept;
}

const FORBIDDEN =
  /^(?:content-|authorization$|cache-control$|expires$|vary$|set-cookie$|location$|date$|age$|www-authenticate$)/i;

/** As lines, each with its CRLF. */
export function trailerLines({ names, values }: Fields): string {
  return names.map((name, i) => `${name}: ${values[i]}\r\n`).join('');
}
