/** What is wrong with a configuration, in sentences: the path, what was found, what was expected, the nearest valid name. */
import type { z } from 'zod';
import { foreignSetting } from './foreign.ts';
import { show, showList, showPath } from './show.ts';
import { didYouMean, nearest } from './suggest.ts';

export interface Problem {
  readonly path: readonly PropertyKey[];
  /** The rest of the sentence after the path, such as `must be a port from 1 to 65535: got 0`. */
  readonly text: string;
}

type Issue = z.core.$ZodIssue;
/** The part of a JSON Schema that says which settings there are. */
export interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
}

/** zod's issues as problems. `schema` is the JSON Schema of what was checked: it knows the names to suggest. */
export function problemsOf(issues: readonly Issue[], schema: SchemaNode): Problem[] {
  return issues.flatMap((issue) => explain(issue, issue.path, schema));
}

function explain(issue: Issue, path: readonly PropertyKey[], schema: SchemaNode): Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        text: foreignSetting([...path, key]) ?? unknownSetting(key, settingsAt(schema, path)),
      }));
    case 'invalid_union':
      return explainUnion(issue, path, schema);
    case 'invalid_key':
      return issue.issues.map((inner) => ({ path, text: inner.message }));
    case 'invalid_type':
      return [{ path, text: wrongShape(issue.expected, issue.input) }];
    case 'too_small':
      return [{ path, text: `must not be empty` }];
    default:
      return [{ path, text: issue.message }];
  }
}

/** Of several shapes that a value may have, the one that its author had in mind is the one that it got furthest with. */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: readonly PropertyKey[],
  schema: SchemaNode,
): Problem[] {
  const near = issue.errors.filter((branch) => branch.every((inner) => !isAboutWhole(inner)));
  const fewest = Math.min(...near.map((branch) => branch.length));
  const meant = near.find((branch) => branch.length === fewest) ?? issue.errors[0] ?? [];
  return meant.flatMap((inner) => explain(inner, [...path, ...inner.path], schema));
}

function isAboutWhole(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'custom');
}

function wrongShape(expected: string, input: unknown): string {
  const shape = expected === 'array' ? 'a list' : 'an object with settings';
  return input === undefined ? `is missing: it must be ${shape}` : `must be ${shape}: got ${show(input)}`;
}

function unknownSetting(key: string, known: readonly string[]): string {
  if (nearest(key, known) !== undefined || known.length > 8)
    return `is not a setting${didYouMean(key, known)}`;
  if (known.length === 0) return 'is not a setting';
  return `is not a setting: there ${known.length === 1 ? 'is' : 'are'} ${showList(known, 'and')}`;
}

/** The names of the settings that may stand at a path. */
function settingsAt(schema: SchemaNode, path: readonly PropertyKey[]): string[] {
  let nodes: readonly SchemaNode[] = [schema];
  for (const step of path) nodes = nodes.flatMap(shapes).flatMap((node) => below(node, String(step)));
  return nodes
    .flatMap(shapes)
    .flatMap((node) => Object.keys(node.properties ?? {}).filter((name) => name !== '$schema'));
}

function shapes(node: SchemaNode): readonly SchemaNode[] {
  return node.anyOf?.flatMap(shapes) ?? [node];
}

function below(node: SchemaNode, step: string): SchemaNode[] {
  const { properties = {}, additionalProperties } = node;
  const found = Object.hasOwn(properties, step) ? properties[step] : additionalProperties;
  return typeof found === 'object' ? [found] : [];
}

/** `apps.web.port must be …`, or for the file as a whole `The configuration must be …`. */
export function sentenceOf({ path, text }: Problem): string {
  return path.length === 0 ? `The configuration ${text}` : `${showPath(path)} ${text}`;
}
