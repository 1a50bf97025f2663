/** Writes a statement as NASM source: the test's own words, independent of the parser. */
import type { InstructionStatement, MemoryOperand, Operand, Value } from '../../assembler/src/encode';

/** Where every instruction of the test stands in our encoder; `$` in NASM. */
export const here = 0x100000n;
/** A label in a section of its own, so that its value does not depend on the code around it. */
export const label = 0x12345678n;
/** What NASM needs before the first line to know {@link label}. */
export const labelSource = 'section .far vstart=0x12345678 nobits\nlab: resb 1\nsection .text';

const sizes: Record<number, string> = {
  8: 'byte',
  16: 'word',
  32: 'dword',
  64: 'qword',
  80: 'tword',
  128: 'oword',
  256: 'yword',
  512: 'zword',
};

function value(v: Value): string {
  if (v.address) {
    if (v.value === label) return 'lab';
    const distance = v.value - here;
    return distance < 0n ? `$-${-distance}` : `$+${distance}`;
  }
  const n = BigInt.asIntN(64, v.value);
  return n < 0n ? `-0x${(-n).toString(16)}` : `0x${n.toString(16)}`;
}

function memory(m: MemoryOperand): string {
  const parts: string[] = [];
  if (m.base) parts.push(m.base);
  if (m.index) parts.push(m.scale === 1 && !m.nosplit ? m.index : `${m.index}*${m.scale}`);
  let text = parts.join('+');
  if (m.displacement) {
    const d = value(m.displacement);
    text = text === '' ? d : d.startsWith('-') ? text + d : `${text}+${d}`;
  }
  const words = [
    m.nosplit ? 'nosplit' : '',
    m.displacementSize ? sizes[m.displacementSize] : '',
    m.relative === undefined ? '' : m.relative ? 'rel' : 'abs',
    (m.segment ? `${m.segment}:` : '') + text,
  ];
  const before = [m.size ? sizes[m.size] : '', m.distance ?? ''];
  return `${[...before, `[${words.filter((w) => w).join(' ')}]`].filter((w) => w).join(' ')}${decorations(m)}`;
}

function decorations(o: { mask?: string; zeroing?: boolean; broadcast?: number }): string {
  return `${o.mask ? `{${o.mask}}` : ''}${o.zeroing ? '{z}' : ''}${o.broadcast ? `{1to${o.broadcast}}` : ''}`;
}

function operand(op: Operand): string {
  switch (op.kind) {
    case 'register':
      return `${op.to ? 'to ' : ''}${op.size ? `${sizes[op.size]} ` : ''}${op.name}${decorations(op)}`;
    case 'immediate':
      return [op.strict ? 'strict' : '', op.distance ?? '', op.size ? sizes[op.size] : '', value(op.value)]
        .filter((w) => w)
        .join(' ');
    case 'memory':
      return memory(op);
    case 'far':
      return `${op.size ? `${sizes[op.size]} ` : ''}${value(op.segment)}:${value(op.offset)}`;
  }
}

/** The statement as one line of NASM source. */
export function print(s: InstructionStatement): string {
  const ops = s.operands.map(operand);
  // The rounding stands after the registers, before an immediate.
  if (s.rounding) ops.splice(s.operands.at(-1)?.kind === 'immediate' ? -1 : ops.length, 0, `{${s.rounding}}`);
  return [...s.prefixes, s.mnemonic, ops.join(',')].filter((w) => w).join(' ');
}
