/** Encodes one statement: prefixes, candidate forms, the first whose values fit. */
import { advise } from './advice';
import { onlyWithPrefix } from './dialect';
import { emit } from './emit';
import { explain, explainCpu, explainMissingSize, explainMode } from './explain';
import type { Form, Slot } from './form';
import { valueFits } from './immediate';
import { type MatchContext, select } from './match';
import { combinePrefixes } from './prefixes';
import type {
  EncodeContext,
  EncodeError,
  EncodeResult,
  ImmediateOperand,
  InstructionStatement,
} from './statement';

function failed(error: EncodeError): EncodeResult {
  return { ok: false, error };
}

/** The operand that is a branch target, if any form has one. */
function branchTarget(forms: Form[], statement: InstructionStatement): ImmediateOperand | undefined {
  const at = forms[0].slots.findIndex((s) => s.place === 'rel');
  const op = at < 0 ? undefined : statement.operands[at];
  return op?.kind === 'immediate' ? op : undefined;
}

/** Has the statement anything that only EVEX can encode? */
function isDecorated(s: InstructionStatement): boolean {
  return (
    s.rounding !== undefined ||
    s.operands.some(
      (o) =>
        (o.kind === 'register' || o.kind === 'memory') &&
        (o.mask !== undefined || o.zeroing || (o.kind === 'memory' && o.broadcast !== undefined)),
    )
  );
}

function isShort(form: Form): boolean {
  return form.slots.some((s) => s.place === 'rel' && s.bytes === 1);
}

function valuesFit(form: Form, statement: InstructionStatement, optimize: 0 | 1 | undefined): boolean {
  for (let i = 0; i < form.slots.length; i++) {
    const op = statement.operands[i];
    if (op.kind !== 'immediate' || !form.slots[i].immediate) continue;
    if (!valueFits(form.slots[i], op)) return false;
    if (optimize !== undefined && isShortened(form.slots[i], op, optimize)) return false;
  }
  return true;
}

function isAllRegisters({ operands }: InstructionStatement): boolean {
  return operands.every((o) => o.kind === 'register');
}

/** Is this a short form of an immediate that -O0 or -O1 does not look for? */
function isShortened(slot: Slot, op: ImmediateOperand, optimize: 0 | 1): boolean {
  if (slot.immediate === 'fits-u32' || slot.immediate === 'fits-s32') return true;
  return slot.immediate === 'sign8' && optimize === 0 && op.size !== 8;
}

/** `lea eax,5` means `lea eax,[5]`. */
function withAddress(s: InstructionStatement): InstructionStatement {
  const op = s.operands[1];
  if (op?.kind !== 'immediate' || s.operands.length !== 2) return s;
  return {
    ...s,
    operands: [s.operands[0], { kind: 'memory', scale: 1, displacement: op.value, size: op.size }],
  };
}

/**
 * The bytes NASM would give for the statement, or an error that says which
 * operand is wrong and what was expected. Never throws.
 */
export function encode(source: InstructionStatement, context: EncodeContext): EncodeResult {
  const statement = source.mnemonic === 'lea' ? withAddress(source) : source;
  const prefixes = combinePrefixes(statement.prefixes, context.bits);
  if ('code' in prefixes) return failed(prefixes);
  const match: MatchContext = {
    bits: context.bits,
    defaultRel: context.defaultRel,
    addressPrefix: prefixes.addressSize,
    cpu: context.cpu,
  };
  const selection = select(statement, match);
  if (!selection)
    return failed({ code: 'mnemonic', message: `there is no instruction \`${statement.mnemonic}\`` });
  switch (selection.failure) {
    case 'operands':
      return failed(explain(statement, match));
    case 'size-missing':
      return failed(explainMissingSize(statement));
    case 'mode':
      return failed(explainMode(statement, match));
    case 'cpu':
      return failed(explainCpu(statement, selection.forms, context.cpu!));
    default:
  }
  let forms = selection.forms;
  if (!prefixes.encoding && onlyWithPrefix.has(statement.mnemonic)) {
    return failed({
      code: 'prefix',
      message: `\`${statement.mnemonic}\` has to be written with a prefix: \`{vex} ${statement.mnemonic}\``,
    });
  }
  const encoding = prefixes.encoding;
  if (encoding) {
    const spaces = {
      evex: ['evex'],
      rex: ['legacy', '3dnow'],
      vex: ['vex', 'xop'],
      vex2: ['vex'],
      vex3: ['vex', 'xop'],
    };
    forms = forms.filter((f) => spaces[encoding].includes(f.space));
    if (forms.length === 0) {
      return failed({
        code: 'prefix',
        message: `\`${statement.mnemonic}\` with these operands has no {${encoding}} encoding`,
      });
    }
  }
  if (isDecorated(statement)) {
    forms = forms.filter((f) => f.space === 'evex');
    if (forms.length === 0) {
      return failed({
        code: 'evex',
        message: `\`${statement.mnemonic}\` with these operands takes no {…} decorations`,
      });
    }
  }
  if (statement.rounding !== undefined && statement.roundingAt !== undefined) {
    const usual = statement.operands.filter((o) => o.kind !== 'immediate').length;
    const right = forms.filter((f) => (f.roundingAt ?? usual) === statement.roundingAt);
    if (right.length === 0) {
      const place = forms[0].roundingAt ?? usual;
      return failed({
        code: 'rounding',
        message: `{${statement.rounding}} stands behind operand ${place} of \`${statement.mnemonic}\``,
        operand: place - 1,
      });
    }
    forms = right;
  }
  const target = branchTarget(forms, statement);
  if (target) return encodeBranch(forms, target, statement, context, prefixes);
  let firstError: EncodeError | undefined;
  for (const form of forms) {
    if (!valuesFit(form, statement, context.optimize)) continue;
    // Lock elision knows stores with ModRM only (NASM's flag NOHLE).
    if (prefixes.elided && form.slots[0]?.place === 'moffs') continue;
    if (form.optimised && context.optimize !== undefined && isAllRegisters(statement)) continue;
    const result = emit(form, statement, context, prefixes);
    if ('bytes' in result) {
      return {
        ok: true,
        encoding: { bytes: result.bytes, fields: result.fields },
        warnings: advise(form, statement, context, prefixes, result.warnings),
      };
    }
    firstError ??= result;
    // What is wrong with the mode is not mended by EVEX.
    if (result.code === 'mode') break;
  }
  return failed(
    firstError ?? {
      code: 'immediate-range',
      message: `no form of \`${statement.mnemonic}\` can carry this value`,
    },
  );
}

/** Relative branches: short where the target is known to be near enough, else the mode's near form. */
function encodeBranch(
  forms: Form[],
  target: ImmediateOperand,
  statement: InstructionStatement,
  context: EncodeContext,
  prefixes: Exclude<ReturnType<typeof combinePrefixes>, EncodeError>,
): EncodeResult {
  const short = forms.find(isShort);
  const near = forms.find((f) => !isShort(f));
  const both = short !== undefined && near !== undefined;
  // Conditional jumps reach far only since the 386; before, NASM jumps over a `jmp`.
  const hops = short !== undefined && !near && (short.opcode & 0xf0) === 0x70 && !target.distance;
  if (short && ((!both && !hops) || (context.minimumBranch === 'short' && target.value.address))) {
    const result = emit(short, statement, context, prefixes);
    if ('bytes' in result) {
      return {
        ok: true,
        encoding: { bytes: result.bytes, fields: result.fields, branch: both || hops ? 'short' : undefined },
        warnings: advise(short, statement, context, prefixes, result.warnings),
      };
    }
    if ((!both && !hops) || result.code !== 'jump-range') return failed(result);
  }
  if (hops) return hop(short, target, statement, context);
  const result = emit(near as Form, statement, context, prefixes);
  if (!('bytes' in result)) return failed(result);
  return {
    ok: true,
    encoding: { bytes: result.bytes, fields: result.fields, branch: both ? 'near' : undefined },
    warnings: advise(near as Form, statement, context, prefixes, result.warnings),
  };
}

/** A conditional jump of processors before the 386 to a far target: the opposite jump over a near `jmp`. */
function hop(
  short: Form,
  target: ImmediateOperand,
  statement: InstructionStatement,
  context: EncodeContext,
): EncodeResult {
  const jump = encode(
    { mnemonic: 'jmp', prefixes: statement.prefixes, operands: [{ ...target, distance: 'near' }] },
    { ...context, address: context.address + 2n, minimumBranch: 'near' },
  );
  if (!jump.ok) return jump;
  const { bytes, fields } = jump.encoding;
  return {
    ok: true,
    encoding: {
      bytes: Uint8Array.of(short.opcode ^ 1, bytes.length, ...bytes),
      fields: fields?.map((f) => ({ ...f, offset: f.offset + 2 })),
      branch: 'near',
    },
    warnings: jump.warnings,
  };
}
