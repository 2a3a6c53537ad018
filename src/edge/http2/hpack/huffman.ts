/**
 * The Huffman code of HPACK (RFC 7541 appendix B). It is canonical: of equal length, codes rise with the symbol; so the lengths say all.
 */

/** Length -> the symbols that have it: characters as they are, then others by ranges. */
const lengths: readonly (readonly [bits: number, characters: string, others?: string])[] = [
  [5, '012aceiost'],
  [6, ' %-./3456789=A_bdfghlmnpru'],
  [7, ':BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz'],
  [8, '&*,;XZ'],
  [10, '!"()?'],
  [11, "'+|"],
  [12, '#>'],
  [13, '$@[]~', '0'],
  [14, '^}'],
  [15, '<`{'],
  [19, '\\', '195 208'],
  [20, '', '128 130 131 162 184 194 224 226'],
  [21, '', '153 161 167 172 176 177 179 209 216 217 227 229 230'],
  [22, '', '129 132-134 136 146 154 156 160 163 164 169 170 173 178 181 185-187 189 190 196 198 228 232 233'],
  [23, '', '1 135 137-141 143 147 149-152 155 157 158 165 166 168 174 175 180 182 183 188 191 197 231 239'],
  [24, '', '9 142 144 145 148 159 171 206 215 225 236 237'],
  [25, '', '199 207 234 235'],
  [26, '', '192 193 200-202 205 210 213 218 219 238 240 242 243 255'],
  [27, '', '203 204 211 212 214 221-223 241 244-248 250-254'],
  [28, '', '2-8 11 12 14-21 23-31 127 220 249'],
  [30, '', '10 13 22 256'],
];

const codes = new Uint32Array(257);
const bitsOf = new Uint8Array(257);

/** Two children for each inner node of the tree: a node, or -1 - symbol; 0 = not there yet. */
const children: number[] = [0, 0];

function symbolsOf(characters: string, others: string): number[] {
  const symbols = [...characters].map((character) => character.charCodeAt(0));
  for (const range of others.split(' ').filter((text) => text !== '')) {
    const [from = 0, to = from] = range.split('-').map(Number);
    for (let symbol = from; symbol <= to; symbol++) symbols.push(symbol);
  }
  return symbols.sort((a, b) => a - b);
}

function plant(symbol: number, code: number, bits: number): void {
  let node = 0;
  for (let bit = bits - 1; bit > 0; bit--) {
    const place = node * 2 + ((code >>> bit) & 1);
    if (!children[place]) {
      children[place] = children.length / 2;
      children.push(0, 0);
    }
    node = children[place] as number;
  }
  children[node * 2 + (code & 1)] = -1 - symbol;
}

let next = 0;
let before = 5;
for (const [bits, characters, others = ''] of lengths) {
  next <<= bits - before;
  before = bits;
  for (const symbol of symbolsOf(characters, others)) {
    codes[symbol] = next;
    bitsOf[symbol] = bits;
    plant(symbol, next++, bits);
  }
}

/**
 * The tree, four bits at a time: for node and nibble the next node, and the symbol that ends on the way. No code is shorter than
 * five bits, so at most one does.
 */
const NODES = children.length / 2;
const EOS = 256;
const FAILED = 0xffff;
const NO_SYMBOL = 0xffff;
const nextNode = new Uint16Array(NODES * 16);
const symbolOf = new Uint16Array(NODES * 16).fill(NO_SYMBOL);
/** A text may end here: what has been read of a code are fewer than eight ones, which are the beginning of EOS. */
const mayEnd = new Uint8Array(NODES);

for (let node = 0; node < NODES; node++) {
  for (let nibble = 0; nibble < 16; nibble++) {
    let at = node;
    for (let bit = 3; bit >= 0 && at !== FAILED; bit--) {
      const child = children[at * 2 + ((nibble >> bit) & 1)] as number;
      if (child >= 0) at = child;
      else if (-1 - child === EOS) at = FAILED;
      else {
        symbolOf[node * 16 + nibble] = -1 - child;
        at = 0;
      }
    }
    nextNode[node * 16 + nibble] = at;
  }
}
for (let node = 0, ones = 0; ones < 8; ones++, node = children[node * 2 + 1] as number) mayEnd[node] = 1;

/** Room for what the shortest codes make of the longest header block. */
const SCRATCH_BYTES = 64 * 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** The text (latin1) in `buffer[from, to)`; undefined when that is no code, or longer than any header block may be. */
export function decodeHuffman(buffer: Buffer, from: number, to: number): string | undefined {
  if ((to - from) * 8 > SCRATCH_BYTES * 5) return undefined;
  let node = 0;
  let length = 0;
  for (let i = from; i < to; i++) {
    const byte = buffer[i] as number;
    const high = node * 16 + (byte >> 4);
    const first = symbolOf[high] as number;
    if (first !== NO_SYMBOL) scratch[length++] = first;
    node = nextNode[high] as number;
    if (node === FAILED) return undefined;
    const low = node * 16 + (byte & 15);
    const second = symbolOf[low] as number;
    if (second !== NO_SYMBOL) scratch[length++] = second;
    node = nextNode[low] as number;
    if (node === FAILED) return undefined;
  }
  return mayEnd[node] === 1 ? scratch.toString('latin1', 0, length) : undefined;
}

/** How many bytes a text (latin1) has in this code. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += bitsOf[text.charCodeAt(i)] as number;
  return (bits + 7) >> 3;
}

/** A text (latin1) in this code, its bytes as latin1 too. */
export function encodeHuffman(text: string): string {
  let out = '';
  let pending = 0;
  let have = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i);
    let code = codes[symbol] as number;
    let bits = bitsOf[symbol] as number;
    // With up to seven bits pending, 30 more would not fit into 32.
    if (bits > 16) {
      pending = (pending << (bits - 16)) | (code >>> 16);
      have += bits - 16;
      code &= 0xffff;
      bits = 16;
      while (have >= 8) {
        have -= 8;
        out += String.fromCharCode((pending >>> have) & 255);
      }
    }
    pending = (pending << bits) | code;
    have += bits;
    while (have >= 8) {
      have -= 8;
      out += String.fromCharCode((pending >>> have) & 255);
    }
    pending &= (1 << have) - 1;
  }
  if (have > 0) out += String.fromCharCode(((pending << (8 - have)) | (255 >> have)) & 255);
  return out;
}
