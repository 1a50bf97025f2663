/** Says why no encoding takes a statement's operands: which operand, and what would be accepted. */
import { addressText } from './address';
import { cpuName } from './cpu';
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
      if (op.set) return `\`${op.name}+${op.set - 1}\` (a set of ${op.set} registers)`;
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

/** What the operand at `position` may be in these forms, in words: "a 16- or 32-bit register, byte memory or a number". */
function expected(forms: Form[], position: number): string {
  const general = new Set<number>();
  const memory = new Set<number>();
  const fixed = new Set<string>();
  const other = new Set<string>();
  let anyMemory = false;
  for (const form of forms) {
    const slot = form.slots[position];
    if (slot.place === 'rel') other.add('a jump target');
    else if (slot.place === 'far') other.add('a far address (segment:offset)');
    else if (slot.immediate) other.add(slot.immediate === 'one' ? 'the number 1' : 'a number');
    else if (slot.only !== undefined) fixed.add(fixedName(slot));
    else if (slot.register && /^r\d+$/.test(slot.register)) general.add(Number(slot.register.slice(1)));
    else if (slot.register) other.add(describeClass(slot.register));
    if (slot.memory && slot.vector) other.add(`memory indexed by ${describeClass(slot.vector)}`);
    else if (slot.memory && form.anySize) anyMemory = true;
    else if (slot.memory) memory.add(form.memorySize);
  }
  const words: string[] = [];
  for (const name of fixed) if (!general.has(findRegister(name)?.size ?? -1)) words.push(`\`${name}\``);
  if (general.size > 0) {
    const sizes = [...general].sort((a, b) => a - b);
    const names = sizes.map((size, k) => (k === sizes.length - 1 ? `${size}-bit` : `${size}-`));
    words.push(`${sizes[0] === 8 ? 'an' : 'a'} ${or(names)} register`);
  }
  words.push(...other);
  const sizes = [...memory].filter((size) => size !== 0).sort((a, b) => a - b);
  if (sizes.length > 0) words.push(`${or(sizes.map((size) => sizeNames[size]))} memory`);
  else if (anyMemory) words.push('memory');
  else if (memory.has(0)) words.push('memory without a size keyword');
  return or(words);
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

function or(words: string[]): string {
  const unique = [...new Set(words)];
  if (unique.length <= 1) return unique.join('');
  return `${unique.slice(0, -1).join(', ')} or ${unique.at(-1)}`;
}

/** The error for a statement whose mnemonic exists but whose operands suit no form. */
export function explain(statement: InstructionStatement, ctx: MatchContext): EncodeError {
  const name = statement.mnemonic;
  const all = formsOf(name) ?? [];
  const mode = ctx.bits === 16 ? 1 : ctx.bits === 32 ? 2 : 4;
  const here = all.filter((f) => f.modes & mode);
  const forms = here.length > 0 ? here : all;
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
  if (ops.filter((op) => op.kind === 'memory').length > 1) {
    return {
      code: 'operand-kind',
      message: `\`${name}\` cannot have two memory operands; go through a register`,
    };
  }
  // The first operand that no form accepts even in another size.
  for (let i = 0; i < ops.length; i++) {
    if (same.some((f) => fit(f.slots[i], f, ops[i], ctx) !== Fit.No)) continue;
    return {
      code: 'operand-kind',
      message: `operand ${i + 1} of \`${name}\` cannot be ${describe(ops[i])}; expected ${expected(same, i)}`,
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
    const op = ops[i];
    if (op.kind === 'immediate' && op.distance !== undefined && kinds.every((f) => f.onlyShort)) {
      return {
        code: 'jump-distance',
        message: `\`${name}\` is always short; leave \`${op.distance}\` away`,
        operand: i,
      };
    }
    return {
      code: 'operand-size',
      message: `operand ${i + 1} of \`${name}\` is ${describe(op)}; expected ${expected(kinds, i)}`,
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

/** The error when the forms that take these operands exist in other modes only. */
export function explainMode(statement: InstructionStatement, ctx: MatchContext): EncodeError {
  const { mnemonic: name, operands: ops } = statement;
  const mode = ctx.bits === 16 ? 1 : ctx.bits === 32 ? 2 : 4;
  const here = (formsOf(name) ?? []).filter((f) => f.modes & mode && f.slots.length === ops.length);
  const good = (f: Form, i: number) => [Fit.Yes, Fit.Unsized].includes(fit(f.slots[i], f, ops[i], ctx));
  // The operand to blame is the one whose kind is right and size is not; failing that, any that stands alone.
  for (let k = 0; k < 2 * ops.length; k++) {
    const i = k % ops.length;
    const others = here.filter(
      (f) =>
        ops.every((_, other) => other === i || good(f, other)) &&
        (k >= ops.length || fit(f.slots[i], f, ops[i], ctx) === Fit.Size),
    );
    if (others.length === 0) continue;
    return {
      code: 'mode',
      message: `in ${ctx.bits}-bit mode operand ${i + 1} of \`${name}\` cannot be ${describe(ops[i])}; expected ${expected(others, i)}`,
      operand: i,
    };
  }
  const what = ops.length === 0 || here.length === 0 ? `\`${name}\`` : `this form of \`${name}\``;
  return { code: 'mode', message: `${what} does not exist in ${ctx.bits}-bit mode` };
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
    message: `the size of [${text}] is not known; write ${or(names)} before it`,
    operand,
  };
}

/** The encodings in `forms` would do, but the directive `cpu` asks for an older processor. */
export function explainCpu(
  statement: InstructionStatement,
  forms: readonly Form[],
  cpu: number,
): EncodeError {
  const needed = cpuName(Math.min(...forms.map((f) => f.cpu)));
  const what = statement.operands.length === 0 ? '' : ' with these operands';
  return {
    code: 'cpu',
    message: `\`${statement.mnemonic}\`${what} needs \`cpu ${needed}\` or later; \`cpu ${cpuName(cpu)}\` holds here`,
  };
}
