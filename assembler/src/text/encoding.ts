/**
 * NASM reads bytes; we read characters. A source is taken for UTF-8, and a byte
 * that belongs to no character (Latin-1, code page 437) becomes the lone
 * surrogate U+DC00 + byte, which no UTF-8 text can hold. So every text turns
 * back into the bytes it came from, wherever it ends up: in data, in names of
 * symbols, in listings. A byte-order mark is three bytes like others, as in NASM.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** A lone surrogate that stands for a byte. */
const ESCAPED = /(?<![\ud800-\udbff])[\udc80-\udcff]/;

/** How many bytes the UTF-8 character at `at` has; 0 when there is none. */
function lengthAt(data: Uint8Array, at: number): number {
  const first = data[at];
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let i = 1; i < length; i++) if ((data[at + i] & 0xc0) !== 0x80) return 0;
  const second = data[at + 1];
  // Overlong forms, surrogates and what lies beyond U+10FFFF (Unicode 15, table 3-7).
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0;
  return length;
}

/** The text of a file. */
export function decodeText(data: Uint8Array): string {
  try {
    return strict.decode(data);
  } catch {
    let text = '';
    let from = 0;
    for (let at = 0; at < data.length; ) {
      const length = lengthAt(data, at);
      if (length === 0) {
        text += strict.decode(data.subarray(from, at)) + String.fromCharCode(0xdc00 + data[at]);
        from = at + 1;
      }
      at += length || 1;
    }
    return text + strict.decode(data.subarray(from));
  }
}

/** The bytes that {@link decodeText} made `text` of. */
export function encodeText(text: string): Uint8Array {
  if (!ESCAPED.test(text)) return encoder.encode(text);
  const parts = text.split(new RegExp(`(${ESCAPED.source})`));
  const bytes: number[] = [];
  parts.forEach((part, i) => {
    if (i % 2 === 1) bytes.push(part.charCodeAt(0) - 0xdc00);
    else for (const b of encoder.encode(part)) bytes.push(b);
  });
  return Uint8Array.from(bytes);
}
