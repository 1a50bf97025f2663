import { Mode } from '../ir/block';
import { Op, WORDS } from '../ir/ops';
import { BLOCK_WINDOW, bitnessOf, Lifter, MAX_BLOCK_INSTRUCTIONS } from '../lift/block';
import { FACTS, MODRM, SHAPE_WINDOW, Shape, Value, ZERO_DISPLACEMENT } from '../lift/shape';
import { Ending, endingOf, makeTemplate } from '../lift/template-maker';
import type { Watch } from '../lift/term';
import {
  MODRM_FACTS,
  OPCODE_FACTS,
  TEMPLATE_AREA,
  TEMPLATE_AREA_BYTES,
  TEMPLATE_ENTRY_BYTES,
  TEMPLATE_TABLE,
  TEMPLATE_TABLE_BITS,
  TemplateHeader,
  Translated,
  Translation,
} from '../wasm/layout';
import { templateHash } from '../wasm/translate';
import { storeCode } from './stored-code';

/**
 * So often a shape is lifted before it gets a template: about what that costs,
 * so that code which soon ends is at most half as fast as it could be. Without
 * a number in the instruction there is little to try out.
 */
const MAKE_AFTER = 10;
const MAKE_PLAIN_AFTER = 2;

const TABLE_ENTRIES = 1 << TEMPLATE_TABLE_BITS;
/** With more in it everything is forgotten. */
const MAX_ENTRIES = TABLE_ENTRIES / 2;

/** Room that must be left for one more. */
const MAX_TEMPLATE_BYTES = 1 << 13;

/** References from 1 on are templates; negative ones count how often the shape was seen; this one says that it has none. */
const NO_TEMPLATE = -1000;

/** wasm/translate.ts: translate(block, end, mode, start). */
export type Translate = (block: number, end: number, mode: number, start: number) => Translated;

/**
 * Makes blocks from templates, which the translator in WebAssembly finds by the
 * instructions' shapes, and templates when they are worth it. What it makes is
 * equal to {@link Lifter.liftBlock} in its stored form, word for word.
 */
export class Templates {
  /** Instructions and bytes of the last block. */
  instructions = 0;
  bytes = 0;
  private readonly i32: Int32Array;
  private readonly u8: Uint8Array;
  private readonly view: DataView;
  private readonly shape = new Shape();
  private entries = 0;
  private next = TEMPLATE_AREA;
  private readonly lifter = new Lifter();
  private readonly sampler = new Lifter();
  private readonly ending = new Int32Array(WORDS);

  constructor(
    buffer: ArrayBuffer,
    private readonly expand: Translate,
  ) {
    this.i32 = new Int32Array(buffer);
    this.u8 = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.i32.set(FACTS, OPCODE_FACTS >> 2);
    this.u8.set(MODRM, MODRM_FACTS);
    this.i32[Translation.READABLE >> 2] = buffer.byteLength - SHAPE_WINDOW;
  }

  /**
   * Translates a block as {@link Lifter.liftBlock} does.
   * @param at and stop: byte offsets of the code in the machine's memory
   * @param start byte offset where micro-ops go
   * @param breakAt the breakpoints for which a BREAK must stand before the instruction at a distance; undefined: nowhere
   * @returns words written, or 0 when the first instruction is cut off
   */
  translate(
    at: number,
    stop: number,
    mode: number,
    start: number,
    breakAt: ((delta: number) => readonly Watch[] | undefined) | undefined,
    limit: number = MAX_BLOCK_INSTRUCTIONS,
  ): number {
    const { i32 } = this;
    const most = Math.min(limit, MAX_BLOCK_INSTRUCTIONS);
    const length = Math.min(stop - at, BLOCK_WINDOW);
    const end = at + length;
    // Shapes are known for 32- and 64-bit code.
    const shaped = (mode & (Mode.CODE32 | Mode.CODE64)) !== 0;
    let opened = false;
    let delta = 0;
    let out = start;
    let left = most;
    for (;;) {
      const watches = breakAt?.(delta);
      i32[Translation.DELTA >> 2] = delta;
      i32[Translation.OUT >> 2] = out;
      if (!watches && shaped) {
        // Where breakpoints are, instruction by instruction.
        const turn = breakAt ? 1 : left;
        i32[Translation.LEFT >> 2] = turn;
        const answer = this.expand(at, end, mode, start);
        delta = i32[Translation.DELTA >> 2];
        out = i32[Translation.OUT >> 2];
        left -= turn - i32[Translation.LEFT >> 2];
        if (answer === Translated.COMPLETE) break;
        if (answer === Translated.STOPPED) {
          if (left > 0) continue;
          out = this.end(delta, mode, out, start);
          break;
        }
        if (this.learn(at, delta, end, mode)) continue;
      }
      if (!opened) this.lifter.open(this.u8.subarray(at, end), mode);
      opened = true;
      const { ir } = this.lifter;
      ir.reset();
      const size = this.lifter.next(delta, watches);
      if (size === 0) {
        if (out > start) out = this.end(delta, mode, out, start);
        break;
      }
      out = this.store(ir.code, ir.length * WORDS, out, start);
      delta += size;
      left--;
      const ending = endingOf(this.lifter);
      if (ending === Ending.ENDED) break;
      if (ending === Ending.CALLED || left === 0 || delta >= length) {
        out = this.end(delta, mode, out, start);
        break;
      }
    }
    if (opened) this.lifter.close();
    this.instructions = most - left;
    this.bytes = delta;
    return (out - start) >> 2;
  }

  /** Stores micro-ops of a block at byte offset `out`; returns where the next ones go. */
  private store(code: Int32Array, words: number, out: number, start: number): number {
    storeCode(code, words, this.i32, out >> 2, (out - start) / (WORDS * 4));
    return out + words * 4;
  }

  /** Ends a block with the next instruction. */
  end(delta: number, mode: number, out: number, start: number): number {
    this.ending[0] = Op.JUMPI | (bitnessOf(mode) << 8);
    this.ending[1] = delta;
    return this.store(this.ending, WORDS, out, start);
  }

  /** Takes note of an instruction without template, and makes one when it is time. True when there is one now. */
  private learn(at: number, delta: number, end: number, mode: number): boolean {
    const { i32, shape } = this;
    const insn = at + delta;
    shape.values[Value.DELTA] = delta;
    if (insn > i32[Translation.READABLE >> 2]) return false;
    if (!shape.read(this.u8, this.view, insn, end, mode)) return false;
    const entry = this.find();
    const reference = i32[entry + 3];
    if (reference === NO_TEMPLATE) return false;
    if (this.entries >= MAX_ENTRIES || this.next + MAX_TEMPLATE_BYTES > TEMPLATE_AREA + TEMPLATE_AREA_BYTES) {
      this.forget();
      return false;
    }
    if (reference === 0) {
      this.entries++;
      i32[entry] = shape.key0;
      i32[entry + 1] = shape.key1;
      i32[entry + 2] = shape.key2;
    }
    i32[entry + 3] = reference - 1;
    const plain =
      shape.immediateBytes === 0 && (shape.displacementBytes === 0 || (shape.key2 & ZERO_DISPLACEMENT) !== 0);
    if (-reference < (plain ? MAKE_PLAIN_AFTER : MAKE_AFTER)) return false;
    const made = this.make(insn, mode);
    i32[entry + 3] = made === 0 ? NO_TEMPLATE : made;
    return made > 0;
  }

  /** Word of the table's entry for the shape just read, or of an empty one. */
  private find(): number {
    const { i32, shape } = this;
    const { key0, key1, key2 } = shape;
    for (let n = templateHash(key0, key1, key2); ; n = (n + 1) & (TABLE_ENTRIES - 1)) {
      const entry = (TEMPLATE_TABLE + n * TEMPLATE_ENTRY_BYTES) >> 2;
      if (i32[entry + 3] === 0) return entry;
      if (i32[entry] === key0 && i32[entry + 1] === key1 && i32[entry + 2] === key2) return entry;
    }
  }

  /** Makes the template of the shape just read; its byte offset, or 0. */
  private make(insn: number, mode: number): number {
    const { i32 } = this;
    const template = makeTemplate(this.sampler, this.shape, this.u8, insn, mode);
    if (!template) return 0;
    const { words, fixUps, ending } = template;
    const size = TemplateHeader.BYTES + words.length * 4 + fixUps.length * 8;
    if (size > MAX_TEMPLATE_BYTES) return 0;
    const at = this.next;
    const code = at + TemplateHeader.BYTES;
    i32[(at + TemplateHeader.CODE) >> 2] = words.length * 4;
    i32[(at + TemplateHeader.FIX_UPS) >> 2] = fixUps.length * 8;
    i32[(at + TemplateHeader.ENDING) >> 2] = ending;
    storeCode(words, words.length, i32, code >> 2, 0);
    let out = (code >> 2) + words.length;
    for (const { word, value } of fixUps) {
      i32[out++] = word * 4;
      i32[out++] = Translation.VALUES + value * 4;
    }
    // Templates are copied 16 bytes at a time.
    this.next = (at + size + 15) & ~15;
    return at;
  }

  private forget(): void {
    this.i32.fill(0, TEMPLATE_TABLE >> 2, (TEMPLATE_TABLE >> 2) + TABLE_ENTRIES * 4);
    this.entries = 0;
    this.next = TEMPLATE_AREA;
  }
}
