/** What a service finds in its environment: systemd.exec(5) "Environment". */
import type { AppConfig } from '../config-types.ts';
import type { Assignments, Note } from './systemd-assignments.ts';
import type { UnitContext } from './systemd-settings.ts';
import { splitUnitWords } from './systemd-unit.ts';

/** The app's variables: of Environment=, EnvironmentFile= and PassEnvironment=. */
export function environmentOf(
  unit: Assignments,
  { variablesIn }: Pick<UnitContext, 'variablesIn'>,
  note: Note,
): Pick<AppConfig, 'envFile' | 'passEnv' | 'port'> & { env: Record<string, string> } {
  const env: Record<string, string> = {};
  for (const value of unit.all('Service', 'Environment')) {
    const words = splitUnitWords(value);
    if (!words) note(`Environment=${value}: a quote is not closed, and it was left out`);
    for (const { text } of words ?? []) {
      const at = text.indexOf('=');
      if (at > 0) env[text.slice(0, at)] = text.slice(at + 1);
      else note(`Environment=${text}: it must have the form NAME=value, and was left out`);
    }
  }
  const files = unit.all('Service', 'EnvironmentFile').flatMap((value) => {
    const optional = value.startsWith('-');
    const file = optional ? value.slice(1) : value;
    const variables = variablesIn(file);
    if (optional && variables === undefined) {
      note(
        `EnvironmentFile=${value}: it may be missing there, must be there here, and is not: it was left out`,
      );
      return [];
    }
    if (variables === undefined)
      note(
        `EnvironmentFile=${value}: its variables win over those in env there, and cannot be read now: leave out of env what it sets`,
      );
    for (const name of variables ?? []) {
      if (!(name in env)) continue;
      delete env[name];
      note(`"${name}" is set in ${file} too, which wins there: it was left out of env`);
    }
    return [file];
  });
  const passEnv = unit.all('Service', 'PassEnvironment').flatMap((value) => value.split(/\s+/));
  const { PORT, ...others } = env;
  const port =
    PORT !== undefined && /^[1-9]\d{0,4}$/.test(PORT) && Number(PORT) < 65_536 ? Number(PORT) : undefined;
  return {
    env: port === undefined ? env : others,
    port,
    envFile: files.length === 1 ? files[0] : files.length > 1 ? files : undefined,
    passEnv: passEnv.length > 0 ? passEnv : undefined,
  };
}
