/**
 * Rows written by hand, for EVEX instructions that NASM has and iced-x86 has
 * not, or has differently. A row is one string:
 *
 *     <order> <operands> <prefix>.<map>.<W>.<opcode> <tuple> <traits>
 *
 * Order: where the operands go, as in NASM's manual: `r` ModRM.reg, `v` VEX.vvvv, `m` ModRM.rm, `i` an immediate.
 * Operands: `V` a vector of the full length, `H` of half, `Q` of a quarter of it, `X` always xmm, `K` a mask, `P` two, `G32` a
 * general register, `W` as V but an xmm register for 256 bits; `V=16` where the size of memory in bits is not the vector's; `M16` memory only; `X-` a
 * register only. `z` or `k` behind the first: it takes `{k1}{z}` or `{k1}`.
 * Rows with V, H or Q stand for the three lengths; the others ignore the length.
 * Tuple (SDM vol. 2, 2.7.5): `fv2` full vector with broadcast of 2 bytes, `hv2`, `qv2`; `1s` one element; `-` none.
 * Traits: `er`, `sae` (of three lengths the last has it). `!`: the processor reads these bytes differently.
 */
import { LEVELS } from '../cpu';
import { type EvexTraits, type Form, type Place, type Slot, USUAL } from '../form';
import type { RegisterClass } from '../registers';
import { handTable } from './fp16';

const vectors = ['xmm', 'ymm', 'zmm'] as const;
const prefixes: Record<string, number> = { np: 0, 66: 0x66, f3: 0xf3, f2: 0xf2 };
const places: Record<string, Place> = { r: 'reg', v: 'vvvv', m: 'rm', i: 'imm' };

/** The register of an operand letter at a length (0 to 2) and the bits it has. */
function registerOf(letter: string, length: number): [RegisterClass, number] {
  if (letter === 'K' || letter === 'P') return ['mask', 64];
  if (letter.startsWith('G')) return [`r${letter.slice(1)}` as RegisterClass, Number(letter.slice(1))];
  if (letter === 'W') return [length === 1 ? 'xmm' : vectors[length], 128 << length];
  const shorter = { V: 0, H: 1, Q: 2, X: 2 }[letter] ?? 0;
  return [vectors[Math.max(0, length - shorter)], letter === 'X' ? 128 : (128 << length) >> shorter];
}

/** N of disp8×N, as NASM computes it. */
function scales(tuple: string, w: number, length: number): [number, number] {
  const broadcast = w ? 8 : 4;
  switch (tuple.slice(0, 2)) {
    case 'fv':
      return [16 << length, broadcast];
    case 'hv':
      return [8 << length, 4];
    case 'qv':
      return [4 << length, 4 << length];
    case '1s':
      return [broadcast, broadcast];
    default:
      return [1, 1];
  }
}

function row(mnemonic: string, text: string, length: number, code: number): Form {
  const [order, operands, encoding, tuple, ...traits] = text.split(' ');
  const [prefix, map, w, opcode] = encoding.split('.');
  const [scale, broadcastScale] = scales(tuple, Number(w), length);
  const three = /[VHQW]/.test(operands);
  const last = !three || length === 2;
  const broadcastBytes = three && tuple.length === 3 ? Number(tuple[2]) : 0;
  let memorySize = 0;
  let natural = 0;
  const slots: Slot[] = operands.split(',').map((operand, i) => {
    const place = places[order[i]];
    if (operand === 'i')
      return { place, memory: false, bytes: 1, immediate: 'plain', immediateSize: 8 } satisfies Slot;
    const m = /^([VHQWXKPM]|G\d+)(-?)(\d*)(?:=(\d+))?[zk]?$/.exec(operand)!;
    const [register, bits] = registerOf(m[1], length);
    const memory = place === 'rm' && m[2] === '';
    if (memory) {
      memorySize = Number(m[4] ?? (m[1] === 'M' ? m[3] : bits));
      natural = three ? bits : memorySize;
    }
    const set = m[1] === 'P' ? 2 : undefined;
    return { place, register: m[1] === 'M' ? undefined : register, memory, set, bytes: 0, immediateSize: 0 };
  });
  const evex: EvexTraits = {
    mask: /[zk](,|$)/.test(operands),
    maskRequired: false,
    zeroing: /z(,|$)/.test(operands),
    broadcastBytes,
    rounding: last && traits.includes('er'),
    sae: last && traits.includes('sae'),
    scale,
    broadcastScale,
    misscaled: scale * 8 !== natural,
    broadcastMisscaled: broadcastScale !== broadcastBytes,
  };
  return {
    ...USUAL,
    code,
    slots,
    space: 'evex',
    map: Number(map),
    prefix: prefixes[prefix],
    opcode: Number.parseInt(opcode, 16),
    hasModRm: true,
    w: Number(w),
    l: three ? length : 0,
    cpu: LEVELS.indexOf('future'),
    memorySize,
    rank: 30,
    evex,
    misread: traits.includes('!'),
    text: `${mnemonic} ${slots.map((s) => [s.register, s.memory ? `m${memorySize}` : '', s.immediate ? 'imm8' : ''].filter((x) => x).join('/')).join(', ')}`,
  };
}

/** The forms of a mnemonic's hand-written rows, with the code of Intel's instruction in iced-x86; and whether they stand instead of iced-x86's EVEX rows. */
export function handRows(mnemonic: string, code: number): { forms: Form[]; instead: boolean } | undefined {
  if (!Object.hasOwn(handTable, mnemonic)) return undefined;
  const all = handTable[mnemonic];
  const instead = !all.startsWith('+');
  const forms = (instead ? all : all.slice(1)).split('; ').flatMap((text) => {
    const lengths = /^\w+ \S*[VHQ]/.test(text) ? [0, 1, 2] : [0];
    return lengths.map((length) => row(mnemonic, text, length, code));
  });
  return { forms, instead };
}
