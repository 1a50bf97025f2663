/** What is odd about a statement that was encoded: NASM's warnings about prefixes, sizes and addresses. */
import { isAbsolute } from './address';
import type { Form } from './form';
import type { Prefixes } from './prefixes';
import { findRegister } from './registers';
import type { EncodeContext, EncodeError, InstructionStatement, MemoryOperand, Operand } from './statement';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Take `lock` where the first operand is memory (SDM vol. 2, LOCK). */
const LOCKABLE = words(
  'adc add and btc btr bts cmpxchg cmpxchg8b cmpxchg16b dec inc neg not or sbb sub xadd xchg xor',
);

/** Of those, cmpxchg16b does not begin or end lock elision. */
const ELIDABLE = new Set([...LOCKABLE].filter((m) => m !== 'cmpxchg16b'));

/** Removed from the processors after those that had them. */
const REMOVED = words('cmpxchg486 ibts loadall loadall286 smintold ud0');

/** Their byte is a number without sign. */
const UNSIGNED = words(
  'aad aam blendpd blendps bt btc btr bts cmppd cmpps cmpsd cmpss dppd dpps enter extractps extrq ' +
    'in insertps insertq int mpsadbw out palignr pblendw pcmpestri pcmpestrm pcmpistri pcmpistrm ' +
    'pextrb pextrd pextrq pextrw pinsrb pinsrd pinsrq pinsrw pslld pslldq psllq psllw psrad psraw ' +
    'psrld psrldq psrlq psrlw rcl rcr rol ror roundpd roundps roundsd roundss sal sar shl shld shr ' +
    'shrd shufpd shufps',
);

/** Adds to the warnings about `statement`, encoded as `form`. */
export function advise(
  form: Form,
  statement: InstructionStatement,
  context: EncodeContext,
  prefixes: Prefixes,
  warnings: EncodeError[],
): EncodeError[] {
  const { operands, mnemonic } = statement;
  if (statement.prefixes.length > 0) prefixed(form, statement, context, prefixes, warnings);
  for (let i = 0; i < operands.length; i++) {
    const op = operands[i];
    if (op.kind === 'memory') addressed(form, op, i, context, prefixes, warnings);
    else if (op.kind === 'register') {
      if (op.size !== undefined) sized(op, i, warnings);
    } else if (op.kind === 'immediate' && op.value.value < 0n && form.slots[i].bytes === 1) {
      if (UNSIGNED.has(mnemonic) && op.value.value >= -256n)
        warnings.push({
          code: 'immediate-range',
          message: `${op.value.value}: \`${mnemonic}\` takes a number without sign`,
          operand: i,
        });
    }
  }
  if (REMOVED.has(mnemonic) || (mnemonic === 'pop' && isNamed(operands[0], 'cs')))
    obsolete(context, form, warnings);
  else if (mnemonic === 'pcommit')
    warnings.push({ code: 'obsolete-nop', message: '`pcommit` never existed: it does nothing' });
  return warnings;
}

function isNamed(op: Operand | undefined, name: string): boolean {
  return op?.kind === 'register' && op.name === name;
}

function obsolete(context: EncodeContext, form: Form, warnings: EncodeError[]): void {
  const still = context.cpu !== undefined && context.cpu <= form.cpu;
  warnings.push(
    still
      ? { code: 'obsolete-valid', message: 'the instruction is gone from later processors' }
      : { code: 'obsolete-removed', message: 'the instruction is gone from the processors since' },
  );
}

const SEGMENTS: Readonly<Record<number, string>> = { 38: 'es', 46: 'cs', 54: 'ss', 62: 'ds' };

function prefixed(
  form: Form,
  { mnemonic, operands, prefixes: names }: InstructionStatement,
  context: EncodeContext,
  prefixes: Prefixes,
  warnings: EncodeError[],
): void {
  const warn = (code: string, message: string) => warnings.push({ code, message });
  if (new Set(names).size < names.length) warn('prefix-repeated', 'a prefix stands there twice');
  const memory = operands[0]?.kind === 'memory';
  if (prefixes.lock && !(memory && LOCKABLE.has(mnemonic)))
    warn('prefix-lock', `\`${mnemonic}\` with these operands cannot be locked: the processor raises #UD`);
  const elision = names.find((n) => n === 'xacquire' || n === 'xrelease');
  if (elision) {
    const releases = elision === 'xrelease' && mnemonic === 'mov';
    if (!memory || !(ELIDABLE.has(mnemonic) || releases))
      warn('prefix-hle', `\`${elision}\` means nothing before \`${mnemonic}\` with these operands`);
    else if (!prefixes.lock && mnemonic !== 'xchg' && mnemonic !== 'mov')
      warn('prefix-hle', `\`${elision} ${mnemonic}\` needs \`lock\``);
  }
  const size = form.operandSize;
  const loose = mnemonic === 'nop' || mnemonic.startsWith('ret') || form.slots[0]?.place === 'rel';
  const written = prefixes.operandSize !== 0 || prefixes.operandByte;
  if (!loose && (size === 16 || size === 32) && written && prefixes.operandSize !== size)
    warn(
      'prefix-opsize',
      `the operands have ${size} bits: \`${prefixes.operandByte ? 'osp' : `o${prefixes.operandSize}`}\` counts for nothing`,
    );
  if (prefixes.bound && mnemonic === 'jmp' && form.slots[0]?.place === 'rel' && form.slots[0].bytes === 1)
    warn('prefix-bnd', 'the short jump loses its `bnd`');
  const segment = SEGMENTS[prefixes.segment];
  if (segment && context.bits === 64) warn('prefix-seg', ignored(segment));
}

function ignored(segment: string): string {
  return `the processor ignores \`${segment}\` in 64-bit mode`;
}

/** A register has the size it has. */
function sized(op: Extract<Operand, { kind: 'register' }>, operand: number, warnings: EncodeError[]): void {
  const own = /^r(8|16|32|64)$/.exec(findRegister(op.name)?.class ?? '')?.[1];
  if (own === undefined || Number(own) === op.size) return;
  warnings.push({
    code: 'regsize',
    message: `\`${op.name}\` has ${own} bits, whatever stands before it`,
    operand,
  });
}

const HALF = 0x7fffffffn;
const ALL = 0xffffffffn;

function addressed(
  form: Form,
  m: MemoryOperand,
  operand: number,
  context: EncodeContext,
  prefixes: Prefixes,
  warnings: EncodeError[],
): void {
  const warn = (code: string, message: string) => warnings.push({ code, message, operand });
  const long = context.bits === 64;
  if (m.segment !== undefined && long && m.segment !== 'fs' && m.segment !== 'gs')
    warn('prefix-seg', ignored(m.segment));
  const { displacement } = m;
  if (!isAbsolute(m)) {
    if (m.relative) warn('address-relative', 'an address with registers cannot count from `rip`');
  } else if (displacement && !displacement.forward) {
    const { address } = displacement;
    const byDefault = context.defaultRel && m.relative !== false && m.segment !== 'fs' && m.segment !== 'gs';
    if (long && !address && (m.relative || byDefault))
      warn('ea-absolute', 'a number is no place to count to from `rip`: the address is absolute');
    const cut = m.displacementSize === 64 && form.slots[operand].place !== 'moffs';
    if (m.displacementSize === 8 || cut)
      warn('ea-dispsize', 'an address without registers has a displacement of full size');
  }
  const value = displacement?.value ?? 0n;
  if (!long || value <= HALF || value > ALL || displacement!.address || prefixes.addressSize !== 0) return;
  if (form.slots[operand].place === 'moffs' || (m.base ?? m.index ?? 'r')[0] !== 'r') return;
  if (!/d$/.test(m.base ?? m.index ?? ''))
    warn('displacement-range', `0x${value.toString(16)} is negative as a displacement of 32 bits`);
}
