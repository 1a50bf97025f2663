/**
 * Makes templates: what the lifter answers for one shape of instruction
 * (lift/shape.ts), as words and which of them change with displacement,
 * immediate and place. Nothing is known here about instructions. The lifter is
 * asked about samples, and a rule counts only if it explains every word of
 * every sample; otherwise there is no template.
 */
import type { Lifter } from './block';
import { SHAPE_WINDOW, Shape, Value } from './shape';

/** A value that is added to a word. */
export interface FixUp {
  word: number;
  value: Value;
}

/** Micro-ops of one instruction, for every displacement and immediate that its shape allows. */
export interface Template {
  words: Int32Array;
  fixUps: FixUp[];
  ending: Ending;
}

/** Whether a block goes on after an instruction. */
export const enum Ending {
  NONE,
  /** The instruction has ended it. */
  ENDED,
  /** It has to be ended. */
  CALLED,
}

/** What the lifter's last instruction means for its block. */
export function endingOf(lifter: Lifter): Ending {
  return lifter.ended ? Ending.ENDED : lifter.called ? Ending.CALLED : Ending.NONE;
}

/** Numbers that lift functions might treat as special, besides ordinary ones, by size. Zero is the last one. */
const SAMPLES: { [bytes: number]: readonly number[] } = {
  0: [0],
  1: [0x55, -1, 1, -128, 127, 8, -8, 4, -4, 2, -2, -0x2d, 16, 31, 32, 63, 64, 0],
  2: [0x5a5a, -1, 1, -0x8000, 0x7fff, 8, -8, 4, -4, 2, -2, -0x2bcd, 0x100, 0xff, 0x80, 31, 16, 0],
  4: [
    0x5a6b7c8d, -1, 1, -0x80000000, 0x7fffffff, 8, -8, 4, -4, 2, -2, -0x2bcdef01, 0x10000, 0xffff, 0xff, 63,
    32, 0,
  ],
};

/** So that displacement and immediate are special independently. */
const STRIDE = 5;

/** Between two samples; a little more than the longest instruction, and odd. */
const SPACING = 17;

/** The order in which rules are tried. */
const VALUES = [
  Value.DELTA,
  Value.TARGET,
  Value.DISPLACEMENT,
  Value.DISPLACEMENT_HIGH,
  Value.IMMEDIATE,
  Value.IMMEDIATE8,
  Value.IMMEDIATE16,
  Value.IMMEDIATE_HIGH,
] as const;

/** One sample: what was put in, what came out. */
interface Sample {
  values: Int32Array;
  words: Int32Array;
  ending: Ending;
}

/**
 * The template for the instruction that `shape` has just read at `at`, or
 * undefined when there is none.
 */
export function makeTemplate(
  lifter: Lifter,
  shape: Shape,
  bytes: Uint8Array,
  at: number,
  mode: number,
): Template | undefined {
  const samples = takeSamples(lifter, shape, bytes.subarray(at, at + shape.length), mode);
  if (!samples) return undefined;
  const [first, ...rest] = samples;
  const { words, ending } = first;
  if (rest.some((s) => s.words.length !== words.length || s.ending !== ending)) return undefined;
  const fixUps: FixUp[] = [];
  const constants = words.slice();
  for (let word = 0; word < words.length; word++) {
    if (rest.every((s) => s.words[word] === words[word])) continue;
    const value = VALUES.find((v) => {
      const constant = (words[word] - first.values[v]) | 0;
      return rest.every((s) => ((s.words[word] - s.values[v]) | 0) === constant);
    });
    if (value === undefined) return undefined;
    constants[word] -= first.values[value];
    fixUps.push({ word, value });
  }
  return { words: constants, fixUps, ending };
}

/** Lifts the instruction with other displacements and immediates, each at another place. */
function takeSamples(
  lifter: Lifter,
  shape: Shape,
  instruction: Uint8Array,
  mode: number,
): Sample[] | undefined {
  const { length, head, displacementBytes, immediateBytes, key0, key1, key2 } = shape;
  const zero = instruction.subarray(head, head + displacementBytes).every((byte) => byte === 0);
  const displacements = SAMPLES[zero ? 0 : displacementBytes] ?? SAMPLES[4];
  const immediates = SAMPLES[immediateBytes] ?? SAMPLES[4];
  const count = Math.max(2, displacements.length, immediates.length);
  const bytes = new Uint8Array(count * SPACING + SHAPE_WINDOW);
  const view = new DataView(bytes.buffer);
  const put = (at: number, size: number, list: readonly number[], choices: number, n: number): void => {
    for (let i = 0; i < Math.min(size, 4); i++) bytes[at + i] = list[n % choices] >> (8 * i);
    if (size === 8) view.setInt32(at + 4, list[(n * STRIDE + 1) % choices], true);
  };
  for (let n = 0; n < count; n++) {
    const at = n * SPACING;
    bytes.set(instruction, at);
    put(at + head, displacementBytes, displacements, zero ? 1 : displacements.length - 1, n);
    put(at + head + displacementBytes, immediateBytes, immediates, immediates.length, n * STRIDE + 3);
  }

  const samples: Sample[] = [];
  const again = new Shape();
  lifter.open(bytes, mode);
  try {
    for (let n = 0; n < count; n++) {
      const at = n * SPACING;
      again.values[Value.DELTA] = at;
      if (!again.read(bytes, view, at, bytes.length, mode)) return undefined;
      if (again.key0 !== key0 || again.key1 !== key1 || again.key2 !== key2) return undefined;
      lifter.ir.reset();
      if (lifter.next(at) !== length || !lifter.valid) return undefined;
      samples.push({ values: again.values.slice(), words: lifter.ir.finish(), ending: endingOf(lifter) });
    }
  } finally {
    lifter.close();
  }
  return samples;
}
