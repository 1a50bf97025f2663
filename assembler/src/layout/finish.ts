import type { Reporter } from '../diagnostics';
import type { Layout } from './layout';
import { Act, type Program, type Step } from './program';
import { bind, distance, isNear, isSame, runStep, sameAnswer } from './replay';
import type { Section } from './section';
import type { ReadBinary } from './statement';

/** Steps between two questions whether to go on. */
const CANCEL_INTERVAL = 8192;

/**
 * The last pass without the preprocessor: puts the bytes of the recorded pass
 * where they belong now, and assembles again what depends on symbols. It can
 * say nothing about the source: as soon as there is anything to say, when the
 * preprocessor would read other lines, or when it was cancelled, it answers
 * false, and only a whole pass can go on. The recorded pass must have said
 * nothing, too (see {@link Program.bytes}). Yields every few milliseconds.
 */
export function* finish(
  program: Program,
  layout: Layout,
  pass: number,
  reporter: Reporter,
  readBinary: ReadBinary,
  cancelled: () => boolean,
): Generator<void, boolean> {
  const { symbols, records } = layout;
  layout.spend = () => {};
  layout.visible = (token) => token;
  layout.begin(pass, reporter);
  symbols.keepsPlaces = true;
  if (program.generation !== symbols.generation) bind(program, layout);
  const places = new Map<Section, number>();
  let record = 0;
  let fixup = 0;
  const { steps } = program;
  /** Puts down `length` bytes that the recorded pass had at `at`, `by` bytes further on. */
  const copy = (step: Step, length: number, at: number, by: number) => {
    const { section } = layout;
    for (let k = 0; k < step.records; k++) records.put(record + k, section, by);
    const bytes = program.bytes!.get(section)!;
    if (section.nobits) section.reserve(length);
    else if (length > 0) section.append(bytes.subarray(at, at + length));
  };
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i];
    const { section } = layout;
    const at = places.get(section) ?? 0;
    // Bytes of the recorded pass go `by` bytes further on.
    const by = section.offset - at;
    let took = step.first;
    let again = false;
    switch (step.act) {
      case Act.Room:
        took = step.length;
        copy(step, took, at, by);
        for (let k = 0; k < step.fixups; k++)
          if (!program.fixups.apply(fixup++, section, by, symbols)) return false;
        break;
      case Act.Label:
        if (!step.symbol) return false;
        symbols.move(step.symbol, section.offset, section);
        break;
      case Act.Constant:
        if (!step.symbol) return false;
        symbols.keep(step.symbol);
        break;
      case Act.Distance:
        if (!distance(step, layout)) return false;
        break;
      case Act.Question:
        if (!sameAnswer(step, layout)) return false;
        break;
      case Act.Sized:
        if (isSame(step)) copy(step, took, at, by);
        else again = true;
        break;
      case Act.Branch:
        records.place(record);
        again = !jump(step, layout);
        break;
      default:
        again = true;
    }
    if (again) {
      if (step.records > 0) records.place(record);
      if (!(yield* assembled(step, layout, readBinary)) || reporter.reports > 0) return false;
    }
    record += step.records;
    if (took > 0) places.set(section, at + took);
    if (layout.stopped || (i % CANCEL_INTERVAL === 0 && cancelled())) return false;
    if (i % CANCEL_INTERVAL === CANCEL_INTERVAL - 1) yield;
  }
  symbols.end();
  return true;
}

/** Puts down a jump whose form the passes before have found; false when it has to be assembled. */
function jump(step: Step, layout: Layout): boolean {
  const { section } = layout;
  const { opcodes, addend, wide } = step.jump;
  const target = step.symbol;
  if (!opcodes || section.nobits || target?.base !== section) return false;
  const start = section.offset;
  const near = isNear(step, layout);
  const opcode = near ? opcodes.near : opcodes.short;
  const width = near ? (layout.bits === 16 ? 2 : 4) : 1;
  const length = opcode.length + width;
  const to = target.offset + addend - (start + length);
  if (wide && to !== (to | 0)) return false;
  section.append(opcode);
  section.reserve(width);
  section.patch(start + opcode.length, width, to);
  layout.records.add(section, start, length, true, layout.bits);
  return true;
}

function* assembled(step: Step, layout: Layout, readBinary: ReadBinary): Generator<void, boolean> {
  layout.parent = step.parent;
  layout.mark();
  try {
    const rest = runStep(step, layout, readBinary);
    if (rest) yield* rest;
    return true;
  } catch {
    // The whole pass says what is wrong.
    return false;
  }
}
