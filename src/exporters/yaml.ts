/** YAML for what other programs read: objects, lists, texts, numbers, true and false. */

export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml | undefined };

/** Fields that are undefined are left out; what is empty is written as `{}` or `[]`. */
export function yaml(value: Yaml, indent = ''): string {
  if (isList(value)) {
    return value.map((item) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join('');
  }
  if (typeof value !== 'object') return `${scalar(value)}\n`;
  return Object.entries(value)
    .flatMap(([key, field]) =>
      field === undefined ? [] : [`${indent}${scalar(key)}:${after(field, indent)}`],
    )
    .join('');
}

function after(value: Yaml, indent: string): string {
  if (typeof value !== 'object') return ` ${scalar(value)}\n`;
  if (isList(value)) {
    return value.length === 0 ? ' []\n' : `\n${yaml(value, `${indent}  `)}`;
  }
  return Object.values(value).every((field) => field === undefined)
    ? ' {}\n'
    : `\n${yaml(value, `${indent}  `)}`;
}

function isList(value: Yaml): value is readonly Yaml[] {
  return Array.isArray(value);
}

/** In quotes unless nothing else can be meant; what JSON writes is YAML, too. */
function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  if (/^[A-Za-z][\w./-]*$/.test(value) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value))
    return value;
  if (/^\/[\w./-]*$/.test(value)) return value;
  return JSON.stringify(value);
}
