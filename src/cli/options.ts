/** Values of options that several commands take. */
import { InvalidArgumentError } from 'commander';

/** 0 or more. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a number such as 100');
  return Number(text);
}

export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new InvalidArgumentError('It must be a number from 1 to 65535');
  return port;
}

export function parseInstances(text: string): number | 'max' {
  if (text === 'max') return text;
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > 1000)
    throw new InvalidArgumentError('It must be a number from 1 to 1000, or "max"');
  return number;
}

/** `KEY=VALUE`, once for each use of the option. */
export function collectVariable(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('It must have the form KEY=VALUE');
  }
  return { ...earlier, [name]: value };
}
