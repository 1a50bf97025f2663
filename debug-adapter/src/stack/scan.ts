import type { ContextId } from '@hyperstep/engine';
import { FlowControl, Mnemonic } from 'iced-x86';
import { MAX_INSTRUCTION, withInstruction } from '../disassembly/decode';
import { littleEndian } from '../evaluate/lexer';
import type { IndexedProgram, Place, SourceIndex } from '../sources/source-index';
import { tailCallsOf } from './tail-calls';

/** What stack scanning knows of a context. */
export interface StackContext {
  context: ContextId;
  index: SourceIndex;
  read(address: bigint, length: number): Uint8Array;
  /** Linear address of the code segment's and stack segment's start. */
  codeBase: bigint;
  stackBase: bigint;
  bits: 16 | 32 | 64;
  /** Is this selector one of a code segment in the context's GDT? */
  isCodeSelector(selector: number): boolean;
}

/** A caller found on the stack. */
export interface CallerFrame {
  /** Linear address at which it goes on. */
  address: bigint;
  /** `call`: after a call instruction; `interrupt`: an interrupt frame; `syscall`: after SYSCALL. */
  via: 'call' | 'interrupt' | 'syscall';
  /** Value of the stack pointer at which the return address stands. */
  slot: bigint;
  /** Stack pointer once control is back there, as the register will hold it; undefined when unknown. */
  rsp?: bigint;
}

const MAX_FRAMES = 64;
/** Words searched for one caller: assembly routines rarely keep more on the stack. */
const MAX_WORDS = 1024;

/**
 * Finds callers on a stack without frame pointers: a word is a return address
 * when the instruction before it is a call in mapped code that can have led to
 * the function the inner frame is in. A stack ends where the next label begins. Five words that look like an interrupt frame
 * (SDM 3A Figure 6-9) are one.
 */
export function scanStack(stack: StackContext, address: bigint, rsp: bigint): CallerFrame[] {
  const frames: CallerFrame[] = [];
  let inner = address;
  let from = rsp;
  while (frames.length < MAX_FRAMES) {
    const caller = findCaller(stack, inner, from);
    if (!caller) break;
    frames.push(caller);
    if (caller.rsp === undefined) break;
    inner = caller.address;
    from = caller.rsp;
  }
  return frames;
}

function findCaller(stack: StackContext, inner: bigint, from: bigint): CallerFrame | undefined {
  const size = stack.bits / 8;
  const base = stack.stackBase + from;
  const end = stack.index.nextLabel(stack.context, base);
  const room = end === undefined ? MAX_WORDS * size : Number(end - base);
  const bytes = stack.read(base, Math.min(room, MAX_WORDS * size));
  const words = Math.floor(bytes.length / size);
  const word = (i: number) =>
    i < words ? littleEndian(bytes.subarray(i * size, (i + 1) * size)) : undefined;
  const around = functionOf(stack, inner);
  for (let i = 0; i < words; i++) {
    const value = word(i)!;
    // Cheap test first: almost every word is no code address.
    const address = stack.codeBase + value;
    const here = stack.index.find(stack.context, address);
    const before = stack.index.find(stack.context, address - 1n);
    if (!here?.entry.code && !before?.entry.code) continue;
    const slot = from + BigInt(i * size);
    const via = before?.entry.code && callBefore(stack, before, address, around);
    if (via === 'call') return { address, via, slot, rsp: slot + BigInt(size) };
    const interrupt = here?.entry.code && interruptFrame(stack, value, i, word, from);
    if (interrupt) return { ...interrupt, slot, address };
    if (via === 'syscall') return { address, via, slot };
  }
  return undefined;
}

interface FunctionOf {
  program: IndexedProgram;
  name: string | undefined;
}

function functionOf(stack: StackContext, address: bigint): FunctionOf | undefined {
  const place = stack.index.find(stack.context, address);
  return place && { program: place.program, name: place.program.functionAt(address)?.name };
}

/** Is the instruction that ends at `end` a call that can lead to the function `inner`? */
function callBefore(
  stack: StackContext,
  before: Place,
  end: bigint,
  inner: FunctionOf | undefined,
): 'call' | 'syscall' | undefined {
  // The entry may hold several instructions (a macro's): walk from its start to the one that ends here.
  let address = before.entry.address;
  while (address < end) {
    const step = withInstruction(
      stack.read(address, MAX_INSTRUCTION),
      stack.bits,
      address,
      (instruction) => ({
        length: BigInt(instruction.length),
        flow: instruction.flowControl,
        mnemonic: instruction.mnemonic,
        target: instruction.nearBranchTarget,
      }),
    );
    if (!step) return undefined;
    address += step.length;
    if (address !== end) continue;
    if (step.mnemonic === Mnemonic.Syscall) return 'syscall';
    if (step.flow === FlowControl.IndirectCall) return 'call';
    if (step.flow !== FlowControl.Call || step.mnemonic !== Mnemonic.Call) return undefined;
    if (!inner) return 'call';
    const target = functionOf(stack, step.target);
    if (target?.program !== inner.program || target.name === undefined) return undefined;
    return inner.name === undefined || tailCallsOf(inner.program).reaches(target.name, inner.name)
      ? 'call'
      : undefined;
  }
  return undefined;
}

/** RFLAGS bits that are always 0 (SDM 1 3.4.3), and bit 1 that is always 1. */
const RFLAGS_ZERO = ~0x3f7fd7n;

/** An interrupt frame whose RIP is word `i`: RIP, CS, RFLAGS and, in 64-bit mode or from an outer ring, RSP, SS. */
function interruptFrame(
  stack: StackContext,
  rip: bigint,
  i: number,
  word: (i: number) => bigint | undefined,
  from: bigint,
): { via: 'interrupt'; rsp: bigint } | undefined {
  const cs = word(i + 1);
  const rflags = word(i + 2);
  if (stack.bits === 16 || cs === undefined || rflags === undefined) return undefined;
  if (cs < 4n || cs > 0xffffn || !(rflags & 2n) || rflags & RFLAGS_ZERO) return undefined;
  if (!stack.isCodeSelector(Number(cs))) return undefined;
  // The frame must point at the beginning of an instruction the map knows, or it is a coincidence.
  if (!stack.index.find(stack.context, stack.codeBase + rip)) return undefined;
  const size = BigInt(stack.bits / 8);
  const rsp = word(i + 3);
  const ss = word(i + 4);
  const outer = stack.bits === 64 || (cs & 3n) === 3n;
  if (!outer) return { via: 'interrupt', rsp: from + BigInt(i + 3) * size };
  if (rsp === undefined || ss === undefined || ss > 0xffffn || (ss & 3n) !== (cs & 3n)) return undefined;
  return { via: 'interrupt', rsp };
}
