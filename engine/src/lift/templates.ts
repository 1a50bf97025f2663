import { Mode } from '../ir/block';
import { Op, WORDS } from '../ir/ops';
import { BLOCK_WINDOW, bitnessOf, Lifter, MAX_BLOCK_INSTRUCTIONS } from './block';
import { SHAPE_WINDOW, Shape, Value } from './shape';
import { Ending, endingOf, makeTemplate } from './template-maker';
import type { Watch } from './term';

/**
 * Puts micro-ops where they are executed from, in the form they are executed in.
 * @param code the micro-ops, of which `count` words are given
 * @param start word of `to` where the first goes
 * @param index number of the first in its block
 */
export type PutCode = (code: Int32Array, count: number, to: Int32Array, start: number, index: number) => void;

/** So often a shape is lifted before it gets a template, which costs as much as ten times that. */
const MAKE_AFTER = 4;

/** An entry of the table: three words of key, then a reference. */
const ENTRY_WORDS = 4;
const TABLE_BITS = 14;
const TABLE_ENTRIES = 1 << TABLE_BITS;
/** With more in it everything is forgotten. */
const MAX_ENTRIES = TABLE_ENTRIES / 2;

/**
 * References from 1 on are places in the arena; negative ones count how often
 * the shape was seen; this one says that it has no template.
 */
const NO_TEMPLATE = -1000;

/** Words for templates. */
const ARENA_WORDS = 1 << 18;

/** A template in the arena: number of words, of fix-ups, the {@link Ending}; then the words; then two a fix-up. */
const ARENA_HEADER = 3;

/** Finds the micro-ops of instructions by their shape, and makes blocks of them. Equal to {@link Lifter}, word for word. */
export class Templates {
  /** Instructions and bytes of the last block. */
  instructions = 0;
  bytes = 0;
  private readonly shape = new Shape();
  private readonly table = new Int32Array(TABLE_ENTRIES * ENTRY_WORDS);
  private entries = 0;
  private readonly arena = new Int32Array(ARENA_WORDS);
  private arenaUsed = 1;
  private readonly lifter = new Lifter();
  private readonly sampler = new Lifter();
  private readonly end = new Int32Array(WORDS);

  /** @param put how micro-ops are stored; literals stay what they are */
  constructor(private readonly put: PutCode) {}

  /**
   * Translates a block as {@link Lifter.liftBlock} does.
   * @param bytes and view: the memory that the code is in, from `at` to `stop`
   * @param to where micro-ops go, from word `start` on
   * @param breakAt the breakpoints for which a BREAK must stand before the instruction at a distance; undefined: nowhere
   * @returns words written, or 0 when the first instruction is cut off
   */
  translate(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    stop: number,
    mode: number,
    to: Int32Array,
    start: number,
    breakAt: ((delta: number) => readonly Watch[] | undefined) | undefined,
    limit: number = MAX_BLOCK_INSTRUCTIONS,
  ): number {
    const { shape, arena } = this;
    const { values } = shape;
    const length = Math.min(stop - at, BLOCK_WINDOW);
    const end = at + length;
    // Shapes are known for 32- and 64-bit code.
    const readable = mode & (Mode.CODE32 | Mode.CODE64) ? bytes.length - SHAPE_WINDOW : -1;
    const most = Math.min(limit, MAX_BLOCK_INSTRUCTIONS);
    let opened = false;
    let out = start;
    let delta = 0;
    let instructions = 0;
    for (;;) {
      const watches = breakAt?.(delta);
      values[Value.DELTA] = delta;
      let ending: Ending;
      const known = !watches && at + delta <= readable && shape.read(bytes, view, at + delta, end, mode);
      const template = known ? this.find(bytes, at + delta, mode) : 0;
      if (template > 0) {
        const words = arena[template];
        const fixUps = arena[template + 1];
        ending = arena[template + 2];
        const from = template + ARENA_HEADER;
        for (let i = 0; i < words; i++) to[out + i] = arena[from + i];
        // An INSN carries its own number.
        to[out] |= (out - start) << (8 - 2);
        const last = from + words + fixUps * 2;
        for (let i = from + words; i < last; i += 2) to[out + arena[i]] += values[arena[i + 1]];
        out += words;
        delta += shape.length;
      } else {
        if (!opened) this.lifter.open(bytes.subarray(at, end), mode);
        opened = true;
        const { ir } = this.lifter;
        ir.reset();
        const size = this.lifter.next(delta, watches);
        if (size === 0) {
          if (instructions === 0) {
            this.lifter.close();
            return 0;
          }
          out += this.endAt(delta, mode, to, out, start);
          break;
        }
        this.put(ir.code, ir.length * WORDS, to, out, (out - start) / WORDS);
        out += ir.length * WORDS;
        ending = endingOf(this.lifter);
        delta += size;
      }
      instructions++;
      if (ending === Ending.ENDED) break;
      if (ending === Ending.CALLED || instructions >= most || delta >= length) {
        out += this.endAt(delta, mode, to, out, start);
        break;
      }
    }
    if (opened) this.lifter.close();
    this.instructions = instructions;
    this.bytes = delta;
    return out - start;
  }

  /** Ends the block with the next instruction. */
  private endAt(delta: number, mode: number, to: Int32Array, out: number, start: number): number {
    this.end[0] = Op.JUMPI | (bitnessOf(mode) << 8);
    this.end[1] = delta;
    this.put(this.end, WORDS, to, out, (out - start) / WORDS);
    return WORDS;
  }

  /** The template of the shape just read at `at`; not positive while there is none. */
  private find(bytes: Uint8Array, at: number, mode: number): number {
    const { shape, table } = this;
    const { key0, key1, key2 } = shape;
    const mixed = Math.imul(Math.imul(key0 ^ Math.imul(key1, 0x9e3779b1), 0x85ebca6b) ^ key2, 0xc2b2ae35);
    let entry = (mixed >>> (32 - TABLE_BITS)) * ENTRY_WORDS;
    for (;;) {
      const reference = table[entry + 3];
      if (reference === 0) return this.enter(entry);
      if (table[entry] === key0 && table[entry + 1] === key1 && table[entry + 2] === key2) {
        return reference > 0 ? reference : this.seen(entry, bytes, at, mode);
      }
      entry = (entry + ENTRY_WORDS) & (TABLE_ENTRIES * ENTRY_WORDS - 1);
    }
  }

  /** Notes a shape that is seen for the first time. */
  private enter(entry: number): number {
    if (this.entries >= MAX_ENTRIES) this.forget();
    else {
      const { shape, table } = this;
      this.entries++;
      table[entry] = shape.key0;
      table[entry + 1] = shape.key1;
      table[entry + 2] = shape.key2;
      table[entry + 3] = -1;
    }
    return 0;
  }

  /** Notes that a shape without template is seen again; makes the template when it is time. */
  private seen(entry: number, bytes: Uint8Array, at: number, mode: number): number {
    const { table, arena } = this;
    const reference = table[entry + 3];
    if (reference === NO_TEMPLATE) return reference;
    table[entry + 3] = reference - 1;
    if (-reference < MAKE_AFTER) return 0;
    const template = makeTemplate(this.sampler, this.shape, bytes, at, mode);
    if (!template) {
      table[entry + 3] = NO_TEMPLATE;
      return NO_TEMPLATE;
    }
    const { words, fixUps } = template;
    if (this.arenaUsed + ARENA_HEADER + words.length + fixUps.length * 2 > ARENA_WORDS) {
      this.forget();
      return 0;
    }
    const place = this.arenaUsed;
    arena[place] = words.length;
    arena[place + 1] = fixUps.length;
    arena[place + 2] = template.ending;
    let next = place + ARENA_HEADER;
    this.put(words, words.length, arena, next, 0);
    next += words.length;
    for (const { word, value } of fixUps) {
      arena[next++] = word;
      arena[next++] = value;
    }
    this.arenaUsed = next;
    table[entry + 3] = place;
    return place;
  }

  private forget(): void {
    this.table.fill(0);
    this.entries = 0;
    this.arenaUsed = 1;
  }
}
