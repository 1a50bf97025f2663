/** The driver: goes from block to block, through regions and the interpreter, until somebody else is needed. */
import { NOT_COLD } from './cold';
import { Code } from './encoder';
import { Fn } from './functions';
import {
  Answer,
  CODE_PAGE_BYTES,
  CODE_PAGE_ENTRIES,
  CODE_PAGES,
  CodePageEntry,
  Control,
  Header,
  JUMP_CACHE,
  JUMP_ENTRY_BYTES,
  JUMP_HASH,
  JUMP_HASH_SHIFT,
  JumpEntry,
  Left,
  RIP_CELL,
} from './layout';
import { Type, W } from './opcodes';

/** drive(address to go on at, or 0): runs blocks until somebody else is needed. */
export function driveFunction(): Code {
  const c = new Code(1);
  const rip = c.local(Type.I64);
  const entry = c.local(Type.I32);
  const header = c.local(Type.I32);
  const result = c.local(Type.I32);
  const region = c.local(Type.I32);
  const budget = c.local(Type.I32);
  const key = c.local(Type.I32);
  const page = c.local(Type.I32);

  const done = c.block();
  c.get(0);
  c.if();
  c.get(0).call(Fn.INTERPRET).tee(result).brIf(done);
  c.end();
  const top = c.loop();
  c.i32(0).memory(W.I32_LOAD, Control.BUDGET).tee(budget);
  c.i32(0).memory(W.I32_LOAD, Control.LEAST_BUDGET).op(W.I32_LT_S);
  c.if();
  c.i32(Answer.LIMIT).op(W.RETURN);
  c.end();
  const miss = c.block();
  c.i32(0).memory(W.I64_LOAD, RIP_CELL).tee(rip).op(W.I32_WRAP_I64);
  c.i32(JUMP_HASH).op(W.I32_MUL).i32(JUMP_HASH_SHIFT).op(W.I32_SHR_U);
  c.i32(Math.log2(JUMP_ENTRY_BYTES)).op(W.I32_SHL).tee(entry);
  c.memory(W.I64_LOAD, JUMP_CACHE + JumpEntry.RIP)
    .get(rip)
    .op(W.I64_NE)
    .brIf(miss);
  c.get(entry)
    .memory(W.I32_LOAD, JUMP_CACHE + JumpEntry.HEADER)
    .tee(header);
  c.memory(W.I32_LOAD, Header.SERIAL);
  c.get(entry)
    .memory(W.I32_LOAD, JUMP_CACHE + JumpEntry.SERIAL)
    .op(W.I32_NE)
    .brIf(miss);
  c.get(entry).memory(W.I32_LOAD, JUMP_CACHE + JumpEntry.KEY);
  c.i32(0).memory(W.I32_LOAD, Control.KEY).tee(key).op(W.I32_NE);
  c.if();
  // A flush since: is the block's page still where it was?
  c.get(rip)
    .op(W.I32_WRAP_I64)
    .i32(12)
    .op(W.I32_SHR_U)
    .i32(CODE_PAGE_ENTRIES - 1)
    .op(W.I32_AND);
  c.i32(Math.log2(CODE_PAGE_BYTES)).op(W.I32_SHL).tee(page);
  c.memory(W.I64_LOAD, CODE_PAGES + CodePageEntry.LINEAR)
    .get(rip)
    .i64(-4096)
    .op(W.I64_AND)
    .op(W.I64_NE)
    .brIf(miss);
  c.get(page)
    .memory(W.I32_LOAD, CODE_PAGES + CodePageEntry.KEY)
    .get(key)
    .op(W.I32_NE)
    .brIf(miss);
  c.get(page).memory(W.I32_LOAD, CODE_PAGES + CodePageEntry.PHYSICAL);
  c.get(header).memory(W.I32_LOAD, Header.PAGE).op(W.I32_NE).brIf(miss);
  c.get(header).memory(W.I32_LOAD, Header.MODE);
  c.i32(0).memory(W.I32_LOAD, Control.MODE).op(W.I32_NE).brIf(miss);
  c.get(entry)
    .get(key)
    .memory(W.I32_STORE, JUMP_CACHE + JumpEntry.KEY);
  c.end();

  c.get(header).memory(W.I32_LOAD, Header.REGION).tee(region).i32(0).op(W.I32_GE_S);
  c.if();
  c.get(budget).get(header).memory(W.I32_LOAD, Header.INSTRUCTIONS).op(W.I32_GE_S);
  c.if();
  c.get(header)
    .memory(W.I32_LOAD, Header.ENTRY)
    .get(region)
    .callIndirect(1)
    .tee(result)
    .op(W.I32_EQZ)
    .brIf(top);
  c.get(result).i32(Left.LIMIT).op(W.I32_EQ).brIf(done);
  // The instruction at which the region has been left is the interpreter's, and what follows in its block.
  c.get(result).call(Fn.INTERPRET).tee(result).op(W.I32_EQZ).brIf(top);
  c.br(done);
  c.end();
  c.else();
  c.get(header);
  c.get(header).memory(W.I32_LOAD, Header.COUNTER).i32(1).op(W.I32_SUB).memory(W.I32_STORE, Header.COUNTER);
  c.get(header).memory(W.I32_LOAD, Header.COUNTER).op(W.I32_EQZ);
  c.if();
  c.i32(0).get(header).memory(W.I32_STORE, Control.HOT);
  c.i32(Answer.HOT).op(W.RETURN);
  c.end();
  c.end();
  c.get(header).i32(Header.BYTES).op(W.I32_ADD).call(Fn.INTERPRET).tee(result).op(W.I32_EQZ).brIf(top);
  c.br(done);
  c.end(); // miss
  c.call(Fn.COLD).tee(result).op(W.I32_EQZ).brIf(top);
  c.get(result).i32(NOT_COLD).op(W.I32_NE).brIf(done);
  c.i32(Answer.MISS).op(W.RETURN);
  c.end(); // top
  c.end(); // done
  c.get(result);
  return c;
}
