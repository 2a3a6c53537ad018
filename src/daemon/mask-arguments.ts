import { maskEnv } from '../config/mask.ts';

/** A command line for a person to read: values of options whose names look secret are hidden, and passwords in URLs. */
export function maskArguments(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const [, option, value] = /^-{0,2}([\w.-]+)=(.*)$/s.exec(arg) ?? [];
    if (option !== undefined && value !== undefined) {
      return `${arg.slice(0, arg.length - value.length)}${masked(option, value)}`;
    }
    // `--password secret`; what starts with a dash is the next option.
    const before = /^--([\w.-]+)$/.exec(args[index - 1] ?? '')?.[1];
    return masked(arg.startsWith('-') ? '' : (before ?? ''), arg);
  });
}

function masked(name: string, value: string): string {
  return Object.values(maskEnv({ [name]: value }))[0] ?? '';
}
