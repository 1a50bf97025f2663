import type { Node } from './variables';
import type { RegisterView } from './view';

const UNKNOWN: Node[] = [{ name: 'registers', value: 'unknown while this context does not run' }];

function hexadecimal(value: bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}

// --- SSE ---------------------------------------------------------------------------------

/** A way to look at a vector: the lanes' width in bits, and their text. */
interface Lanes {
  name: string;
  bits: number;
  text: (bits: bigint) => string;
}

const view = new DataView(new ArrayBuffer(8));

function single(bits: bigint): string {
  view.setUint32(0, Number(bits));
  return String(view.getFloat32(0));
}

function double(bits: bigint): string {
  view.setBigUint64(0, bits);
  return String(view.getFloat64(0));
}

const WAYS: readonly Lanes[] = [
  { name: 'singles', bits: 32, text: single },
  { name: 'doubles', bits: 64, text: double },
  { name: 'quadwords', bits: 64, text: (b) => hexadecimal(b, 16) },
  { name: 'doublewords', bits: 32, text: (b) => hexadecimal(b, 8) },
  { name: 'words', bits: 16, text: (b) => hexadecimal(b, 4) },
  { name: 'bytes', bits: 8, text: (b) => hexadecimal(b, 2) },
];

/** The XMM registers with their lanes, lowest first, and MXCSR (SDM 1 10.2). */
export function sseNodes({ snapshot }: RegisterView): Node[] {
  const { xmm, mxcsr, mode } = snapshot();
  if (!xmm || mxcsr === undefined) return UNKNOWN;
  const registers = mode === '64-bit' ? xmm : xmm.slice(0, 8);
  return [
    ...registers.map((value, n) => ({
      name: `xmm${n}`,
      value: hexadecimal(value, 32),
      type: '128 bits',
      children: () =>
        WAYS.map(({ name, bits, text }) => {
          const lanes = Array.from({ length: 128 / bits }, (_, i) =>
            text(BigInt.asUintN(bits, value >> BigInt(i * bits))),
          );
          return { name, value: `{${lanes.join(', ')}}` };
        }),
    })),
    {
      name: 'mxcsr',
      value: hexadecimal(BigInt(mxcsr), 4),
      type: `${ROUNDING[(mxcsr >> 13) & 3]}; ${exceptions(mxcsr, mxcsr >> 7)}`,
    },
  ];
}

// --- x87 ---------------------------------------------------------------------------------

const ROUNDING = ['to nearest', 'down', 'up', 'toward zero'];
const PRECISION = ['24 bits', 'reserved', '53 bits', '64 bits'];
/** Exceptions in the order of their flags and masks (SDM 1 8.1.3, 10.2.3). */
const EXCEPTIONS = ['IE', 'DE', 'ZE', 'OE', 'UE', 'PE'];

/** Flags that are set, and which of them are not masked. */
function exceptions(flags: number, masks: number): string {
  const names = (bits: number): string => EXCEPTIONS.filter((_, i) => bits & (1 << i)).join(' ') || 'none';
  return `raised ${names(flags)}, not masked ${names(~masks)}`;
}

/** An 80-bit number in decimal, as exactly as a double can say it. */
export function extendedText(bits: bigint): string {
  const sign = bits >> 79n ? -1 : 1;
  const exponent = Number((bits >> 64n) & 0x7fffn);
  const significand = BigInt.asUintN(64, bits);
  if (exponent === 0x7fff) {
    if (significand === 1n << 63n) return sign < 0 ? '-Infinity' : 'Infinity';
    return significand >> 63n ? 'NaN' : 'unsupported';
  }
  if (exponent !== 0 && significand >> 63n === 0n) return 'unsupported';
  const power = Math.max(exponent, 1) - 16383 - 63;
  // In two steps, because 2^power alone may be out of a double's range while the number is not.
  const value = sign * Number(significand) * 2 ** (power >> 1) * 2 ** (power - (power >> 1));
  if ((value === 0 || !Number.isFinite(value)) && significand !== 0n)
    return `${sign < 0 ? '-' : ''}${significand} · 2^${power}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** ST(0) to ST(7) and the control and status words. */
export function x87Nodes({ snapshot }: RegisterView): Node[] {
  const { x87 } = snapshot();
  if (!x87) return UNKNOWN;
  const { st, control, status, tags } = x87;
  const codes = [14, 10, 9, 8].map((bit, i) => `C${[3, 2, 1, 0][i]}=${(status >> bit) & 1}`).join(' ');
  return [
    ...st.map((bits, i) => ({
      name: `st${i}`,
      value: bits === undefined ? 'empty' : extendedText(bits),
      type: bits === undefined ? undefined : hexadecimal(bits, 20),
    })),
    {
      name: 'control',
      value: hexadecimal(BigInt(control), 4),
      type: `${ROUNDING[(control >> 10) & 3]}, ${PRECISION[(control >> 8) & 3]}`,
    },
    {
      name: 'status',
      value: hexadecimal(BigInt(status), 4),
      type: `TOP ${(status >> 11) & 7}, ${codes}; ${exceptions(status, control)}`,
    },
    { name: 'tags', value: `0b${tags.toString(2).padStart(8, '0')}`, type: 'R7 … R0, 1 where not empty' },
  ];
}
