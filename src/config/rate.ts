/** How often somebody may come: `100/s burst 200 per ip`. */
import { parseDuration } from '../kit/units.ts';
import type { RateRule } from '../protocol/traffic-rules.ts';
import { kind, Refusal } from './kinds.ts';
import { show } from './show.ts';
import { didYouMean } from './suggest.ts';

const MOST = 1_000_000_000;
/** The name of a header, and of a cookie (RFC 9110 section 5.6.2, RFC 6265 section 4.1.1). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const GROUPS = ['ip', 'all', 'header', 'cookie'] as const;

/** undefined: it does not look like a rate at all. */
export function parseRate(text: string): RateRule | Refusal | undefined {
  const match = /^\s*(\d+)\s*\/\s*(\d*\.?\d*[a-z]+)(?:\s+(.*?))?\s*$/i.exec(text);
  if (!match) return undefined;
  const [, amount = '', unit = '', words = ''] = match;
  const perMs = parseDuration(/^\d/.test(unit) ? unit : `1${unit}`);
  if (perMs === undefined || perMs < 1)
    return new Refusal(`must be per "s", "m", "h" or a time such as "10s": got ${show(text)}`);
  const requests = Number(amount);
  if (requests < 1 || requests > MOST)
    return new Refusal(
      `must allow at least one request: got ${show(text)}; to let nobody in, there is "deny"`,
    );
  return readWords(words.split(/\s+/).filter(Boolean), { requests, perMs }, text);
}

function readWords(
  words: readonly string[],
  rate: Pick<RateRule, 'requests' | 'perMs'>,
  text: string,
): RateRule | Refusal {
  const got = `got ${show(text)}`;
  const rest = [...words];
  let burst: number | undefined;
  let by: RateRule['by'] | undefined;
  while (rest.length > 0) {
    const word = rest.shift();
    if (word === 'burst' && burst === undefined) {
      const number = rest.shift() ?? '';
      burst = Number(number);
      if (!/^\d+$/.test(number) || burst < 1 || burst > MOST)
        return new Refusal(`must have a number of requests after "burst", such as "burst 200": ${got}`);
    } else if (word === 'per' && by === undefined) {
      const group = rest.shift() ?? '';
      const found = GROUPS.find((one) => one === group);
      if (found === undefined) {
        return new Refusal(
          `must say after "per" whom it counts together: "ip", "all", "header <name>" or "cookie <name>": ${got}${didYouMean(group, GROUPS)}`,
        );
      }
      if (found === 'header' || found === 'cookie') {
        const name = rest.shift() ?? '';
        if (!TOKEN.test(name))
          return new Refusal(
            `must name the ${found} after "per ${found}", such as "per ${found} ${found === 'header' ? 'X-Api-Key' : 'session'}": ${got}`,
          );
        by = { kind: found, name: found === 'header' ? name.toLowerCase() : name };
      } else by = { kind: found };
    } else {
      return new Refusal(
        `must be a rate, then "burst <number>" and "per <whom>" if need be, such as "100/s burst 200 per ip": ${got}`,
      );
    }
  }
  return { ...rate, burst: burst ?? rate.requests, by: by ?? { kind: 'ip' } };
}

export const rate = kind<string, RateRule>({
  title: 'rate',
  expected: 'a rate such as "100/s" or "100/s burst 200 per ip"',
  json: { type: 'string', pattern: '^\\s*\\d+\\s*/\\s*[\\d.]*[a-z]+' },
  read: (input) => (typeof input === 'string' ? parseRate(input) : undefined),
});
