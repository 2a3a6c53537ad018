/**
 * Draws docs/images/terminal.svg, the picture in the README: runs real commands on the example in a home of its own, and
 * draws what they print on a terminal. Needs `script` (util-linux) for that terminal, and a build.
 *
 *   node scripts/draw-terminal.js
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './prepare.js';

const COMMANDS = ['hold up', 'hold reload chat', 'hold logs chat -n 4'];
const COLUMNS = 92;
/** Select Graphic Rendition: colours and weights. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they begin with
const SGR = /(\x1b\[[\d;]*m)/;

const home = mkdtempSync(join(tmpdir(), 'holdfast-'));
const bin = join(home, 'bin');
mkdirSync(bin);
symlinkSync(join(root, 'bin', 'holdfast.js'), join(bin, 'hold'));
try {
  const shown = COMMANDS.flatMap((command) => [
    `\x1b[1m$ ${command}\x1b[22m`,
    ...terminalOutput(command),
    '',
  ]);
  const file = join(root, 'docs', 'images', 'terminal.svg');
  mkdirSync(join(root, 'docs', 'images'), { recursive: true });
  writeFileSync(file, draw(shown.slice(0, -1)));
  console.log(`Wrote ${file}`);
} finally {
  terminalOutput('hold down');
  rmSync(home, { recursive: true, force: true });
}

/** Lines with their colours. */
function terminalOutput(command) {
  const output = execFileSync('script', ['-qec', `stty cols ${COLUMNS} rows 40; ${command}`, '/dev/null'], {
    cwd: join(root, 'examples', 'chat'),
    env: {
      ...process.env,
      HOLDFAST_HOME: join(home, 'home'),
      PATH: bin + delimiter + process.env.PATH,
      TERM: 'xterm',
      NO_COLOR: '',
    },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return output.trimEnd().split(/\r*\n/);
}

function draw(lines) {
  const [charWidth, lineHeight, padding, bar] = [8.4, 20, 20, 36];
  const width = Math.round(COLUMNS * charWidth + 2 * padding);
  const height = lines.length * lineHeight + bar + 2 * padding;
  const rows = lines.map((line, index) => {
    const y = bar + padding + (index + 0.75) * lineHeight;
    const spans = runs(line).map(({ text, column, style }) => {
      const x = (padding + column * charWidth).toFixed(1);
      // The width is given too, because every machine draws with another font.
      const length = (text.length * charWidth).toFixed(1);
      return `<tspan x="${x}" textLength="${length}"${classes(style)}>${escapeXml(text)}</tspan>`;
    });
    return spans.length > 0 ? `<text y="${y}">${spans.join('')}</text>` : '';
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeXml(COMMANDS.join(', '))} in a terminal</title>
<style>
text { font: 14px ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d7dce2; white-space: pre }
.bold { font-weight: 700; fill: #ffffff } .dim { fill: #8791a0 }
.red { fill: #ff7b72 } .green { fill: #56d364 } .yellow { fill: #e3b341 }
.blue { fill: #79b8ff } .magenta { fill: #d2a8ff } .cyan { fill: #4fd1c5 }
</style>
<rect width="${width}" height="${height}" rx="10" fill="#161b22"/>
<circle cx="22" cy="20" r="6" fill="#ff5f56"/><circle cx="42" cy="20" r="6" fill="#ffbd2e"/><circle cx="62" cy="20" r="6" fill="#27c93f"/>
${rows.filter(Boolean).join('\n')}
</svg>
`;
}

/** Pieces of a line that look alike (ECMA-48 SGR), without the spaces around them. */
function runs(line) {
  const found = [];
  let style = {};
  let column = 0;
  for (const part of line.split(SGR)) {
    if (part.startsWith('\x1b')) {
      for (const code of part.slice(2, -1).split(';')) style = restyle(style, Number(code));
      continue;
    }
    for (const { 0: text, index } of part.matchAll(/\S+(?: \S+)*/g))
      found.push({ text, column: column + index, style });
    column += part.length;
  }
  return found;
}

function restyle(style, code) {
  const colours = { 31: 'red', 32: 'green', 33: 'yellow', 34: 'blue', 35: 'magenta', 36: 'cyan' };
  if (code === 0) return {};
  if (code === 1 || code === 2) return { ...style, weight: code === 1 ? 'bold' : 'dim' };
  if (code === 22) return { ...style, weight: undefined };
  if (code === 39) return { ...style, colour: undefined };
  return code in colours ? { ...style, colour: colours[code] } : style;
}

function classes({ weight, colour }) {
  const names = [weight, colour].filter(Boolean);
  return names.length > 0 ? ` class="${names.join(' ')}"` : '';
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
