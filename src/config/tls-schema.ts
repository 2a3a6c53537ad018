/** The settings of TLS for one site. */
import { z } from 'zod';
import { parseDuration } from '../kit/units.ts';
import { described, optional, withDefault } from './describe.ts';
import { flag, kind, only, text } from './kinds.ts';

const file = (what: string) => text('file', `the path of ${what}`);

const clients = z.strictObject({
  ca: described(file('a file with certificates (PEM)'), {
    says: "The certificates (PEM) that your clients' certificates are signed by",
    example: 'certs/clients-ca.pem',
  }),
  require: withDefault(flag, true, {
    says: 'Refuse requests without such a certificate; false: the app decides, by the `X-Client-Cert-*` fields',
  }),
});

const files = z.strictObject({
  cert: described(file('the certificate (PEM)'), {
    says: 'The certificate (PEM), best with those between it and the root behind it, as `fullchain.pem`. Read again when it changes',
    example: 'certs/fullchain.pem',
  }),
  key: described(file('the private key (PEM)'), {
    says: 'The private key of the certificate (PEM, without a passphrase)',
    example: 'certs/privkey.pem',
  }),
  ca: optional(file('a file with certificates (PEM)'), {
    says: 'The certificates between yours and the root, when they are not in `cert`',
  }),
  clients: optional(clients, {
    says: 'Ask clients for a certificate of their own (mutual TLS). The app gets who they are as `X-Client-Cert-Subject`, `-Issuer`, `-Serial` and `-Fingerprint`',
  }),
});

const automatic = z
  .strictObject({
    auto: described(only(true, 'true'), { says: "As `'auto'`: the certificate comes by itself" }),
    clients: optional(clients, { says: 'Ask clients for a certificate of their own (mutual TLS)' }),
  })
  .transform(({ clients }) => ({ from: 'acme' as const, clients }));

const word = kind<false | 'auto'>({
  title: "false or 'auto'",
  expected: 'false, "auto", { auto: true } or { cert, key }',
  json: { enum: [false, 'auto'] },
  read: (input) => (input === false || input === 'auto' ? input : undefined),
});

const shortForm = word.transform((input) =>
  input === false ? false : { from: 'acme' as const, clients: undefined },
);

/** Longer than a timer can be: it is only a number that is sent. */
const hsts = kind<string, number>({
  title: 'duration',
  expected: 'a duration such as "180d"',
  json: { type: 'string', pattern: '^\\s*\\d+(\\.\\d+)?[smhd]' },
  read: (input) => {
    const ms = typeof input === 'string' ? parseDuration(input) : undefined;
    return ms === undefined ? undefined : Math.floor(ms / 1000);
  },
});

/** Of a site; spread into its settings. */
export const tlsSettings = {
  tls: withDefault(
    z.union([shortForm, files.transform((settings) => ({ from: 'files' as const, ...settings })), automatic]),
    false,
    {
      says: "HTTPS for this site: `'auto'` gets a certificate by itself, see `acme` (`{ auto: true }` with more settings), and `{ cert, key }` are files",
      example: { cert: 'certs/fullchain.pem', key: 'certs/privkey.pem' },
    },
  ),
  redirect: withDefault(flag, true, {
    says: 'Send requests that come without TLS to the same address with https (308). For sites with `tls`',
  }),
  hsts: optional(hsts, {
    says: 'Tell browsers to come with https only, for this long (`Strict-Transport-Security`). They cannot be told otherwise before that',
    example: '180d',
  }),
};
