/** Prints the settings as TypeScript types with their documentation, which inferred types do not show in editors. */
import { configJsonSchema, entryOf, type JsonSchema, objectOf } from './json-schema.ts';

/** As the formatter has it. */
const lineWidth = 110;

/** `src/config/config-types.ts`. */
export function renderConfigTypes(): string {
  const config = configJsonSchema();
  const { apps, sites, edge, listen, logs } = config.properties ?? {};
  const interfaces: Interfaces = new Map([
    [config, 'HoldfastConfig'],
    [objectOf(entryOf(apps)), 'AppConfig'],
    [objectOf(entryOf(sites)), 'SiteConfig'],
    [edge, 'EdgeConfig'],
    [listen, 'ListenConfig'],
    [logs, 'LogsConfig'],
  ]);
  let text = '/** For editors. Generated from schema.ts by scripts/generate-reference.js: edit there. */\n';
  // Parts within parts are added to the end while the others are printed.
  const printed = new Set<string>();
  for (const [node = {}, name] of interfaces) {
    if (printed.has(name)) continue;
    printed.add(name);
    text += `\n${comment(node, '')}export interface ${name} {\n${members(node, interfaces)}}\n`;
  }
  return text;
}

type Interfaces = Map<JsonSchema | undefined, string>;

function members(node: JsonSchema, interfaces: Interfaces): string {
  const lines = Object.entries(node.properties ?? {}).map(([key, setting]) => {
    for (const shape of shapesOf(setting)) {
      if (shape.properties && !interfaces.has(shape))
        interfaces.set(shape, nameOfTwin(shape, interfaces) ?? freeName(nameFor(key), interfaces));
    }
    const isRequired = node.required?.includes(key) ?? false;
    const types = isRequired ? typesOf(setting, interfaces) : [...typesOf(setting, interfaces), 'undefined'];
    const start = `  readonly ${key}${isRequired ? '' : '?'}:`;
    const line = `${start} ${types.join(' | ')};`;
    const broken = `${start}\n${types.map((type) => `    | ${brokenList(type)}`).join('\n')};`;
    return `${comment(setting, '  ')}${line.length > lineWidth ? broken : line}\n`;
  });
  return lines.join('');
}

/** A list of one of many words, as the formatter breaks it where it is too long for a line. */
function brokenList(type: string): string {
  const [, words] = /^readonly \((.*)\)\[\]$/.exec(type) ?? [];
  if (words === undefined || type.length + 6 <= lineWidth) return type;
  return `readonly (\n${words
    .split(' | ')
    .map((word) => `        | ${word}\n`)
    .join('')}      )[]`;
}

/** What a setting may be, also as an item of a list, or an entry of a record. */
function shapesOf(setting: JsonSchema): readonly JsonSchema[] {
  const { anyOf = [], items, additionalProperties: entry } = setting;
  const inside = [items, typeof entry === 'object' ? entry : undefined];
  return [setting, ...anyOf.flatMap(shapesOf), ...inside.flatMap((node) => (node ? shapesOf(node) : []))];
}

/** What may stand in several places is one interface. */
function nameOfTwin(shape: JsonSchema, interfaces: Interfaces): string | undefined {
  const text = JSON.stringify(shape);
  return [...interfaces].find(([known]) => JSON.stringify(known) === text)?.[1];
}

/** `path` of one part may be another thing than that of the next. */
function freeName(name: string, interfaces: Interfaces): string {
  const taken = new Set(interfaces.values());
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}${n}`;
  return free;
}

function nameFor(key: string): string {
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}Config`;
}

function comment({ description, default: fallback, examples }: JsonSchema, indent: string): string {
  if (description === undefined) return '';
  const text = description.endsWith('.') ? description : `${description}.`;
  const tags = [
    ...(fallback === undefined || isEmpty(fallback) ? [] : [`@default ${JSON.stringify(fallback)}`]),
    // A cron expression would end the comment.
    ...(examples ?? []).map((example) => `@example ${JSON.stringify(example)}`.replaceAll('*/', '*\\/')),
  ];
  if (tags.length === 0) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${[text, ...tags].map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** The members of a union; one for anything else. */
function typesOf(node: JsonSchema, interfaces: Interfaces): string[] {
  const { anyOf, type, items, additionalProperties, minItems, maxItems } = node;
  const name = interfaces.get(node);
  if (name !== undefined) return [name];
  if (node.const !== undefined) return [literal(node.const)];
  if (node.enum) return node.enum.map(literal);
  if (anyOf) return anyOf.flatMap((shape) => typesOf(shape, interfaces));
  const inside = (shape: JsonSchema): string => typesOf(shape, interfaces).join(' | ');
  if (typeof additionalProperties === 'object')
    return [`Readonly<Record<string, ${inside(additionalProperties)}>>`];
  if (items && minItems !== undefined && minItems === maxItems) {
    return [`readonly [${Array(minItems).fill(inside(items)).join(', ')}]`];
  }
  if (items)
    return [
      typesOf(items, interfaces).length > 1 ? `readonly (${inside(items)})[]` : `readonly ${inside(items)}[]`,
    ];
  const types = typeof type === 'string' ? [type] : (type ?? ['unknown']);
  return types.map((each) => (each === 'integer' ? 'number' : each));
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
