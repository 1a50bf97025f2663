import type { Expansion, StrucEntry } from '../api';
import { MAX_EXPANSION } from '../limits';
import type { Frame, MultiMacro } from '../preprocess/state';
import type { SourceLine } from '../text/source';
import type { Section } from './section';

/** A line's place in the source, as the map tells it. */
export interface Place {
  file: number;
  line: number;
  expansion: Expansion | undefined;
}

/** The macro bodies around a line of a frame, innermost first. Shared: a bomb must not fill memory with them. */
function expansionOf(frame: Frame, line: SourceLine): Expansion {
  const known = frame.expansions?.get(line);
  if (known) return known;
  const list: Expansion = [];
  let within: SourceLine | undefined = line;
  for (let f = frame; f !== frame.origin && f.parent && list.length < MAX_EXPANSION; f = f.parent) {
    if (f.kind !== 'macro') continue;
    if (within && within.file.index >= 0) list.push(stepOf(f.call!.macro, within));
    within = f.parent.line;
  }
  frame.expansions ??= new Map();
  frame.expansions.set(line, list);
  return list;
}

/** One line of a macro's body. */
function stepOf(macro: MultiMacro, line: SourceLine): Expansion[number] {
  macro.steps ??= new Map();
  let step = macro.steps.get(line);
  if (!step) {
    step = { file: line.file.index, line: line.number, macro: macro.name };
    if (macro.nolist) step.hidden = true;
    macro.steps.set(line, step);
  }
  return step;
}

/** Finds the outermost call of the line in work, and the macro bodies on the way. */
export function placeOf(frame: Frame, fileIndex: (path: string) => number): Place {
  const { line } = frame.origin;
  const inside = frame !== frame.origin && frame.line ? expansionOf(frame, frame.line) : undefined;
  const expansion = inside && inside.length > 0 ? inside : undefined;
  const { renumbered } = frame.top;
  const number = line?.number ?? 1;
  const file = line?.file.index ?? 0;
  if (!renumbered || number < renumbered.from) return { file, line: number, expansion };
  return {
    file: renumbered.name === undefined ? file : fileIndex(renumbered.name),
    line: renumbered.to + (number - renumbered.from) * renumbered.step,
    expansion,
  };
}

/** Bytes of one section that one line made. */
export interface LineRecord {
  section: Section;
  offset: number;
  length: number;
  file: number;
  line: number;
  code: boolean;
  bits: 16 | 32 | 64;
  expansion: Expansion | undefined;
}

/** Numbers of one record: section, offset, length, file, line, bits with {@link CODE}. */
const WIDTH = 6;
const CODE = 1;

/** Places of records, without the expansions. */
interface Table {
  numbers: Int32Array;
  count: number;
  expansions: Map<number, Expansion>;
}

const emptyTable = (): Table => ({ numbers: new Int32Array(WIDTH * 1024), count: 0, expansions: new Map() });

/** Which line made which bytes, in the order in which they were made. */
export class LineRecords {
  #table = emptyTable();
  /** The records of the first pass, while they are put where their bytes are now. */
  #before: Table | undefined;
  readonly #sections: Section[] = [];
  readonly #indexes = new Map<Section, number>();
  /** Set by whoever drives the pass: tells the line in work. */
  frame: () => Frame | undefined = () => undefined;
  fileIndex: (path: string) => number = () => 0;
  /** Instead of the line in work. */
  #place: Place | undefined;

  /** How many there are. */
  get count(): number {
    return this.#table.count;
  }

  /** The records of the last pass; data that follows directly on one line is one of them. */
  get list(): LineRecord[] {
    const list: LineRecord[] = [];
    let last: LineRecord | undefined;
    for (let i = 0; i < this.#table.count; i++) {
      const record = this.#at(i);
      if (record.length === 0) continue;
      if (last && follows(last, record)) last.length += record.length;
      else {
        list.push(record);
        last = record;
      }
    }
    return list;
  }

  #at(index: number): LineRecord {
    const { numbers, expansions } = this.#table;
    const at = index * WIDTH;
    const flags = numbers[at + 5];
    return {
      section: this.#sections[numbers[at]],
      offset: numbers[at + 1],
      length: numbers[at + 2],
      file: numbers[at + 3],
      line: numbers[at + 4],
      code: (flags & CODE) !== 0,
      bits: (flags >> 1) as LineRecord['bits'],
      expansion: expansions.get(index),
    };
  }

  begin(): void {
    this.#table.count = 0;
    this.#table.expansions.clear();
    this.#place = undefined;
  }

  /** Adds bytes of the line in work. */
  add(section: Section, offset: number, length: number, code: boolean, bits: 16 | 32 | 64): void {
    const flags = (bits << 1) | (code ? CODE : 0);
    const place = this.#place;
    if (place) {
      this.#push(section, offset, length, place.file, place.line, flags, place.expansion);
      return;
    }
    const frame = this.frame();
    if (!frame) return;
    if (frame.kind === 'file' && !frame.renumbered) {
      const { line } = frame;
      this.#push(section, offset, length, line?.file.index ?? 0, line?.number ?? 1, flags, undefined);
      return;
    }
    const { file, line, expansion } = placeOf(frame, this.fileIndex);
    this.#push(section, offset, length, file, line, flags, expansion);
  }

  #push(
    section: Section,
    offset: number,
    length: number,
    file: number,
    line: number,
    flags: number,
    expansion: Expansion | undefined,
  ): void {
    const table = this.#table;
    const at = table.count * WIDTH;
    if (at === table.numbers.length) {
      const larger = new Int32Array(at * 2);
      larger.set(table.numbers);
      table.numbers = larger;
    }
    if (expansion) table.expansions.set(table.count, expansion);
    const { numbers } = table;
    numbers[at] = this.#indexOf(section);
    numbers[at + 1] = offset;
    numbers[at + 2] = length;
    numbers[at + 3] = file;
    numbers[at + 4] = line;
    numbers[at + 5] = flags;
    table.count++;
  }

  #indexOf(section: Section): number {
    let index = this.#indexes.get(section);
    if (index === undefined) {
      index = this.#sections.push(section) - 1;
      this.#indexes.set(section, index);
    }
    return index;
  }

  /** Sets the records of this pass aside, for {@link place} and {@link put}. */
  keep(): void {
    this.#before = this.#table;
    this.#table = emptyTable();
  }

  /** What is added from now on was made by the line of this earlier record. */
  place(index: number): void {
    const { numbers, expansions } = this.#before!;
    const at = index * WIDTH;
    this.#place = { file: numbers[at + 3], line: numbers[at + 4], expansion: expansions.get(index) };
  }

  /** Adds an earlier record as it was, `by` bytes further on. */
  put(index: number, section: Section, by: number): void {
    const { numbers, expansions } = this.#before!;
    const at = index * WIDTH;
    this.#push(
      section,
      numbers[at + 1] + by,
      numbers[at + 2],
      numbers[at + 3],
      numbers[at + 4],
      numbers[at + 5],
      expansions.get(index),
    );
  }
}

/** Is `next` data that directly follows the data `last` on the same line? */
function follows(last: LineRecord, next: LineRecord): boolean {
  return (
    !next.code &&
    !last.code &&
    !next.expansion &&
    !last.expansion &&
    last.section === next.section &&
    last.offset + last.length === next.offset &&
    last.line === next.line &&
    last.file === next.file &&
    last.bits === next.bits
  );
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
