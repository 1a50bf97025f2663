import { Complaint } from '../diagnostics';
import type { MemoryOperand, Operand, RegisterOperand, Value } from '../encode/statement';
import type { Base, Evaluator, Hint, Linear } from './evaluate';
import type { MemorySyntax, OperandSyntax } from './statement';

/** Turns a linear form without registers into the encoder's number. */
export type ToValue = (linear: Linear) => Value;

const ADDRESS_REGISTER =
  /^(?:[er]?(?:ax|bx|cx|dx|si|di|bp|sp)|r(?:8|9|1[0-5]|[12]\d|3[01])[dw]?|[xyz]mm\d+|rip|eip)$/;

const isVector = (name: string) => name.charCodeAt(1) === 0x6d && /^[xyz]mm/.test(name);

const addressable = new Map<string, boolean>();

/** Can the register be part of an address? */
function isAddressable(name: string): boolean {
  let is = addressable.get(name);
  if (is === undefined) {
    is = ADDRESS_REGISTER.test(name);
    addressable.set(name, is);
  }
  return is;
}

/** Splits the register terms off a linear form, by their names in ASCII as in NASM's vectors. */
function registersOf(linear: Linear): { name: string; factor: number }[] {
  const registers: { name: string; factor: number }[] = [];
  for (const t of linear.terms)
    if (typeof t.key === 'string') registers.push({ name: t.key, factor: t.factor });
  if (registers.length > 1) registers.sort((a, b) => (a.name < b.name ? -1 : 1));
  return registers;
}

function withoutRegisters(linear: Linear): Linear {
  const terms = linear.terms.filter((t) => typeof t.key !== 'string');
  return terms.length === linear.terms.length ? linear : { ...linear, terms };
}

/** The only base of an address, if the form is one; undefined for pure numbers. */
export function baseOf(linear: Linear): Base | undefined {
  const term = linear.terms[0];
  return linear.terms.length === 1 && term.factor === 1 && typeof term.key !== 'string'
    ? term.key
    : undefined;
}

/** Evaluates an operand into the encoder's form. */
export function makeOperand(syntax: OperandSyntax, evaluator: Evaluator, toValue: ToValue): Operand {
  if (syntax.made) return syntax.made;
  const operand = makePlain(syntax, evaluator, toValue);
  if (syntax.decorators) decorate(operand, syntax);
  if (syntax.fixed) syntax.made = operand;
  return operand;
}

/** Is the operand only a rounding decoration, such as `{rn-sae}`? */
export function isRounding(syntax: OperandSyntax): boolean {
  return syntax.value === undefined && syntax.memory === undefined && syntax.decorators !== undefined;
}

/** Applies `{k1}`, `{z}` and `{1to8}`. */
function decorate(operand: Operand, syntax: OperandSyntax): void {
  for (const word of syntax.decorators ?? []) {
    const broadcast = /^1to(\d+)$/.exec(word);
    if ((operand.kind === 'register' || operand.kind === 'memory') && /^k[0-7]$/.test(word))
      operand.mask = word;
    else if ((operand.kind === 'register' || operand.kind === 'memory') && word === 'z')
      operand.zeroing = true;
    else if (operand.kind === 'memory' && broadcast) operand.broadcast = Number(broadcast[1]);
    else
      throw new Complaint(
        'decoration-invalid',
        `\`{${word}}\` cannot decorate this operand`,
        syntax.first,
        syntax.last,
      );
  }
}

/** `zmm4+3`, the four registers from zmm4 on (V4FMADDPS, SDM vol. 2); a number must be one less than a power of two. */
function registerSet(value: Linear): RegisterOperand | undefined {
  const [term] = value.terms;
  if (value.terms.length !== 1 || term.factor !== 1 || typeof term.key !== 'string') return undefined;
  const set = Number(value.value) + 1;
  if (![1, 2, 4, 8, 16].includes(set)) return undefined;
  const register: RegisterOperand = { kind: 'register', name: term.key };
  if (set > 1) register.set = set;
  return register;
}

function makePlain(syntax: OperandSyntax, evaluator: Evaluator, toValue: ToValue): Operand {
  const { size, strict, distance } = syntax;
  if (syntax.memory) return makeMemory(syntax.memory, evaluator, toValue, syntax);
  const e = syntax.value;
  if (!e) return { kind: 'register', name: '' };
  if (syntax.offset) {
    const segment = toValue(evaluator.linear(e));
    return { kind: 'far', segment, offset: toValue(evaluator.linear(syntax.offset)), size, distance };
  }
  if (e.kind === 'register') {
    const register: RegisterOperand = { kind: 'register', name: e.name, size };
    if (syntax.to) register.to = true;
    return register;
  }
  const value = evaluator.linear(e);
  if (value.terms.some((t) => typeof t.key === 'string')) {
    const set = registerSet(value);
    if (set) return { ...set, size };
    throw new Complaint(
      'register-expression',
      'registers can only be added up inside `[…]`',
      syntax.first,
      syntax.last,
    );
  }
  return { kind: 'immediate', value: toValue(value), size, strict, distance };
}

interface Pair {
  base?: string;
  index?: string;
  scale: number;
}

/** Which register is base and which index, as NASM's `parse_mref` sees it before optimising. */
function split(registers: { name: string; factor: number }[], syntax: OperandSyntax): Pair {
  if (registers.length > 2) {
    throw new Complaint(
      'address-registers',
      'an effective address has at most two registers',
      syntax.first,
      syntax.last,
    );
  }
  const pair: Pair = { scale: 1 };
  for (const { name, factor } of registers) {
    if (factor === 1 && !isVector(name) && pair.base === undefined) pair.base = name;
    else if (pair.index === undefined) {
      pair.index = name;
      pair.scale = factor;
    } else {
      throw new Complaint(
        'address-index',
        'an effective address has only one scaled register',
        syntax.first,
        syntax.last,
      );
    }
  }
  return pair;
}

/** `[base,index*scale]`. */
function pairOf(registers: { name: string; factor: number }[], first: Linear, syntax: OperandSyntax): Pair {
  const inFirst = registersOf(first).length;
  if (inFirst === registers.length) return split(registers, syntax);
  const { base, index } = split(registers.slice(0, inFirst), syntax);
  const second = registers[inFirst];
  if (index !== undefined || registers.length > inFirst + 1) return split(registers, syntax);
  return { base, index: second.name, scale: second.factor };
}

const is16 = (name: string | undefined) => name === 'bx' || name === 'bp' || name === 'si' || name === 'di';

/**
 * NASM's choices between equal addresses (assemble.c, `process_ea`): the
 * register written first is the base; `eax*2`, `eax*3|5|9` split into base and
 * index unless `nosplit`; the stack pointer is never an index.
 */
function choose(pair: Pair, hint: Hint, nosplit: boolean): Pair {
  let { base, index, scale } = pair;
  if (is16(base) || is16(index)) {
    if (base === 'si' || base === 'di' || base === undefined) {
      if (index === undefined || index === 'bx' || index === 'bp') [base, index] = [index, base];
    }
    if (base === undefined && index !== undefined && scale === 1) [base, index] = [index, undefined];
    return { base, index, scale };
  }
  if (base && index && scale === 1 && base !== index && !isVector(index)) {
    const swap =
      (hint.register === base && hint.kind === 'not-base') ||
      (hint.register === index && hint.kind === 'base');
    if (swap) [base, index] = [index, base];
  }
  if (!base && index && !isVector(index)) {
    const twice = scale === 2 && (!nosplit || hint.kind === 'summed');
    if (twice || scale === 3 || scale === 5 || scale === 9) {
      if (!(twice && /^[er]?sp$/.test(index))) {
        base = index;
        scale--;
      }
    } else if (scale === 1) [base, index] = [index, undefined];
  }
  if (base && !index && nosplit && hint.kind !== 'summed' && !/^[er]?sp$/.test(base)) {
    [index, base, scale] = [base, undefined, 1];
  }
  if (index && base && scale === 1 && /^[er]?sp$/.test(index)) [base, index] = [index, base];
  return { base, index, scale };
}

function makeMemory(
  memory: MemorySyntax,
  evaluator: Evaluator,
  toValue: ToValue,
  syntax: OperandSyntax,
): MemoryOperand {
  const hint: Hint = {};
  const linear = evaluator.linear(memory.value, false, hint);
  let registers = registersOf(linear);
  if (memory.second) {
    const second = registersOf(evaluator.linear(memory.second));
    registers = registers.concat(second);
  }
  const wrong = registers.find((r) => !isAddressable(r.name));
  if (wrong) {
    throw new Complaint(
      'address-register',
      `\`${wrong.name}\` cannot be used in an effective address`,
      syntax.first,
      syntax.last,
    );
  }
  // Behind a comma stands the index, which remains one.
  const apart = memory.second !== undefined;
  const pair = apart ? pairOf(registers, linear, syntax) : split(registers, syntax);
  const chosen = apart ? pair : choose(pair, hint, memory.nosplit ?? false);
  const { base, index, scale } = chosen;
  if (scale !== 1 && scale !== 2 && scale !== 4 && scale !== 8) {
    throw new Complaint(
      'address-scale',
      `an index can be scaled by 1, 2, 4 or 8, not by ${scale}`,
      syntax.first,
      syntax.last,
    );
  }
  const rest = withoutRegisters(linear);
  const none = registers.length > 0 && rest.value === 0n && rest.terms.length === 0 && !rest.unknown;
  return {
    kind: 'memory',
    base,
    index,
    scale,
    displacement: none && memory.displacementSize === undefined ? undefined : toValue(rest),
    displacementSize: memory.displacementSize,
    segment: memory.segment,
    relative: memory.relative,
    nosplit: apart || memory.nosplit,
    size: syntax.size,
    strict: syntax.strict,
    distance: syntax.distance,
  };
}
