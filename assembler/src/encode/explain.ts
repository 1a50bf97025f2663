/** Says why no encoding takes a statement's operands: which operand, and what would be accepted. */
import { addressText } from './address';
import type { Form, Slot } from './form';
import { Fit, fit, type MatchContext } from './match';
import { describeClass, findRegister } from './registers';
import type { EncodeError, InstructionStatement, Operand } from './statement';
import { formsOf } from './table';

const sizeNames: Record<number, string> = {
  8: 'byte',
  16: 'word',
  32: 'dword',
  64: 'qword',
  80: 'tword',
  128: 'oword',
  256: 'yword',
  512: 'zword',
};

/** An operand as the programmer sees it: "`ax` (a 16-bit register)". */
function describe(op: Operand): string {
  switch (op.kind) {
    case 'register': {
      const reg = findRegister(op.name);
      return reg ? `\`${op.name}\` (${describeClass(reg.class)})` : `\`${op.name}\``;
    }
    case 'immediate': {
      const distance = op.distance ? `${op.distance} ` : '';
      return op.size ? `a ${distance}${sizeNames[op.size]} number` : `a ${distance}number`;
    }
    case 'memory': {
      const far = op.distance ? `${op.distance} ` : '';
      return `${op.size ? `${sizeNames[op.size]} ` : ''}${far}memory [${addressText(op)}]`;
    }
    case 'far':
      return 'a far address';
  }
}

function sizeOf(op: Operand): number | undefined {
  if (op.kind === 'register') return findRegister(op.name)?.size || undefined;
  return op.kind === 'far' ? undefined : op.size;
}

function describeSlot(slot: Slot, form: Form): string[] {
  if (slot.place === 'rel') return ['a jump target'];
  if (slot.place === 'far') return ['a far address (segment:offset)'];
  if (slot.immediate) return [slot.immediate === 'one' ? 'the number 1' : 'a number'];
  const out: string[] = [];
  if (slot.register) {
    const only = slot.only;
    if (only === undefined) out.push(describeClass(slot.register));
    else out.push(`\`${fixedName(slot)}\``);
  }
  if (slot.memory) out.push(form.memorySize ? `${sizeNames[form.memorySize]} memory` : 'memory');
  return out;
}

const accumulators: Record<string, string[]> = {
  r8: ['al', 'cl', 'dl', 'bl'],
  r16: ['ax', 'cx', 'dx', 'bx'],
  r32: ['eax', 'ecx', 'edx', 'ebx'],
  r64: ['rax', 'rcx', 'rdx', 'rbx'],
  segment: ['es', 'cs', 'ss', 'ds', 'fs', 'gs'],
  x87: ['st0'],
};

function fixedName(slot: Slot): string {
  return accumulators[slot.register ?? '']?.[slot.only ?? 0] ?? `register ${slot.only}`;
}

function list(words: string[]): string {
  const unique = [...new Set(words)];
  if (unique.length <= 1) return unique.join('');
  return `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`;
}

/** The error for a statement whose mnemonic exists but whose operands suit no form. */
export function explain(statement: InstructionStatement, ctx: MatchContext): EncodeError {
  const name = statement.mnemonic;
  const forms = formsOf(name) ?? [];
  const ops = statement.operands;
  const counts = [...new Set(forms.map((f) => f.slots.length))].sort();
  const same = forms.filter((f) => f.slots.length === ops.length);
  if (same.length === 0) {
    const takes =
      counts.length === 1 && counts[0] === 0
        ? 'no operands'
        : `${counts.join(' or ')} operand${counts.at(-1) === 1 ? '' : 's'}`;
    return { code: 'operand-count', message: `\`${name}\` takes ${takes}, not ${ops.length}` };
  }
  // The first operand that no form accepts even in another size.
  for (let i = 0; i < ops.length; i++) {
    if (same.some((f) => fit(f.slots[i], f, ops[i], ctx) !== Fit.No)) continue;
    const expected = list(same.flatMap((f) => describeSlot(f.slots[i], f)));
    return {
      code: 'operand-kind',
      message: `operand ${i + 1} of \`${name}\` cannot be ${describe(ops[i])}; expected ${expected}`,
      operand: i,
    };
  }
  // Right kinds, wrong sizes.
  const kinds = same.filter((f) => ops.every((op, i) => fit(f.slots[i], f, op, ctx) !== Fit.No));
  if (kinds.length > 0) return sizeError(statement, kinds, ctx);
  return {
    code: 'operand-combination',
    message: `\`${name}\` does not take ${ops.map(describe).join(' with ')}; it takes ${variants(same)}`,
  };
}

function variants(forms: Form[]): string {
  const texts = [...new Set(forms.map((f) => `\`${f.text.toLowerCase()}\``))];
  return texts.length > 6 ? `${texts.slice(0, 6).join(', ')} …` : texts.join(', ');
}

function sizeError(statement: InstructionStatement, kinds: Form[], ctx: MatchContext): EncodeError {
  const { mnemonic: name, operands: ops } = statement;
  for (let i = 0; i < ops.length; i++) {
    if (kinds.some((f) => fit(f.slots[i], f, ops[i], ctx) !== Fit.Size)) continue;
    const expected = list(kinds.flatMap((f) => describeSlot(f.slots[i], f)));
    return {
      code: 'operand-size',
      message: `operand ${i + 1} of \`${name}\` is ${describe(ops[i])}; expected ${expected}`,
      operand: i,
    };
  }
  const sized = ops.map((op, i) => ({ op, i, size: sizeOf(op) })).filter((o) => o.size !== undefined);
  const [a, b] = sized;
  if (a && b && a.size !== b.size) {
    return {
      code: 'operand-size',
      message: `\`${name}\` cannot take ${describe(a.op)} and ${describe(b.op)}; both must have the same size`,
      operand: b.i,
    };
  }
  return {
    code: 'operand-size',
    message: `the operand sizes of \`${name}\` do not go together: ${ops.map(describe).join(', ')}; it takes ${variants(kinds)}`,
  };
}

/** The error when memory needs a size keyword. */
export function explainMissingSize(statement: InstructionStatement): EncodeError {
  const operand = statement.operands.findIndex((o) => o.kind === 'memory');
  const op = statement.operands[operand];
  const text = op?.kind === 'memory' ? addressText(op) : '';
  const forms = formsOf(statement.mnemonic) ?? [];
  const sizes = [
    ...new Set(forms.filter((f) => f.slots.length === statement.operands.length).map((f) => f.memorySize)),
  ];
  const names = sizes
    .filter((s) => s)
    .sort((a, b) => a - b)
    .map((s) => `\`${sizeNames[s]}\``);
  return {
    code: 'size-missing',
    message: `the size of [${text}] is not known; write ${list(names)} before it`,
    operand,
  };
}
