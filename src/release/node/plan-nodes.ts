/** A plan with the Node of each app: what was wanted, and where it is. */
import type { AppPlan, Plan } from '../../config/plan.ts';
import { HoldfastError } from '../../errors.ts';
import type { NodeRuntime } from '../seams.ts';
import { ensureNode, type NodeOptions, nodePath, nodeThere } from './runtime.ts';
import { rangeOf, wantedNode } from './wanted.ts';

/** What an app says itself comes first, then what the project does; null = nobody says anything. */
export function rangeFor(wanted: string | null, dir: string | null): string | null {
  if (wanted === null) return dir === null ? null : (wantedNode(dir)?.range ?? null);
  const range = rangeOf(wanted);
  if (range !== null) return range;
  throw new HoldfastError('CONFIG_INVALID', `Cannot tell which Node is meant by "${wanted}"`, {
    hint: 'Write a version, such as "24" or "24.5.0"',
  });
}

/**
 * @param dir the release; null = only what the configuration says counts
 * @throws HoldfastError when one cannot be had
 */
export async function withNodes(plan: Plan, dir: string | null, options: NodeOptions): Promise<Plan> {
  const found = new Map<string, Promise<NodeRuntime>>();
  const find = (range: string) => {
    const known = found.get(range) ?? ensureNode(range, options);
    found.set(range, known);
    return known;
  };
  const apps: Record<string, AppPlan> = {};
  for (const [name, app] of Object.entries(plan.apps)) {
    const range = rangeFor(app.node?.wanted ?? null, app.command.node ? dir : null);
    if (range === null) {
      apps[name] = app;
      continue;
    }
    const { version, path } = await find(range);
    apps[name] = { ...app, node: { wanted: app.node?.wanted ?? range, found: { version, path } } };
  }
  return { ...plan, apps };
}

/** The same with what is there already, for a look at what would change. */
export function withNodesThere(plan: Plan, options: Pick<NodeOptions, 'tools' | 'own'>): Plan {
  const apps = Object.entries(plan.apps).map(([name, app]) => {
    const range = app.node && rangeOf(app.node.wanted);
    const version = range ? nodeThere(range, options) : null;
    if (app.node === null || version === null) return [name, app] as const;
    const path = version === options.own.version ? options.own.path : nodePath(options.tools, version);
    return [name, { ...app, node: { ...app.node, found: { version, path } } }] as const;
  });
  return { ...plan, apps: Object.fromEntries(apps) };
}
