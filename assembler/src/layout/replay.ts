import { Reporter } from '../diagnostics';
import type { Expression } from '../parse/expression';
import type { Token } from '../text/token';
import { runDirective } from './directives';
import { assembleInstruction } from './instruction';
import type { Layout } from './layout';
import { Act, isSettled, type Program, type Size, type Step } from './program';
import { assembleStatement, type ReadBinary } from './statement';
import type { Definition } from './symbols';

/** Steps between two questions whether to go on. */
const CANCEL_INTERVAL = 8192;

/** Steps that count as much as a token, as a power of two. */
const STEPS_PER_TOKEN = 3;

/**
 * A pass that only asks for sizes: lays out a recorded program with the symbol
 * values of the pass before, as a whole pass would, but writes no bytes, no
 * diagnostics and no source map. False when the preprocessor would now read
 * other lines, when there is too much work, or when it was cancelled: only a
 * whole pass can go on. Yields every few milliseconds.
 */
export function* replay(
  program: Program,
  layout: Layout,
  pass: number,
  readBinary: ReadBinary,
  cancelled: () => boolean,
  /** Work that one pass may do, in tokens. */
  limit: number,
): Generator<void, boolean> {
  const reporter = new Reporter();
  const { symbols } = layout;
  layout.records.frame = () => undefined;
  const before = program.spent;
  program.spent += program.steps.length >> STEPS_PER_TOKEN;
  layout.spend = (tokens) => {
    program.spent += tokens;
    if (program.spent - before > limit) layout.stopped = true;
  };
  layout.begin(pass, reporter);
  if (program.generation !== symbols.generation) bind(program, layout);
  symbols.keepsPlaces = true;
  // Only a question can make a pass worthless.
  symbols.undo = program.asks ? [] : undefined;
  try {
    const { steps } = program;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i];
      switch (step.act) {
        case Act.Room:
        case Act.Settled:
          layout.section.offset += step.length;
          break;
        case Act.Label:
          if (step.symbol) symbols.move(step.symbol, layout.section.offset, layout.section);
          break;
        case Act.Constant:
          if (step.symbol) symbols.keep(step.symbol);
          break;
        case Act.Distance:
          if (!distance(step, layout)) whole(step, layout, readBinary);
          break;
        case Act.Branch:
          branch(step, layout);
          break;
        case Act.Sized:
          sized(step, layout);
          break;
        case Act.Question:
          if (!sameAnswer(step, layout)) {
            symbols.rollback();
            return false;
          }
          break;
        default:
          yield* whole(step, layout, readBinary) ?? [];
      }
      if (layout.stopped || (i % CANCEL_INTERVAL === 0 && cancelled())) {
        symbols.rollback();
        return false;
      }
      if (i % CANCEL_INTERVAL === CANCEL_INTERVAL - 1) yield;
    }
    symbols.end();
    return true;
  } finally {
    symbols.undo = undefined;
  }
}

/** Looks up the symbols of the steps; they are others when some were dropped meanwhile. */
export function bind(program: Program, layout: Layout): void {
  const { table } = layout.symbols;
  for (const step of program.steps) {
    if (step.symbol && step.act !== Act.Branch) step.symbol = table.get(step.symbol.name);
    if (step.act === Act.Distance) step.distance.from = table.get(step.distance.name);
    else if (step.act === Act.Branch) step.symbol = table.get(step.jump.name);
    else if (step.act === Act.Sized) step.size.symbols = step.size.names.map((n) => table.get(n));
  }
  program.generation = layout.symbols.generation;
}

/** Gives an `equ` that is `$` minus a label its value; false when it is none of this section any more. */
export function distance(step: Step, layout: Layout): boolean {
  const { section, symbols } = layout;
  const { from } = step.distance;
  if (!step.symbol || from?.base !== section) return false;
  symbols.assign(step.symbol, BigInt(section.offset - from.offset));
  return true;
}

/** NASM's choice between the two forms (see layout/instruction.ts). */
export function isNear(step: Step, layout: Layout): boolean {
  const { section } = layout;
  const { jump } = step;
  let distance = step.symbol!.offset + jump.addend - (section.offset + step.length);
  if (!jump.wide) distance = (distance << 16) >> 16;
  return distance < -128 || distance > 127 || (layout.growing && layout.grown.has(jump.ordinal));
}

function branch(step: Step, layout: Layout): void {
  const { section } = layout;
  const { jump } = step;
  const target: Definition | undefined = step.symbol;
  if (target?.base === section) {
    const near = isNear(step, layout);
    if (near && layout.growing) layout.grown.add(jump.ordinal);
    section.offset += near ? jump.near : step.length;
  } else if (target || layout.symbols.externals.has(jump.name)) section.offset += jump.near;
}

function sized(step: Step, layout: Layout): void {
  const { section } = layout;
  const { size } = step;
  if (!size.restless && !changedSince(size.stamp, size)) {
    section.offset += step.length;
    return;
  }
  const start = section.offset;
  layout.parent = step.parent;
  layout.mark();
  const { statement } = step;
  layout.lastInstruction = undefined;
  try {
    if (statement.body.kind === 'instruction') assembleInstruction(layout, statement, statement.body, 1);
    if (layout.lastInstruction && isSettled(layout.lastInstruction)) step.act = Act.Settled;
  } catch {
    // The last pass says what is wrong.
  }
  step.length = section.offset - start;
  size.stamp = layout.symbols.stamp;
}

/** Has any symbol changed since then? */
function changedSince(stamp: number, { symbols }: Size): boolean {
  for (const symbol of symbols!) if (!symbol || symbol.changed > stamp) return true;
  return false;
}

/** Are the bytes of the recorded pass still right: do they come from numbers alone, and have these not changed? */
export function isSame({ length, first, size }: Step): boolean {
  if (length !== first || size.restless || changedSince(size.made, size)) return false;
  return size.symbols!.every((symbol) => symbol!.base === undefined);
}

/** Is the answer to the preprocessor's question still the same? */
export function sameAnswer(step: Step, layout: Layout): boolean {
  layout.parent = step.parent;
  layout.mark();
  try {
    const value = layout.evaluator.linear(step.source as Expression, true);
    return value.terms.length === 0 && value.unknown === 0 && value.value === step.answer;
  } catch {
    return false;
  }
}

/** Assembles a step's statement, or does what its directive says. */
export function runStep(
  step: Step,
  layout: Layout,
  readBinary: ReadBinary,
): Generator<void, void> | undefined {
  if (step.act !== Act.Directive) return assembleStatement(layout, step.statement, readBinary);
  runDirective(layout, step.source as readonly Token[]);
  return undefined;
}

function whole(step: Step, layout: Layout, readBinary: ReadBinary): Generator<void, void> | undefined {
  layout.parent = step.parent;
  layout.mark();
  try {
    const rest = runStep(step, layout, readBinary);
    return rest && quiet(rest);
  } catch {
    // The last pass says what is wrong.
    return undefined;
  }
}

function* quiet(rest: Generator<void, void>): Generator<void, void> {
  try {
    yield* rest;
  } catch {
    // The last pass says what is wrong.
  }
}
