/** Turns the events of node's test runner into something to read: one line a file, failures in full at the end. */
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { stripVTControlCharacters, styleText } from 'node:util';

const OUTPUT_LINES = 60;
const SLOW_MS = 2000;

export class Report {
  #root;
  #built;
  /** By compiled file: what its tests came to, and what it printed. */
  #files = new Map();
  #current;
  #failures = [];
  #skipped = [];
  #warnings = [];
  #leftovers = [];
  #totals = new Map();

  constructor({ root, built }) {
    this.#root = root;
    this.#built = built;
  }

  phase(title) {
    console.log(`\n${paint('bold', title)}`);
  }

  /** One event of `run()`; they come in the order of the files. */
  event({ type, data }) {
    if (type === 'test:pass' || type === 'test:fail') this.#result(type === 'test:pass', data);
    else if (type === 'test:stdout' || type === 'test:stderr') this.#output(type, data);
    else if (type === 'test:diagnostic' && !data.file) this.#diagnostic(data);
  }

  leftovers(lines) {
    this.#closeFile();
    this.#leftovers.push(...lines);
  }

  /** Prints the rest; true when all is well. */
  end() {
    this.#section('Skipped', this.#skipped);
    this.#section('Warnings that the tests caused', this.#warnings);
    this.#section('Processes left running (ended now)', this.#leftovers);
    if (this.#failures.length > 0) console.log(`\n${paint('red', 'Failures')}`);
    for (const failure of this.#failures) console.log(`\n${failure}`);
    console.log();
    for (const [name, value] of this.#totals) console.log(`ℹ ${name} ${Math.round(value * 1000) / 1000}`);
    const count = (name) => this.#totals.get(name) ?? 0;
    const bad = count('fail') + count('cancelled') + this.#leftovers.length + this.#warnings.length;
    return bad === 0 && count('pass') + count('skipped') > 0;
  }

  #result(passed, data) {
    const file = this.#file(data.file);
    if (this.#current !== file) this.#closeFile();
    this.#current = file;
    const { error, duration_ms: ms = 0 } = data.details;
    file.ms += data.nesting === 0 ? ms : 0;
    const isSuite = data.details.type === 'suite';
    const name = data.name.startsWith(this.#built) ? 'the file itself' : data.name;
    if (data.skip === 'test name does not match pattern') return;
    if (data.skip !== undefined) {
      file.skips += 1;
      this.#skipped.push(`${file.name}: ${name}${typeof data.skip === 'string' ? ` (${data.skip})` : ''}`);
    } else if (passed) {
      if (!isSuite) file.passes += 1;
      if (!isSuite && ms > SLOW_MS) file.slow.push(`${name} ${paint('gray', seconds(ms))}`);
    } else {
      file.failed = true;
      if (error?.failureType !== 'subtestsFailed') file.failures.push(this.#failure(file, name, data, error));
    }
  }

  #failure(file, name, data, error) {
    const cause = error?.cause ?? error;
    const exit = error?.exitCode || error?.signal;
    let text = typeof cause === 'object' && cause !== null ? (cause.stack ?? cause.message) : String(cause);
    if (exit) text += `: the process ended with ${exit}`;
    const line =
      data.line && data.file ? this.#sourcePosition(data.file, data.line, data.column ?? 1) : file.name;
    return `${paint('red', '✖')} ${paint('bold', name)}  ${paint('gray', line)}\n${indent(this.#readable(text))}`;
  }

  #output(type, { file: path, message }) {
    const file = this.#file(path);
    file.output = (file.output + message).slice(-64 * 1024);
    if (type !== 'test:stderr') return;
    for (const [warning] of message.matchAll(/\(node:\d+\) (?!ExperimentalWarning)\w*Warning: .*/g)) {
      this.#warnings.push(`${file.name}: ${warning}`);
    }
  }

  #diagnostic({ message }) {
    const [, name, value] = /^(\w+) ([\d.]+)$/.exec(message) ?? [];
    if (name) this.#totals.set(name, (this.#totals.get(name) ?? 0) + Number(value));
    else if (message.includes('asynchronous activity'))
      this.#failures.push(`${paint('red', '✖')} ${message}`);
  }

  #file(path = '?') {
    let file = this.#files.get(path);
    if (!file) {
      const name = relative(this.#built, path).replace(/\.js$/, '.ts');
      file = { name, ms: 0, passes: 0, skips: 0, failed: false, failures: [], slow: [], output: '' };
      this.#files.set(path, file);
    }
    return file;
  }

  #closeFile() {
    const file = this.#current;
    this.#current = undefined;
    if (!file || file.ms + file.passes + file.skips === 0) return;
    const mark = file.failed
      ? paint('red', '✖')
      : file.passes > 0
        ? paint('green', '✔')
        : paint('yellow', '-');
    const counts = [`${file.passes} passed`];
    if (file.failures.length > 0) counts.push(paint('red', `${file.failures.length} failed`));
    if (file.skips > 0) counts.push(paint('yellow', `${file.skips} skipped`));
    console.log(`  ${mark} ${file.name.padEnd(48)} ${counts.join(', ')} ${paint('gray', seconds(file.ms))}`);
    for (const test of file.slow) console.log(`      ${test}`);
    for (const failure of file.failures) console.log(indent(failure));
    this.#failures.push(...file.failures);
    if (file.failed && file.output.trim()) this.#failures.push(lastOutput(file));
    Object.assign(file, { ms: 0, passes: 0, skips: 0, failed: false, failures: [], slow: [], output: '' });
  }

  #section(title, lines) {
    if (lines.length > 0) console.log(`\n${paint('yellow', title)}\n${indent(lines.join('\n'))}`);
  }

  /** A stack trace in terms of the TypeScript sources, without the frames inside Node. */
  #readable(text) {
    return text
      .split('\n')
      .filter((line) => !/^\s+at .*\(?node:/.test(line))
      .join('\n')
      .replaceAll(/(?:file:\/\/)?(\/[^\s():]+\.[cm]?js):(\d+):(\d+)/g, (_, file, line, column) =>
        this.#sourcePosition(file, Number(line), Number(column)),
      );
  }

  #sourcePosition(file, line, column) {
    const map = `${file}.map`;
    if (!existsSync(map)) return `${relative(this.#root, file)}:${line}:${column}`;
    const entry = new SourceMap(JSON.parse(readFileSync(map, 'utf8'))).findEntry(line - 1, column - 1);
    if (entry.originalSource === undefined) return `${relative(this.#root, file)}:${line}:${column}`;
    const source = relative(this.#root, join(dirname(file), entry.originalSource));
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  }
}

function lastOutput({ name, output }) {
  const lines = stripVTControlCharacters(output).trimEnd().split('\n');
  const cut = lines.length > OUTPUT_LINES ? ` (the last ${OUTPUT_LINES} of ${lines.length} lines)` : '';
  return `${paint('gray', `What ${name} printed${cut}`)}\n${indent(lines.slice(-OUTPUT_LINES).join('\n'))}`;
}

const colours = process.stdout.isTTY && !process.env.NO_COLOR;
const paint = (style, text) => (colours ? styleText(style, text) : text);
const indent = (text) => text.replaceAll(/^(?=.)/gm, '    ');
const seconds = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
