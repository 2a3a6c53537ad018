/** Prints what is published of the settings: the JSON Schema for editors and the reference page. */
import { configJsonSchema, entryOf, type JsonSchema, objectOf } from './json-schema.ts';

/** `schema/holdfast.schema.json`. */
export function renderJsonSchema(): string {
  const { $schema, ...rest } = configJsonSchema() as JsonSchema & { $schema?: string };
  const schema = { $schema, title: 'holdfast.config', ...rest };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

const intro = `# Configuration

<!-- Generated from src/config/schema.ts by scripts/generate-reference.js: edit there. -->

One file, \`holdfast.config.ts\`, \`.mts\`, \`.js\`, \`.mjs\`, \`.cjs\`, \`.json\`, \`.yaml\` or \`.yml\`, in the directory in which
\`hold up\` runs, or named with \`hold up -f\`. There may be only one.

\`\`\`ts
import { defineConfig } from 'holdfast';

export default defineConfig({
  apps: {
    web: { run: 'server.js', instances: 'max', env: { NODE_ENV: 'production' } },
  },
  sites: {
    'example.com': { routes: { '/': 'web' } },
  },
});
\`\`\`

A module exports an object, a promise of one, or a function that gets \`{ env }\`, the environment of the shell, and returns
one. The import of \`holdfast\` always works, also when Holdfast is installed globally. A JSON file may name its schema,
\`"$schema": "./node_modules/holdfast/schema/holdfast.schema.json"\`; a YAML file does it in a comment,
\`# yaml-language-server: $schema=…\`.

Every mistake is reported in one run, and while there is one, nothing is changed. A name that is not in these tables is a
mistake.

**Durations** are texts with a unit, \`ms\`, \`s\`, \`m\`, \`h\` or \`d\`: \`"100ms"\`, \`"1m 30s"\`. **Sizes** are texts with a unit,
\`B\`, \`KB\`, \`MB\`, \`GB\` or \`TB\`, in steps of 1024: \`"50MB"\`. **Paths** are relative to the directory of the file, and
those of an app to its \`cwd\`.
`;

interface Part {
  readonly title: string;
  /** Of the node that holds the settings. */
  readonly node: JsonSchema | undefined;
  readonly says: string | undefined;
}

/** `docs/reference/configuration.md`. */
export function renderConfigReference(): string {
  const { properties = {} } = configJsonSchema();
  const {
    apps,
    sites,
    edge,
    listen,
    acme,
    logs,
    egress,
    release,
    deploy,
    notify,
    metrics,
    dashboard,
    name,
    front,
  } = properties;
  const parts: readonly Part[] = [
    { title: 'apps.<name>', node: objectOf(entryOf(apps)), says: apps?.description },
    { title: 'sites.<host>', node: objectOf(entryOf(sites)), says: sites?.description },
    { title: 'edge', node: edge, says: edge?.description },
    { title: 'listen', node: listen, says: listen?.description },
    { title: 'acme', node: acme, says: acme?.description },
    { title: 'logs', node: logs, says: logs?.description },
    { title: 'egress', node: objectOf(egress), says: egress?.description },
    { title: 'release', node: release, says: release?.description },
    { title: 'deploy.<name>', node: objectOf(entryOf(deploy)), says: deploy?.description },
    { title: 'notify[]', node: notify?.items, says: notify?.description },
    { title: 'dashboard', node: dashboard, says: dashboard?.description },
    { title: 'metrics', node: metrics, says: metrics?.description },
  ];
  const alone = {
    title: 'name, front',
    node: { properties: { ...(name && { name }), ...(front && { front }) } },
    says: 'Beside all of these',
  };
  return `${[intro, ...[...parts, alone].map(renderPart)].join('\n')}`;
}

function renderPart({ title, node, says }: Part): string {
  const rows = node ? rowsOf(node, '') : [];
  const head = `## \`${title}\`\n\n${says === undefined ? '' : `${says}.\n\n`}`;
  return `${head}| setting | value | default | what it does |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

/** Sections within are written with their path, as \`stop.timeout\`. */
function rowsOf(node: JsonSchema, prefix: string): string[] {
  const { properties = {}, required = [] } = node;
  return Object.entries(properties).flatMap(([key, setting]) => {
    const name = `${prefix}${key}`;
    if (setting.properties) return rowsOf(setting, `${name}.`);
    const cells = [`\`${name}\``, typeOf(setting), defaultOf(setting, required.includes(key)), says(setting)];
    const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    // A setting with a short form, and its long one.
    const { additionalProperties: entry } = setting;
    const ofEntry = typeof entry === 'object' ? (entry.anyOf ?? []) : [];
    return [
      row,
      ...(setting.anyOf ?? []).flatMap((shape) => (shape.properties ? rowsOf(shape, `${name}.`) : [])),
      ...ofEntry.flatMap((shape) => (shape.properties ? rowsOf(shape, `${name}.<path>.`) : [])),
    ];
  });
}

function says({ description = '', examples = [] }: JsonSchema): string {
  const [example] = examples;
  return example === undefined ? `${description}.` : `${description}. Example: \`${inJs(example)}\``;
}

function defaultOf(setting: JsonSchema, isRequired: boolean): string {
  if (isRequired) return 'required';
  return setting.default === undefined ? '-' : `\`${inJs(setting.default)}\``;
}

function typeOf({ title, anyOf, items, additionalProperties }: JsonSchema): string {
  if (title !== undefined) return title;
  if (anyOf) return anyOf.map(typeOf).join(' or ');
  if (items) return `list of ${typeOf(items)}`;
  return typeof additionalProperties === 'object' ? `object of ${typeOf(additionalProperties)}` : 'object';
}

/** As it would be written in JavaScript. */
function inJs(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(inJs).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).map(
    ([key, inner]) => `${/^\w+$/.test(key) ? key : `'${key}'`}: ${inJs(inner)}`,
  );
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}
