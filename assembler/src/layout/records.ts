import type { LineEntry, StrucEntry } from '../api';
import type { Frame } from '../preprocess/state';
import type { Section } from './section';

/** Macro bodies that produced a line, innermost first. */
type Expansion = NonNullable<LineEntry['expansion']>;

/** A line's place in the source, as the map tells it. */
export interface Place {
  file: number;
  line: number;
  expansion: Expansion | undefined;
}

/** Finds the outermost call of the line in work, and the macro bodies on the way. */
export function placeOf(frame: Frame, fileIndex: (path: string) => number): Place {
  let f: Frame = frame;
  let { line } = frame;
  let expansion: Expansion | undefined;
  while (f.kind !== 'file' && f.parent) {
    if (f.kind === 'macro') {
      if (line && line.file.index >= 0) {
        expansion ??= [];
        expansion.push({ file: line.file.index, line: line.number, macro: f.call!.macro.name });
      }
      line = f.parent.line;
    }
    f = f.parent;
  }
  const renumbered = f.renumbered;
  const number = line?.number ?? 1;
  const file = line?.file.index ?? 0;
  if (!renumbered || number < renumbered.from) return { file, line: number, expansion };
  return {
    file: renumbered.name === undefined ? file : fileIndex(renumbered.name),
    line: renumbered.to + (number - renumbered.from) * renumbered.step,
    expansion,
  };
}

interface Record extends Place {
  section: Section;
  offset: number;
  length: number;
  code: boolean;
  bits: 16 | 32 | 64;
}

/** Which line made which bytes, in one pass. */
export class LineRecords {
  readonly list: Record[] = [];
  /** Set by whoever drives the pass: the line in work. */
  current: () => Place = () => ({ file: 0, line: 0, expansion: undefined });

  /** Adds bytes of the line in work; those that follow directly are joined. */
  add(section: Section, offset: number, length: number, code: boolean, bits: 16 | 32 | 64): void {
    const place = this.current();
    const last = this.list[this.list.length - 1];
    const joins =
      last !== undefined &&
      last.section === section &&
      last.offset + last.length === offset &&
      last.file === place.file &&
      last.line === place.line &&
      last.code === code &&
      last.bits === bits &&
      last.expansion === undefined &&
      place.expansion === undefined &&
      !code;
    if (joins) last.length += length;
    else this.list.push({ ...place, section, offset, length, code, bits });
  }
}

/** The layouts of `struc` blocks, in one pass. */
export class StrucRecords {
  readonly list: StrucEntry[] = [];
  #open: { entry: StrucEntry; start: bigint } | undefined;

  /** `struc name` begins at this offset. */
  begin(name: string, start: bigint): void {
    this.#open = { entry: { name, size: 0, fields: [] }, start };
  }

  /** A label inside the block is a field. */
  label(name: string, offset: bigint | undefined): void {
    const open = this.#open;
    if (!open || offset === undefined || name === open.entry.name || name.startsWith('..@')) return;
    open.entry.fields.push({ name: name.replace(/^\./, ''), offset: Number(offset), size: 0 });
  }

  /** `endstruc`: a field lasts until the next one. */
  end(offset: bigint | undefined): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open || offset === undefined) return;
    const { entry } = open;
    entry.size = Number(offset - open.start);
    const ends = entry.fields.slice(1).map((f) => f.offset);
    ends.push(Number(offset));
    entry.fields.forEach((f, i) => {
      f.size = ends[i] - f.offset;
    });
    this.list.push(entry);
  }
}
