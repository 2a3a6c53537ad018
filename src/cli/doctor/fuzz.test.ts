/** Whatever a file says, the doctor and the importers have an answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sitesOfApache } from '../../config/import/apache.ts';
import { parseApache } from '../../config/import/apache-syntax.ts';
import { sitesOfNginx } from '../../config/import/nginx.ts';
import { parseNginx } from '../../config/import/nginx-syntax.ts';
import { lintApache } from '../../doctor/apache/lint.ts';
import { lintNginx } from '../../doctor/nginx/lint.ts';

const nginxParts =
  'map|upstream|server|location|if|proxy_pass|proxy_set_header|add_header|keepalive|ip_hash|return|301|alias|root|listen|80|ssl|server_name|include|try_files|@a|/|/x/|=|~|$http_upgrade|$up|upgrade|close|Connection|Upgrade|X-Forwarded-For|http://|http://a|http://a/b|http://$up|https://$host$request_uri|default|""|proxy_read_timeout|1h|client_max_body_size|1m|error_page|418|geo|real_ip_header|set_real_ip_from|allow|all|deny|ssl_certificate|__proto__|constructor';
const apacheParts =
  'ServerName|a.test|ProxyPass|ProxyPassMatch|/|/x|http://a/|balancer://a|ws://b/|!|timeout=|upgrade=websocket|RewriteRule|RewriteCond|[P]|^/(.*)|(|Header|set|always|unset|Redirect|permanent|LoadModule|proxy_module|BalancerMember|ProxySet|stickysession=A|SSLProtocol|all|-SSLv3|SSLEngine|on|MaxRequestWorkers|x|ServerAlias|*.a|RequestHeader|__proto__|constructor';

function texts(parts: string, marks: readonly string[], count: number): fc.Arbitrary<string> {
  const part = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...parts.split('|')) },
    { weight: 2, arbitrary: fc.constantFrom(...marks) },
  );
  return fc.array(part, { maxLength: count }).map((words) => words.join(' '));
}

test('no file of nginx makes them fail', () => {
  fc.assert(
    fc.property(texts(nginxParts, [';\n', ';', '{', '}'], 60), (text) => {
      const tree = parseNginx(text, 'f');
      for (const { line, effect } of lintNginx(tree)) assert.ok(line > 0 && effect !== '');
      sitesOfNginx(tree);
    }),
    { numRuns: 500 },
  );
});

test('no file of Apache makes them fail', () => {
  const marks = [
    '\n',
    '\n',
    '\n<VirtualHost *:80>\n',
    '\n</VirtualHost>\n',
    '\n<Proxy balancer://a>\n',
    '\n</Proxy>\n',
    '\n<Location /x>\n',
    '\n</Location>\n',
  ];
  fc.assert(
    fc.property(texts(apacheParts, marks, 60), (text) => {
      const tree = parseApache(text, 'f');
      for (const { line, effect } of lintApache(tree)) assert.ok(line > 0 && effect !== '');
      sitesOfApache(tree);
    }),
    { numRuns: 500 },
  );
});

test('long words take no longer than they are', () => {
  const long = '1'.repeat(50_000);
  lintNginx(
    parseNginx(
      `map $http_upgrade $u { default websocket; } server { location / { proxy_pass http://a; proxy_set_header Upgrade $u; proxy_read_timeout ${long}x; } }`,
      'f',
    ),
  );
  lintApache(parseApache(`ProxyPass /${long} http://a${long}/ upgrade=websocket timeout=${long}x`, 'f'));
});
