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
export class LineRecord {
  section!: Section;
  offset = 0;
  length = 0;
  file = 0;
  line = 0;
  code = false;
  bits: 16 | 32 | 64 = 16;
  expansion: Expansion | undefined;
}

/** Which line made which bytes. The records are written over in every pass, so passes leave no garbage. */
export class LineRecords {
  readonly #list: LineRecord[] = [];
  #count = 0;
  /** Set by whoever drives the pass: tells the line in work. */
  frame: () => Frame | undefined = () => undefined;
  fileIndex: (path: string) => number = () => 0;

  /** The records of the last pass. */
  get list(): LineRecord[] {
    return this.#list.slice(0, this.#count);
  }

  begin(): void {
    this.#count = 0;
  }

  /** Adds bytes of the line in work; data that follows directly is joined. */
  add(section: Section, offset: number, length: number, code: boolean, bits: 16 | 32 | 64): void {
    const frame = this.frame();
    if (!frame) return;
    let file: number;
    let line: number;
    let expansion: Expansion | undefined;
    if (frame.kind === 'file' && !frame.renumbered) {
      file = frame.line?.file.index ?? 0;
      line = frame.line?.number ?? 1;
    } else ({ file, line, expansion } = placeOf(frame, this.fileIndex));
    if (!code && !expansion && this.#count > 0) {
      const last = this.#list[this.#count - 1];
      const follows = last.section === section && last.offset + last.length === offset;
      if (
        follows &&
        last.line === line &&
        last.file === file &&
        !last.code &&
        !last.expansion &&
        last.bits === bits
      ) {
        last.length += length;
        return;
      }
    }
    const record = (this.#list[this.#count++] ??= new LineRecord());
    record.section = section;
    record.offset = offset;
    record.length = length;
    record.file = file;
    record.line = line;
    record.code = code;
    record.bits = bits;
    record.expansion = expansion;
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
