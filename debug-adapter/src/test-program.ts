import { assemble } from '@hyperstep/assembler';
import { type Program, SourceIndex } from './sources/source-index';

/** For tests: assembles texts, the first of which is the main source, and expects no complaint. */
export function program(files: Record<string, string>, kind: Program['kind'] = 'host'): Program {
  const [main] = Object.keys(files);
  const provider = {
    read: (path: string) => (path in files ? new TextEncoder().encode(files[path]) : undefined),
  };
  const { image, map, diagnostics } = assemble({ main, files: provider, includePaths: ['/'] });
  if (!image) throw new Error(diagnostics.map((d) => `${d.range.line}: ${d.message}`).join('\n'));
  return { name: main, kind, map, image };
}

/** For tests: an index whose contexts all see the first program's image. */
export function indexOf(...programs: Program[]): SourceIndex {
  return new SourceIndex(programs, (_context, address, length) => bytesAt(programs[0], address, length));
}

/** Bytes of a program's image by address. */
export function bytesAt(from: Program, address: bigint, length: number): Uint8Array {
  const { image, map } = from;
  const first = map.sections[0].vstart;
  const start = Number(address - first);
  return start < 0 ? new Uint8Array() : image!.slice(start, start + length);
}
