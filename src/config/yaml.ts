/** Reads YAML 1.2, with the line of every setting. */
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type Located, lineFinder, pathKey, SyntaxProblem } from './located.ts';

/** Enough for any file with anchors, too few for one that is made to fill the memory. */
const maxAliasCount = 100;

/** @throws SyntaxProblem */
export function readYaml(text: string): Located {
  const lineCounter = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter,
      prettyErrors: false,
      merge: true,
      logLevel: 'error',
    });
    // A warning, such as for a tag that nobody knows, means that the value is not what was written.
    const [error] = [...document.errors, ...document.warnings];
    if (error) throw new SyntaxProblem(lowerFirst(error.message), text, error.pos[0]);
    const lines = new Map<string, number>();
    collectLines(document.contents, [], lines, (offset) => lineCounter.linePos(offset).line);
    return { value: document.toJS({ maxAliasCount }), lineOf: lineFinder(lines), problems: [] };
  } catch (error) {
    if (error instanceof SyntaxProblem) throw error;
    // Aliases without an end, and nesting that exhausts the stack, are found only when the value is made.
    throw new SyntaxProblem(lowerFirst(error instanceof Error ? error.message : String(error)), text, 0);
  }
}

function collectLines(
  node: unknown,
  path: readonly (string | number)[],
  lines: Map<string, number>,
  lineAt: (offset: number) => number,
): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const inner = [...path, String(key.value)];
      if (key.range) lines.set(pathKey(inner), lineAt(key.range[0]));
      collectLines(value, inner, lines, lineAt);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      const inner = [...path, index];
      if (isNode(item) && item.range) lines.set(pathKey(inner), lineAt(item.range[0]));
      collectLines(item, inner, lines, lineAt);
    }
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}
