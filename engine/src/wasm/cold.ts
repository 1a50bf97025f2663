/**
 * Code that is met for the first time is run once from a block that is not kept:
 * most of it does not come again, and keeping costs more than translating. Where
 * it does come again, TypeScript makes a block to keep. All of it happens inside
 * WebAssembly; what changes the code underneath is told by cells (CodeCache).
 */
import { Mode } from '../ir/block';
import { Op, WORDS } from '../ir/ops';
import { BLOCK_WINDOW, MAX_BLOCK_INSTRUCTIONS } from '../lift/block';
import { Code } from './encoder';
import {
  CODE_PAGE_BYTES,
  CODE_PAGE_ENTRIES,
  CODE_PAGES,
  COLD_CODE,
  CodePageEntry,
  Cold,
  Control,
  RIP_CELL,
  SEEN,
  SEEN_ENTRIES,
  Translated,
  Translation,
} from './layout';
import { Type, W } from './opcodes';

/** What {@link coldFunction}'s function answers, besides what the interpreter does: TypeScript must make a block. */
export const NOT_COLD = -1;

/**
 * Of pairs that share an entry of {@link SEEN} so many times one is kept all the
 * same; they would stay out for ever otherwise. A power of two.
 */
const TURNS = 8;

/** cold(): runs the block at RIP once. @param translate and interpret: numbers of these functions */
export function coldFunction(translate: number, interpret: number): Code {
  const c = new Code(0);
  const rip = c.local(Type.I64);
  const [page, physical, seen, tag] = [0, 0, 0, 0].map(() => c.local(Type.I32));
  const [host, mode, out, result] = [0, 0, 0, 0].map(() => c.local(Type.I32));
  const load = (cell: number): Code => c.i32(0).memory(W.I32_LOAD, cell);
  const store = (cell: number, push: () => void): void => {
    c.i32(0);
    push();
    c.memory(W.I32_STORE, cell);
  };

  const no = c.block();
  load(Cold.ALLOWED).op(W.I32_EQZ).brIf(no);
  load(Control.MODE)
    .tee(mode)
    .i32(Mode.CODE32 | Mode.CODE64)
    .op(W.I32_AND)
    .op(W.I32_EQZ)
    .brIf(no);
  // Is the page known? It is marked then: writes to it are reported.
  c.i32(0).memory(W.I64_LOAD, RIP_CELL).tee(rip).op(W.I32_WRAP_I64).i32(12).op(W.I32_SHR_U);
  c.i32(CODE_PAGE_ENTRIES - 1).op(W.I32_AND);
  c.i32(Math.log2(CODE_PAGE_BYTES)).op(W.I32_SHL).tee(page);
  c.memory(W.I64_LOAD, CODE_PAGES + CodePageEntry.LINEAR);
  c.get(rip).i64(-4096).op(W.I64_AND).op(W.I64_NE).brIf(no);
  c.get(page).memory(W.I32_LOAD, CODE_PAGES + CodePageEntry.KEY);
  load(Control.KEY).op(W.I32_NE).brIf(no);
  c.get(page)
    .memory(W.I32_LOAD, CODE_PAGES + CodePageEntry.PHYSICAL)
    .i32(12)
    .op(W.I32_SHL);
  c.get(rip).op(W.I32_WRAP_I64).i32(0xfff).op(W.I32_AND).op(W.I32_OR).set(physical);

  // Seen before?
  c.get(physical)
    .i32(SEEN_ENTRIES - 1)
    .op(W.I32_AND)
    .i32(2)
    .op(W.I32_SHL)
    .tee(seen);
  c.memory(W.I32_LOAD, SEEN).tee(tag);
  c.if();
  c.get(tag).get(physical).i32(1).op(W.I32_ADD).op(W.I32_EQ);
  c.if();
  c.get(seen).i32(0).memory(W.I32_STORE, SEEN);
  c.br(no);
  c.end();
  store(Cold.TURN, () =>
    load(Cold.TURN)
      .i32(1)
      .op(W.I32_ADD)
      .i32(TURNS - 1)
      .op(W.I32_AND)
      .tee(tag),
  );
  c.get(tag).op(W.I32_EQZ).brIf(no);
  c.end();
  c.get(seen).get(physical).i32(1).op(W.I32_ADD).memory(W.I32_STORE, SEEN);

  // Up to the page's end, or as far as a block looks.
  load(Cold.RAM).get(physical).op(W.I32_ADD).tee(host);
  c.get(host).i32(0xfff).op(W.I32_OR).i32(1).op(W.I32_ADD).tee(out);
  c.get(host).i32(BLOCK_WINDOW).op(W.I32_ADD).tee(tag);
  c.get(out).get(tag).op(W.I32_LT_U).op(W.SELECT);
  c.get(mode).i32(COLD_CODE);
  store(Translation.DELTA, () => c.i32(0));
  store(Translation.OUT, () => c.i32(COLD_CODE));
  store(Translation.LEFT, () => c.i32(MAX_BLOCK_INSTRUCTIONS));
  c.call(translate);
  load(Translation.OUT).set(out);
  c.i32(Translated.COMPLETE).op(W.I32_NE);
  c.if();
  // The instruction at which it has stopped begins another block.
  load(Translation.DELTA).op(W.I32_EQZ).brIf(no);
  c.get(out);
  c.i32(Op.JUMPI | (64 << 8)).i32(Op.JUMPI | (32 << 8));
  c.get(mode).i32(Mode.CODE64).op(W.I32_AND).op(W.SELECT).memory(W.I32_STORE);
  c.get(out);
  load(Translation.DELTA).memory(W.I32_STORE, 4);
  c.get(out).i64(0).memory(W.I64_STORE, 8);
  c.get(out)
    .i32(WORDS * 4)
    .op(W.I32_ADD)
    .set(out);
  c.end();

  store(Cold.CODE_END, () => c.get(out));
  store(Cold.FROM, () => c.get(physical));
  store(Cold.TO, () => load(Translation.DELTA).get(physical).op(W.I32_ADD));
  c.i32(COLD_CODE).call(interpret).tee(result).op(W.I32_EQZ);
  c.if();
  store(Cold.TO, () => c.i32(0));
  c.end();
  c.get(result).op(W.RETURN);
  c.end(); // no
  c.i32(NOT_COLD);
  return c;
}
