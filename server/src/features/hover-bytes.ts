import type { SourceLine } from '@hyperstep/assembler';
import { decodeForm } from '../knowledge/instructions';
import type { View } from './lookup';

/** Bytes of a line shown before it says how many more there are. */
const MAX_BYTES = 24;

/** Address and bytes that a line has become. */
export function bytesLine(seen: View, path: string, line: SourceLine): string {
  const { program } = seen;
  void program.current;
  const entries = program.entries(path, line.number);
  if (entries.length === 0) return '';
  const total = entries.reduce((sum, e) => sum + e.length, 0);
  const bytes: string[] = [];
  for (const entry of entries) {
    const data = program.bytesOf(entry);
    for (const byte of data ?? []) {
      if (bytes.length >= MAX_BYTES) break;
      bytes.push(byte.toString(16).padStart(2, '0').toUpperCase());
    }
  }
  const more = total > bytes.length && bytes.length > 0 ? ` … ${total} bytes` : '';
  const content = bytes.length > 0 ? `\`${bytes.join(' ')}\`${more}` : `${total} bytes reserved`;
  const form =
    entries.length === 1 && entries[0].code ? encodedForm(program.bytesOf(entries[0]), entries[0].bits) : '';
  return `\n\n---\n\`0x${entries[0].address.toString(16).toUpperCase()}\`: ${content}${form}`;
}

/** The encoding chosen, as the manual writes it; empty when the bytes are not one instruction. */
function encodedForm(bytes: Uint8Array | undefined, bits: 16 | 32 | 64): string {
  const form = bytes && decodeForm(bytes, bits);
  return form ? ` — \`${form.instruction}\`, \`${form.encoding}\`` : '';
}

/** The bytes of a line that has become one instruction. */
export function bytesOfOne({ program }: View, path: string, line: SourceLine): Uint8Array | undefined {
  void program.current;
  const [entry, ...more] = program.entries(path, line.number);
  return entry?.code && more.length === 0 ? program.bytesOf(entry) : undefined;
}
