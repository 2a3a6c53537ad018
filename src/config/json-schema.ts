/** The JSON Schema of a configuration file, for editors and for the names that messages suggest. */
import { z } from 'zod';
import type { SchemaNode } from './problems.ts';
import { configSettings } from './schema.ts';

export interface JsonSchema extends SchemaNode {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
}

/** Draft 2020-12. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSettings, { io: 'input', override: nameExamples }) as JsonSchema;
}

/** zod drops `examples` of what it transforms, since it cannot know of which side they are; ours are of the input. */
function nameExamples({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (!('example' in jsonSchema)) return;
  jsonSchema.examples = [jsonSchema.example];
  delete jsonSchema.example;
}

/** What a record's entries look like. */
export function entryOf(record: JsonSchema | undefined): JsonSchema | undefined {
  return typeof record?.additionalProperties === 'object' ? record.additionalProperties : undefined;
}

/** Of several shapes, the one with settings. */
export function objectOf(node: JsonSchema | undefined): JsonSchema | undefined {
  return node?.anyOf?.find(({ properties }) => properties) ?? node;
}
