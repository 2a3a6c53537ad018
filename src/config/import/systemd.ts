/** `hold import systemd app.service …`: services of systemd as apps. What cannot be said becomes a note. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { HoldfastError } from '../../errors.ts';
import type { AppConfig } from '../config-types.ts';
import { parseEnvFile } from '../env-file.ts';
import { appNameFor, type Imported, type ImportPlace, readImported, withoutEmpty } from './imported.ts';
import { settingsOf } from './systemd-settings.ts';
import { parseUnit, type UnitEntry } from './systemd-unit.ts';

/** The units of one import may name each other in After= and Requires=. */
export async function importSystemd(files: readonly string[], { cwd }: ImportPlace): Promise<Imported> {
  const taken = new Set<string>();
  const units = files.map((file) => {
    const unit = readUnit(resolve(cwd, file), file);
    return { ...unit, name: appNameFor(unit.unitName.replace(/\.service$/, ''), taken) };
  });
  const nameOf = new Map(units.map(({ unitName, name }) => [unitName, name]));
  const apps: Record<string, AppConfig> = {};
  const notes: string[] = [];
  for (const unit of units) {
    const { app, notes: own } = settingsOf(unit.entries, {
      appOf: (unitName) => nameOf.get(unitName),
      variablesIn: (file) => variablesIn(file),
    });
    if (app.run === '') throw noCommand(unit.file);
    apps[unit.name] = withoutEmpty(app);
    const prefix = units.length > 1 ? `${unit.name}: ` : '';
    notes.push(...[...unit.notes, ...own].map((note) => prefix + note));
  }
  return { config: { apps }, notes };
}

interface Unit {
  /** As messages name it. */
  readonly file: string;
  /** `app.service`, for an instance `app@1.service`. */
  readonly unitName: string;
  readonly entries: readonly UnitEntry[];
  readonly notes: readonly string[];
}

function noCommand(file: string): HoldfastError {
  return new HoldfastError(
    'IMPORT_INVALID',
    `${file} is no service that can be taken over: it must have "ExecStart=" with a command in [Service]`,
  );
}

/** With its drop-ins, as they are below the directory of the unit. */
function readUnit(path: string, name: string): Unit {
  const unitName = basename(path);
  const dropIns = filesIn(`${path}.d`).filter((file) => file.endsWith('.conf'));
  const parts = [path, ...dropIns].map((part) => parseUnit(readImported(part, part === path ? name : part)));
  const raw = parts.flatMap(({ entries }) => entries);
  if (!raw.some(({ section, key }) => section === 'Service' && key === 'ExecStart')) throw noCommand(name);
  const notes = parts
    .flatMap(({ strange }) => strange)
    .map((line) => `a line was not understood and is left out: ${line}`);
  const unknown = new Set<string>();
  const entries = raw.map((entry) => ({ ...entry, value: specified(entry.value, unitName, unknown) }));
  for (const specifier of unknown) {
    notes.push(
      `"${specifier}" is filled in by systemd, see systemd.unit(5) "Specifiers": write what it stands for`,
    );
  }
  return { file: name, unitName, entries, notes };
}

/** `%n`, `%N`, `%p` and `%i` come from the name of the unit; of others the reader is told. */
function specified(value: string, unitName: string, unknown: Set<string>): string {
  const whole = unitName.replace(/\.\w+$/, '');
  const [prefix = '', instance] = whole.split(/@(.*)/s);
  const known: Readonly<Record<string, string | undefined>> = {
    '%': '%',
    n: unitName,
    N: whole,
    p: prefix,
    i: instance || undefined,
  };
  return value.replace(/%([%A-Za-z])/g, (match, letter: string) => {
    const meaning = known[letter];
    if (meaning === undefined) unknown.add(match);
    return meaning ?? match;
  });
}

function variablesIn(file: string): readonly string[] | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return Object.keys(parseEnvFile(readImported(file, file)).values);
  } catch {
    return undefined;
  }
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .sort()
      .map((name) => join(dir, name));
  } catch {
    return [];
  }
}
