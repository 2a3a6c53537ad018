/** Which coding of an answer its client takes (RFC 9110 section 12.5.3). Pure. */
export type Coding = 'br' | 'zstd' | 'gzip';

/** How much the client wants a coding: 0 = not at all. */
type Weights = ReadonlyMap<string, number>;

/** Of the codings on offer, the one that the client likes best; of equal ones the first. Undefined: none, send it as it is. */
export function chooseCoding(acceptEncoding: string, offered: readonly Coding[]): Coding | undefined {
  if (acceptEncoding === '' || offered.length === 0) return undefined;
  const weights = weightsOf(acceptEncoding);
  let best: Coding | undefined;
  // Who likes it plain better gets it plain.
  let bestWeight = weights.get('identity') ?? 0;
  for (const coding of offered) {
    const weight = weightOf(weights, coding);
    if (weight > bestWeight || (weight === bestWeight && weight > 0 && best === undefined)) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

function weightOf(weights: Weights, coding: Coding): number {
  const own = weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined);
  return own ?? weights.get('*') ?? 0;
}

let lastField = '';
let lastWeights: Weights = new Map();

/** Browsers send the same few fields all the time. */
function weightsOf(field: string): Weights {
  if (field === lastField) return lastWeights;
  const weights = new Map<string, number>();
  for (const item of field.split(',')) {
    const [name = '', ...parameters] = item.split(';');
    const q = parameters.map((parameter) => /^\s*q=\s*([01](?:\.\d{0,3})?)\s*$/i.exec(parameter)?.[1]).at(0);
    // A weight that cannot be read is none.
    const weight = parameters.length === 0 ? 1 : q === undefined ? 0 : Math.min(1, Number(q));
    weights.set(name.trim().toLowerCase(), weight);
  }
  lastField = field;
  lastWeights = weights;
  return weights;
}
