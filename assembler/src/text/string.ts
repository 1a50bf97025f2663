import { encodeText } from './encoding';

/**
 * Strings are handled as "byte strings": JavaScript strings whose character
 * codes are the bytes, because NASM counts and cuts bytes.
 */

const ESCAPES: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, e: 27 };

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 of a text as a byte string. */
export function utf8(text: string): string {
  let plain = true;
  for (let i = 0; i < text.length && plain; i++) plain = text.charCodeAt(i) < 128;
  if (plain) return text;
  return byteString(encodeText(text));
}

/** The bytes of a string token, quotes and escapes resolved (NASM manual 3.4.2); undefined when it is not terminated. */
export function stringBytes(token: string): string | undefined {
  const quote = token[0];
  if (token.length < 2 || token[token.length - 1] !== quote) return undefined;
  const body = token.slice(1, -1);
  if (quote !== '`') return utf8(body);
  let out = '';
  for (let i = 0; i < body.length; ) {
    const c = body[i++];
    if (c !== '\\') {
      const point = body.codePointAt(i - 1)!;
      const whole = String.fromCodePoint(point);
      i += whole.length - 1;
      out += utf8(whole);
      continue;
    }
    if (i >= body.length) return undefined;
    const e = body[i++];
    if (ESCAPES[e] !== undefined) out += String.fromCharCode(ESCAPES[e]);
    else if (e >= '0' && e <= '7') {
      let digits = e;
      while (digits.length < 3 && body[i] >= '0' && body[i] <= '7') digits += body[i++];
      out += String.fromCharCode(Number.parseInt(digits, 8) & 0xff);
    } else if (e === 'x' || e === 'u' || e === 'U') {
      const most = e === 'x' ? 2 : e === 'u' ? 4 : 8;
      let digits = '';
      while (digits.length < most && /[0-9a-fA-F]/.test(body[i] ?? '')) digits += body[i++];
      if (digits === '') out += e;
      else {
        const value = Number.parseInt(digits, 16);
        out +=
          e === 'x'
            ? String.fromCharCode(value)
            : utf8(value > 0x10ffff ? '\ufffd' : String.fromCodePoint(value));
      }
    } else out += utf8(e);
  }
  return out;
}

/** Writes a byte string as a token that reads as the same bytes. */
export function quote(bytes: string): string {
  let plain = true;
  for (let i = 0; i < bytes.length && plain; i++) {
    const c = bytes.charCodeAt(i);
    plain = c >= 32 && c < 127;
  }
  if (plain && !bytes.includes("'")) return `'${bytes}'`;
  if (plain && !bytes.includes('"')) return `"${bytes}"`;
  const inside = bytes.replaceAll(/[`\\]/g, '\\$&');
  return `\`${inside.replaceAll(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}\``;
}

/** A string as an integer: first character lowest, `most` at most count (NASM manual 3.4.3). */
export function stringNumber(bytes: string, most = 8): bigint {
  let value = 0n;
  for (let i = Math.min(bytes.length, most) - 1; i >= 0; i--)
    value = (value << 8n) | BigInt(bytes.charCodeAt(i));
  return value;
}

/** Converts a UTF-8 byte string to UTF-16 or UTF-32, for `__?utf16?__` and its kin (NASM manual 3.4.5); undefined when it is none. */
export function recode(bytes: string, unit: 2 | 4, bigEndian: boolean): string | undefined {
  const data = new Uint8Array(bytes.length);
  for (let i = 0; i < data.length; i++) data[i] = bytes.charCodeAt(i);
  let text: string;
  try {
    text = strict.decode(data);
  } catch {
    return undefined;
  }
  const out = new Uint8Array(text.length * unit);
  let length = 0;
  const put = (value: number) => {
    for (let i = 0; i < unit; i++) out[length++] = value >>> (8 * (bigEndian ? unit - 1 - i : i));
  };
  for (const c of text) {
    if (unit === 4) put(c.codePointAt(0)!);
    else if (c.length === 2 && bigEndian) {
      // The halves change places, too, as NASM 2.16.01 has them.
      put(c.charCodeAt(1));
      put(c.charCodeAt(0));
    } else for (let i = 0; i < c.length; i++) put(c.charCodeAt(i));
  }
  return byteString(out.subarray(0, length));
}

/** Bytes as a byte string. */
function byteString(bytes: Uint8Array): string {
  let out = '';
  for (let i = 0; i < bytes.length; i += 4096) out += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return out;
}
