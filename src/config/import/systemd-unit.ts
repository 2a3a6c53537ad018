/** Reads unit files as systemd.syntax(7) describes them: sections, assignments, continued lines, quotes, escapes. */

export interface UnitEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/** In the order of the file; a later entry wins, or is added to a list, as its key has it. Never fails: a line that is none is left out and told. */
export function parseUnit(text: string): { entries: readonly UnitEntry[]; strange: readonly string[] } {
  const entries: UnitEntry[] = [];
  const strange: string[] = [];
  let section = '';
  for (const line of logicalLines(text)) {
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    const [, key, value] = /^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/s.exec(line) ?? [];
    if (header !== undefined) section = header;
    else if (key !== undefined && value !== undefined && section !== '')
      entries.push({ section, key, value });
    else strange.push(line);
  }
  return { entries, strange };
}

/** A backslash at the end of a line stands for a blank, and comments within what is continued do not count. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open: string | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (/^[#;]/.test(line)) continue;
    const whole = open === undefined ? line : `${open} ${line}`;
    open = whole.endsWith('\\') ? whole.slice(0, -1).trimEnd() : undefined;
    if (open === undefined && whole !== '') lines.push(whole);
  }
  if (open !== undefined && open !== '') lines.push(open);
  return lines;
}

/** One word, and where in it a variable may be replaced. */
export interface UnitWord {
  readonly text: string;
  /** Nothing in it was quoted. */
  readonly bare: boolean;
}

/** Splits a value into words. Quotes join, in both kinds of them C escapes count. undefined when a quote is not closed. */
export function splitUnitWords(value: string): readonly UnitWord[] | undefined {
  const words: UnitWord[] = [];
  let at = 0;
  while (at < value.length) {
    if (/\s/.test(value.charAt(at))) {
      at++;
      continue;
    }
    let text = '';
    let bare = true;
    let quote = '';
    for (; at < value.length; at++) {
      const char = value.charAt(at);
      if (quote === '' && /\s/.test(char)) break;
      if (char === quote) quote = '';
      else if (quote === '' && (char === '"' || char === "'")) {
        quote = char;
        bare = false;
      } else if (char === '\\') {
        const found = unescapeAt(value, at + 1);
        text += found.text;
        at += found.length;
      } else text += char;
    }
    if (quote !== '') return undefined;
    words.push({ text, bare });
  }
  return words;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

function unescapeAt(value: string, at: number): { text: string; length: number } {
  const rest = value.slice(at);
  const numeric = /^(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/.exec(rest);
  if (numeric) {
    const [whole, hex, octal, short, long] = numeric;
    const code =
      octal === undefined ? Number.parseInt(hex ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
    if (code <= 0x10_ff_ff) return { text: String.fromCodePoint(code), length: whole.length };
  }
  const simple = simpleEscapes[rest.charAt(0)];
  // What is no escape stays as it is, backslash and all.
  return simple === undefined ? { text: '\\', length: 0 } : { text: simple, length: 1 };
}

/** ms of a time span of systemd.time(7) such as `5min 20s`, `1.5h`, `90` (seconds); Infinity for `infinity`. */
export function unitDuration(value: string): number | undefined {
  const text = value.trim();
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (!/^(\d+(\.\d+)?\s*[a-zμ]*\s*)+$/i.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-zμ]*)/gi)) {
    const size = timeUnits.find(([names]) => names.includes(unit))?.[1];
    if (size === undefined) return undefined;
    total += Number(amount) * size;
  }
  return total;
}

const timeUnits: readonly (readonly [readonly string[], number])[] = [
  [['us', 'usec', 'μs'], 0.001],
  [['ms', 'msec'], 1],
  [['', 's', 'sec', 'second', 'seconds'], 1000],
  [['m', 'min', 'minute', 'minutes'], 60_000],
  [['h', 'hr', 'hour', 'hours'], 3_600_000],
  [['d', 'day', 'days'], 86_400_000],
  [['w', 'week', 'weeks'], 604_800_000],
];

/** Bytes of `512M`, `2G`, `1.5G`, `1048576`; Infinity for `infinity`; undefined for a share such as `50%`. */
export function unitBytes(value: string): number | undefined {
  if (value === 'infinity') return Number.POSITIVE_INFINITY;
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMGTPE]?)B?$/.exec(value.trim()) ?? [];
  return amount === undefined
    ? undefined
    : Math.round(Number(amount) * 1024 ** ' KMGTPE'.indexOf(unit || ' '));
}
