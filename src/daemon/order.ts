/** The order in which several apps end: those that are `after` another one before it. Pure but for what `end` does. */

export interface Dependent {
  readonly name: string;
  readonly after: readonly string[];
}

/** Calls `end` for each app when all that depend on it have ended; those that do not know each other end at once. */
export async function endInOrder(
  apps: readonly Dependent[],
  end: (name: string) => Promise<void>,
): Promise<void> {
  const ends = new Map<string, Promise<void>>();
  const endOne = (name: string, path: readonly string[]): Promise<void> => {
    const known = ends.get(name);
    if (known) return known;
    // Never those that wait for this one in turn: a circle is refused by the configuration, but must not hang.
    const dependents = apps.filter((app) => app.after.includes(name) && !path.includes(app.name));
    const theirs = dependents.map((app) => endOne(app.name, [...path, app.name]));
    const mine = Promise.all(theirs).then(() => end(name));
    ends.set(name, mine);
    return mine;
  };
  await Promise.all(apps.map(({ name }) => endOne(name, [name])));
}
