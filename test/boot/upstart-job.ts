/** Checks a job file against the grammar of Upstart's init(5): stanzas, their arguments, events in `start on`, scripts that end. */

const word = String.raw`(?:"[^"]*"|'[^']*'|[^\s"'#]+)`;
const number = String.raw`(?:\d+|unlimited)`;
const signal = '(?:[A-Z][A-Z0-9]*|\\d+)';

/** Stanza -> what may follow, as a pattern of the whole rest of the line. */
const stanzas: Readonly<Record<string, string>> = {
  description: word,
  author: word,
  version: word,
  usage: word,
  emits: `${word}(?: ${word})*`,
  respawn: `(?:limit (?:unlimited|${number} ${number}))?`,
  'normal exit': `${signal}(?: ${signal})*`,
  'kill timeout': String.raw`\d+`,
  'kill signal': signal,
  'reload signal': signal,
  expect: '(?:stop|fork|daemon|none)',
  console: '(?:log|none|output|owner)',
  env: String.raw`[A-Za-z_]\w*(?:=.*)?`,
  export: String.raw`[A-Za-z_]\w*(?: [A-Za-z_]\w*)*`,
  umask: '[0-7]{3,4}',
  nice: '-?\\d+',
  'oom score': '(?:-?\\d+|never)',
  chroot: word,
  chdir: word,
  setuid: word,
  setgid: word,
  limit: `(?:as|core|cpu|data|fsize|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|sigpending|stack) ${number} ${number}`,
  instance: word,
  task: '',
  manual: '',
  exec: '.+',
};

/** Every line that init(5) does not know, as `line 3: …`. */
export function upstartProblems(text: string): string[] {
  const problems: string[] = [];
  let script: number | null = null;
  let programs = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const complain = () => problems.push(`line ${index + 1}: ${line}`);
    if (script !== null) {
      if (line === 'end script') script = null;
      continue;
    }
    if (line === '' || line.startsWith('#')) continue;
    const main = line.replace(/^(?:pre-start|post-start|pre-stop|post-stop) (?=exec |script$)/, '');
    if (main === 'script') {
      script = index;
      programs += main === line ? 1 : 0;
      continue;
    }
    const condition = /^(start|stop) on (.+)$/.exec(line);
    if (condition) {
      if (!isCondition(condition[2] ?? '')) complain();
      continue;
    }
    const name = Object.keys(stanzas).find((one) => main === one || main.startsWith(`${one} `));
    if (name === undefined || !new RegExp(`^${stanzas[name]}$`).test(main.slice(name.length).trim()))
      complain();
    if (name === 'exec' && main === line) programs += 1;
  }
  if (script !== null) problems.push(`line ${script + 1}: the script does not end`);
  if (programs !== 1) problems.push(`${programs} main programs: there must be one`);
  return problems;
}

/** EVENT [KEY=VALUE | VALUE | KEY!=VALUE]… joined by `and`, `or` and parentheses. */
function isCondition(text: string): boolean {
  const depth = [...text].reduce((level, char) => level + (char === '(' ? 1 : char === ')' ? -1 : 0), 0);
  const events = text.replace(/[()]/g, ' ').split(/\s+(?:and|or)\s+/);
  const event = new RegExp(
    String.raw`^[a-z][\w.-]*(?:\s+(?!(?:and|or)$)(?:[A-Za-z_]\w*!?=)?(?:${word}|\[[^\]]+\]|\[!\d+\]))*$`,
  );
  return depth === 0 && events.every((one) => event.test(one.trim()));
}
