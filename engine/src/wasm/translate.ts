/**
 * The translator in WebAssembly: puts blocks together from templates, as long as
 * it knows the instructions' shapes. It reads shapes as lift/shape.ts does, with
 * its tables, and does what execution/templates.ts says; tests hold them together.
 */
import { Mode } from '../ir/block';
import { Op, WORDS } from '../ir/ops';
import { Fact, HAS_SIB, MAP, MAPS, MAX_SHAPE_BYTES, Value, Width, ZERO_DISPLACEMENT } from '../lift/shape';
import { Ending } from '../lift/template-maker';
import { Code } from './encoder';
import {
  MODRM_FACTS,
  OPCODE_FACTS,
  TEMPLATE_ENTRY_BYTES,
  TEMPLATE_TABLE,
  TEMPLATE_TABLE_BITS,
  TemplateHeader,
  Translated,
  Translation,
} from './layout';
import { Type, W } from './opcodes';
import { V } from './simd';

/** Multipliers of a shape's hash; {@link templateHash} is the same in TypeScript. */
const MIX = [0x9e3779b1 | 0, 0x85ebca6b | 0, 0xc2b2ae35 | 0] as const;

/** Entry number for a key. */
export function templateHash(key0: number, key1: number, key2: number): number {
  const mixed = Math.imul(Math.imul(key0 ^ Math.imul(key1, MIX[0]), MIX[1]) ^ key2, MIX[2]);
  return mixed >>> (32 - TEMPLATE_TABLE_BITS);
}

/** Bytes of a micro-op. */
const OP_BYTES = WORDS * 4;

/**
 * translate(block, end, mode, start): block is the byte offset of its first
 * instruction, its bytes end at `end`, its micro-ops start at `start`. Begins at
 * the cells {@link Translation} and leaves them at the end. Answers {@link Translated}.
 */
export function translateFunction(): Code {
  const c = new Code(4);
  const [block, end, mode, start] = [0, 1, 2, 3];
  const word = (): number => c.local(Type.I32);
  const [table, at, out, left] = [word(), word(), word(), word()];
  const [p, byte, fact, width, rex, modrm] = [word(), word(), word(), word(), word(), word()];
  const [displacement, immediate, low, high, head] = [word(), word(), word(), word(), word()];
  const [key2, entry, template, last] = [word(), word(), word(), word()];
  const key = c.local(Type.I64);

  const value = (v: Value, push: () => void): void => {
    c.i32(0);
    push();
    c.memory(W.I32_STORE, Translation.VALUES + v * 4);
  };
  const cell = (address: number, local: number): void => {
    c.i32(0).get(local).memory(W.I32_STORE, address);
  };
  const has = (flag: Fact): Code => c.get(fact).i32(flag).op(W.I32_AND);
  const advance = (): Code => c.get(p).i32(1).op(W.I32_ADD).set(p);
  /** Pushes the byte at p. */
  const here = (): Code => c.get(p).memory(W.I32_LOAD8_U);
  /** fact ← that of the pushed byte in a map of the table. */
  const lookUp = (map: number): void => {
    c.i32(2).op(W.I32_SHL).get(table).op(W.I32_ADD);
    c.memory(W.I32_LOAD, OPCODE_FACTS + map * MAP * 4).set(fact);
  };

  c.i32(MAPS * 4)
    .i32(0)
    .get(mode)
    .i32(Mode.CODE64)
    .op(W.I32_AND)
    .op(W.I32_EQZ)
    .op(W.SELECT)
    .set(table);
  c.get(block).i32(0).memory(W.I32_LOAD, Translation.DELTA).op(W.I32_ADD).set(at);
  c.i32(0).memory(W.I32_LOAD, Translation.OUT).set(out);
  c.i32(0).memory(W.I32_LOAD, Translation.LEFT).set(left);

  const unknown = c.block();
  const next = c.loop();
  c.get(at).i32(0).memory(W.I32_LOAD, Translation.READABLE).op(W.I32_GT_U).brIf(unknown);
  value(Value.DELTA, () => c.get(at).get(block).op(W.I32_SUB));
  readShape();
  findTemplate();
  copyTemplate();

  // The block's end?
  c.get(template).memory(W.I32_LOAD, TemplateHeader.ENDING).tee(low).i32(Ending.ENDED).op(W.I32_NE);
  c.if();
  c.get(at).get(end).op(W.I32_GE_U);
  c.get(low).op(W.I32_OR).op(W.I32_EQZ);
  c.if();
  c.get(left).brIf(next);
  leave();
  c.i32(Translated.STOPPED).op(W.RETURN);
  c.end();
  c.get(out)
    .i32(Op.JUMPI | (64 << 8))
    .i32(Op.JUMPI | (32 << 8))
    .get(table)
    .op(W.I32_EQZ)
    .op(W.SELECT)
    .memory(W.I32_STORE);
  c.get(out).get(at).get(block).op(W.I32_SUB).memory(W.I32_STORE, 4);
  c.get(out).i64(0).memory(W.I64_STORE, 8);
  c.get(out).i32(OP_BYTES).op(W.I32_ADD).set(out);
  c.end();
  leave();
  c.i32(Translated.COMPLETE).op(W.RETURN);
  c.end(); // next
  c.end(); // unknown
  leave();
  c.i32(Translated.UNKNOWN);
  return c;

  function leave(): void {
    c.i32(0).get(at).get(block).op(W.I32_SUB).memory(W.I32_STORE, Translation.DELTA);
    cell(Translation.OUT, out);
    cell(Translation.LEFT, left);
  }

  /** Shape.read: key, key2, the values, and p behind the instruction. */
  function readShape(): void {
    c.i32(Width.USUAL).set(width);
    c.get(at).set(p);
    here();
    lookUp(0);
    has(Fact.PREFIX);
    c.if();
    const prefix = c.loop();
    here().tee(byte).i32(0xf0).op(W.I32_AND).i32(0x40).op(W.I32_EQ).set(rex);
    c.get(byte).i32(0x66).op(W.I32_EQ).get(width).op(W.I32_EQZ).op(W.I32_AND);
    c.if();
    c.i32(Width.NARROW).set(width);
    c.end();
    c.get(rex).get(byte).i32(3).op(W.I32_SHR_U).op(W.I32_AND);
    c.if();
    c.i32(Width.WIDE).set(width);
    c.end();
    advance();
    here();
    lookUp(0);
    c.get(p).get(at).op(W.I32_SUB).i32(MAX_SHAPE_BYTES).op(W.I32_GE_U).brIf(unknown);
    has(Fact.PREFIX);
    c.if();
    c.get(rex).brIf(unknown);
    c.br(prefix);
    c.end();
    c.end(); // prefix
    c.end();

    has(Fact.ESCAPE);
    c.if();
    advance();
    here().tee(byte);
    lookUp(1);
    has(Fact.ESCAPE);
    c.if();
    advance();
    here();
    c.i32(2 * MAP)
      .i32(3 * MAP)
      .get(byte)
      .i32(0x38)
      .op(W.I32_EQ)
      .op(W.SELECT)
      .op(W.I32_ADD);
    lookUp(0);
    c.end();
    c.end();
    has(Fact.KNOWN).op(W.I32_EQZ).brIf(unknown);
    advance();

    c.get(fact).get(width).op(W.I32_SHR_U).i32(Fact.BYTES).op(W.I32_AND).set(immediate);
    c.i32(0).set(displacement);
    has(Fact.MODRM);
    c.if();
    here().tee(modrm).memory(W.I32_LOAD8_U, MODRM_FACTS).tee(displacement);
    advance();
    c.i32(HAS_SIB).op(W.I32_AND);
    c.if();
    c.get(displacement).i32(~HAS_SIB).op(W.I32_AND).set(displacement);
    here().i32(7).op(W.I32_AND).i32(5).op(W.I32_EQ);
    c.get(modrm).i32(0x40).op(W.I32_LT_U).op(W.I32_AND);
    c.if();
    c.i32(4).set(displacement);
    c.end();
    advance();
    c.end();
    has(Fact.TEST);
    c.if();
    c.i32(0).get(immediate).get(modrm).i32(0x30).op(W.I32_AND).op(W.SELECT).set(immediate);
    c.end();
    c.end();
    has(Fact.OFFSET);
    c.if();
    c.get(immediate).set(displacement);
    c.i32(0).set(immediate);
    c.end();
    has(Fact.BRANCH)
      .op(W.I32_EQZ)
      .op(W.I32_EQZ)
      .get(width)
      .i32(Width.NARROW)
      .op(W.I32_EQ)
      .op(W.I32_AND)
      .brIf(unknown);
    c.get(p).get(at).op(W.I32_SUB).tee(head).i32(MAX_SHAPE_BYTES).op(W.I32_GT_U).brIf(unknown);

    c.get(mode).set(key2);
    c.get(displacement);
    c.if();
    readNumber(displacement);
    value(Value.DISPLACEMENT, () => c.get(low));
    value(Value.DISPLACEMENT_HIGH, () => c.get(high));
    c.get(low).get(high).op(W.I32_OR).op(W.I32_EQZ);
    c.if();
    c.get(key2).i32(ZERO_DISPLACEMENT).op(W.I32_OR).set(key2);
    c.end();
    c.end();
    // The bytes in front, and an immediate that selects as the topmost.
    c.get(at).memory(W.I64_LOAD);
    c.i64(1).get(head).i32(3).op(W.I32_SHL).op(W.I64_EXTEND_I32_U).op(W.I64_SHL).i64(1).op(W.I64_SUB);
    c.op(W.I64_AND).set(key);
    has(Fact.SELECTOR);
    c.if();
    c.get(key).get(p).memory(W.I64_LOAD8_U).i64(56).op(W.I64_SHL).op(W.I64_OR).set(key);
    advance();
    c.end();
    c.get(immediate);
    c.if();
    readNumber(immediate);
    value(Value.IMMEDIATE, () => c.get(low));
    value(Value.IMMEDIATE_HIGH, () => c.get(high));
    value(Value.IMMEDIATE8, () => c.get(low).i32(0xff).op(W.I32_AND));
    value(Value.IMMEDIATE16, () => c.get(low).i32(0xffff).op(W.I32_AND));
    value(Value.TARGET, () => c.get(at).get(block).op(W.I32_SUB).get(low).op(W.I32_ADD));
    c.end();
    c.get(p).get(end).op(W.I32_GT_U).brIf(unknown);
  }

  /** low, high ← the signed number of `size` bytes at p, and p behind it. */
  function readNumber(size: number): void {
    c.get(p).memory(W.I32_LOAD).set(low);
    c.get(size).i32(4).op(W.I32_LT_U);
    c.if();
    // One or two bytes.
    c.get(low).i32(32).get(size).i32(3).op(W.I32_SHL).op(W.I32_SUB).tee(high).op(W.I32_SHL);
    c.get(high).op(W.I32_SHR_S).set(low);
    c.end();
    c.get(low).i32(31).op(W.I32_SHR_S).set(high);
    c.get(size).i32(8).op(W.I32_EQ);
    c.if();
    c.get(p).memory(W.I32_LOAD, 4).set(high);
    c.end();
    c.get(p).get(size).op(W.I32_ADD).set(p);
  }

  function findTemplate(): void {
    const mask = (TEMPLATE_ENTRY_BYTES << TEMPLATE_TABLE_BITS) - 1;
    c.get(key).op(W.I32_WRAP_I64);
    c.get(key).i64(32).op(W.I64_SHR_U).op(W.I32_WRAP_I64).i32(MIX[0]).op(W.I32_MUL);
    c.op(W.I32_XOR).i32(MIX[1]).op(W.I32_MUL).get(key2).op(W.I32_XOR).i32(MIX[2]).op(W.I32_MUL);
    c.i32(32 - TEMPLATE_TABLE_BITS).op(W.I32_SHR_U);
    c.i32(Math.log2(TEMPLATE_ENTRY_BYTES)).op(W.I32_SHL).set(entry);
    const found = c.block();
    const probe = c.loop();
    c.get(entry)
      .memory(W.I32_LOAD, TEMPLATE_TABLE + 12)
      .tee(template)
      .op(W.I32_EQZ)
      .brIf(unknown);
    c.get(entry).memory(W.I64_LOAD, TEMPLATE_TABLE).get(key).op(W.I64_EQ);
    c.get(entry)
      .memory(W.I32_LOAD, TEMPLATE_TABLE + 8)
      .get(key2)
      .op(W.I32_EQ);
    c.op(W.I32_AND).brIf(found);
    c.get(entry).i32(TEMPLATE_ENTRY_BYTES).op(W.I32_ADD).i32(mask).op(W.I32_AND).set(entry);
    c.br(probe);
    c.end();
    c.end();
    c.get(template).i32(0).op(W.I32_LE_S).brIf(unknown);
  }

  function copyTemplate(): void {
    const from = entry;
    const to = low;
    c.get(template).i32(TemplateHeader.BYTES).op(W.I32_ADD).tee(from);
    c.get(template).memory(W.I32_LOAD, TemplateHeader.CODE).op(W.I32_ADD).set(last);
    c.get(out).set(to);
    const copy = c.loop();
    c.get(to).get(from).memory(V.V128_LOAD).memory(V.V128_STORE);
    c.get(to).i32(OP_BYTES).op(W.I32_ADD).set(to);
    c.get(from).i32(OP_BYTES).op(W.I32_ADD).tee(from).get(last).op(W.I32_LT_U).brIf(copy);
    c.end();
    // An INSN carries its number.
    c.get(out).get(out).memory(W.I32_LOAD);
    c.get(out)
      .get(start)
      .op(W.I32_SUB)
      .i32(8 - Math.log2(OP_BYTES))
      .op(W.I32_SHL);
    c.op(W.I32_OR).memory(W.I32_STORE);
    c.get(from).get(template).memory(W.I32_LOAD, TemplateHeader.FIX_UPS).op(W.I32_ADD).set(last);
    const fixed = c.block();
    const fix = c.loop();
    c.get(from).get(last).op(W.I32_GE_U).brIf(fixed);
    c.get(out).get(from).memory(W.I32_LOAD).op(W.I32_ADD).tee(high);
    c.get(high).memory(W.I32_LOAD).get(from).memory(W.I32_LOAD, 4).memory(W.I32_LOAD).op(W.I32_ADD);
    c.memory(W.I32_STORE);
    c.get(from).i32(8).op(W.I32_ADD).set(from);
    c.br(fix);
    c.end();
    c.end();
    c.get(to).set(out);
    c.get(p).set(at);
    c.get(left).i32(1).op(W.I32_SUB).set(left);
  }
}
