import { Complaint, rangeOf } from '../diagnostics';
import { encode } from '../encode';
import type { EncodeContext, EncodedField, InstructionStatement } from '../encode/statement';
import { baseOf, isRounding, makeOperand } from '../parse/operand';
import type { Body, OperandSyntax, Statement } from '../parse/statement';
import { PREFIX_BYTES } from '../parse/words';
import type { Layout } from './layout';

type Instruction = Extract<Body, { kind: 'instruction' }>;

/** What the encoding of an instruction counts as, in tokens. */
const WORK = 5;
/** The same when it makes the assembler say something. */
const WORK_SAID = 30;

/** Repetitions done in one step. */
const STEP = 4096;

/** Encodes and emits an instruction `count` times. Of very many a part is left to the steps it answers with. */
export function assembleInstruction(
  layout: Layout,
  statement: Statement,
  body: Instruction,
  count: number,
): Generator<void, void> | undefined {
  if (body.mnemonic === '') {
    layout.emit(barePrefixes(layout, body, statement), count, true, statement.first);
    return undefined;
  }
  if (body.constant) {
    const known = body.fixed;
    const mode = known && known.bits === layout.bits && known.defaultRel === layout.defaultRel;
    if (mode && layout.cpu === undefined) {
      layout.emit(known.bytes, count, true, statement.first);
      return undefined;
    }
  }
  const { said } = layout.reporter;
  const instruction = evaluate(layout, body);
  const short = minimumBranch(layout, body);
  if (body.constant) {
    const result = encodeOnce(layout, statement, body, instruction, short);
    if (!result) return undefined;
    // A line that made somebody say something will make him say it again.
    if (layout.reporter.said === said && layout.cpu === undefined)
      body.fixed = { bits: layout.bits, defaultRel: layout.defaultRel, bytes: result.bytes };
    layout.emit(result.bytes, count, true, statement.first);
    return undefined;
  }
  const repeat = (from: number, to: number): boolean => {
    for (let i = from; i < to; i++) {
      if (layout.stopped) return false;
      const before = layout.reporter.said;
      const result = encodeOnce(layout, statement, body, instruction, short);
      layout.spend(layout.reporter.said === before ? WORK : WORK_SAID, statement.first);
      if (!result) return false;
      layout.listing?.iteration(i, count);
      layout.emit(result.bytes, 1, true, statement.first, result.fields);
    }
    return true;
  };
  if (!repeat(0, Math.min(count, STEP)) || count <= STEP) return undefined;
  return (function* () {
    for (let from = STEP; from < count; from += STEP) {
      yield;
      if (!repeat(from, Math.min(count, from + STEP))) return;
    }
  })();
}

function evaluate(layout: Layout, body: Instruction): InstructionStatement {
  const instruction: InstructionStatement = {
    mnemonic: body.mnemonic,
    prefixes: body.prefixes,
    operands: [],
  };
  const { branch } = body;
  const { reporter } = layout;
  for (const syntax of body.operands) {
    const { said } = reporter;
    try {
      if (isRounding(syntax)) {
        instruction.rounding = syntax.decorators!.join('');
        instruction.roundingAt = instruction.operands.length;
      } else
        instruction.operands.push(
          makeOperand(syntax, layout.evaluator, branch ? layout.toTarget : layout.toValue),
        );
    } catch (problem) {
      throw problem instanceof Complaint && !problem.at
        ? new Complaint(problem.code, problem.message, syntax.first, syntax.last)
        : problem;
    }
    // What somebody was told of when it was made is made again.
    if (reporter.said !== said) syntax.made = undefined;
  }
  return instruction;
}

/**
 * A jump may be short only to its own section: NASM's `jmp_match` compares the
 * segments, so numbers and other sections get the near form. -O1 always takes
 * the near form; -O0 only for `jmp`.
 */
function minimumBranch(layout: Layout, body: Instruction): 'short' | 'near' {
  if (!body.branch) return 'short';
  if (layout.optimize === 1 || (layout.optimize === 0 && body.mnemonic === 'jmp')) return 'near';
  if (layout.growing && layout.grown.has(layout.ordinal)) return 'near';
  const target = body.operands[0];
  if (body.operands.length !== 1 || !target.value || target.offset || target.value.kind === 'register')
    return 'short';
  const linear = layout.evaluator.linear(target.value);
  if (linear.unknown) return 'short';
  return baseOf(linear) === layout.section ? 'short' : 'near';
}

function encodeOnce(
  layout: Layout,
  statement: Statement,
  body: Instruction,
  instruction: InstructionStatement,
  minimum: 'short' | 'near',
): { bytes: Uint8Array; fields: EncodedField[] | undefined } | undefined {
  const context: EncodeContext = {
    bits: layout.bits,
    address: layout.address(),
    defaultRel: layout.defaultRel,
    minimumBranch: minimum,
    optimize: layout.optimize,
    cpu: layout.cpu,
  };
  const result = encode(instruction, context);
  const blame = (operand: number | undefined) => {
    const syntax: OperandSyntax | undefined = operand === undefined ? undefined : body.operands[operand];
    return syntax ? rangeOf(syntax.first, syntax.last) : rangeOf(statement.first, statement.last);
  };
  if (!result.ok) {
    layout.reporter.report('error', result.error.code, result.error.message, blame(result.error.operand));
    return undefined;
  }
  for (const w of result.warnings)
    layout.reporter.report(w.note ? 'note' : 'warning', w.code, w.message, blame(w.operand));
  layout.lastInstruction = instruction;
  layout.lastBranch = result.encoding.branch;
  if (layout.growing && result.encoding.branch === 'near') layout.grown.add(layout.ordinal);
  return {
    bytes: result.encoding.bytes,
    fields: result.encoding.fields,
  };
}

/** The order in which prefixes are written: repetition, lock, segment, operand size, address size. */
function prefixOrder(prefix: string): number {
  if (prefix === 'wait') return 0;
  if (prefix === 'lock') return 2;
  if (/^[ao]/.test(prefix)) return prefix[0] === 'o' ? 4 : 5;
  return prefix.length === 2 && prefix[1] === 's' ? 3 : 1;
}

/** NASM takes prefixes standing alone; the next line continues the instruction. */
function barePrefixes(layout: Layout, body: Instruction, statement: Statement): Uint8Array {
  const bytes: number[] = [];
  if (body.prefixes.includes('lock'))
    layout.reporter.report('warning', 'prefix-lock', '`lock` alone locks nothing', rangeOf(statement.first));
  const inOrder = [...body.prefixes].sort((a, b) => prefixOrder(a) - prefixOrder(b));
  for (const prefix of inOrder) {
    const byte = PREFIX_BYTES.get(prefix);
    const size = /^([ao])(16|32|64)$/.exec(prefix);
    if (byte !== undefined) bytes.push(byte);
    else if (size) {
      const wanted = Number(size[2]);
      const natural = size[1] === 'o' && layout.bits === 64 ? 32 : layout.bits;
      if (wanted !== natural) bytes.push(size[1] === 'a' ? 0x67 : wanted === 64 ? 0x48 : 0x66);
    } else throw new Complaint('prefix-alone', `\`${prefix}\` needs an instruction`, statement.first);
  }
  return Uint8Array.from(bytes);
}
