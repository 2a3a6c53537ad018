/** A basic string of TOML is one of JSON, but for DEL. */
export function tomlText(value: string): string {
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}
