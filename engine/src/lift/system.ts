import { Code, Mnemonic, OpKind, Register } from 'iced-x86';
import { Vector } from '../cpu/cpu';
import { Seg, Slot } from '../cpu/state';
import type { HelperName } from '../helpers';
import { Mode } from '../ir/block';
import { Op } from '../ir/ops';
import type { Bytes, LiftContext, LiftFunction, LiftTable } from './context';
import { gprOf, segOf } from './registers';

/** A helper without operands; the block goes on. */
function plain(name: HelperName, d = 0, a = 0): LiftFunction {
  return (c) => c.helper(name, d, a);
}

/** A helper after which mode, interrupts or translations must be looked at again. */
function ending(name: HelperName, d = 0, a = 0): LiftFunction {
  return (c) => {
    c.helper(name, d, a);
    c.endWithNext();
  };
}

/** A helper that sets RIP itself. */
function leaving(name: HelperName, d = 0, a = 0): LiftFunction {
  return (c) => {
    c.helper(name, d, a);
    c.end();
  };
}

/** Exists only in protected mode: #UD in real-address mode. */
function protectedOnly(lift: LiftFunction): LiftFunction {
  return (c) => (c.mode & Mode.REAL ? c.raise(Vector.UD) : lift(c));
}

/** Exists only in 64-bit mode. */
function only64(lift: LiftFunction): LiftFunction {
  return (c) => (c.code64 ? lift(c) : c.raise(Vector.UD));
}

/** Slot with the linear address of operand i if it is memory, else 0: what VM exits report. */
function linearOf(c: LiftContext, i: number, write: boolean): number {
  if (!c.isMemory(i)) return 0;
  const slot = c.linear(2, write);
  return slot === Slot.RAX ? c.op(Op.MOV, slot) : slot; // RAX's slot is number 0
}

// --- segment registers --------------------------------------------------------------

/** After a segment load: FS and GS are always checked when used, the others decide Mode.FLAT and the stack's width. */
function afterSegmentLoad(c: LiftContext, seg: Seg): void {
  const free = seg === Seg.FS || seg === Seg.GS || (c.code64 && seg !== Seg.SS);
  if (!free) c.endWithNext();
}

function movToSegment(c: LiftContext, seg: Seg): void {
  if (seg === Seg.CS) {
    c.raise(Vector.UD);
    return;
  }
  c.helper('loadSegmentRegister', seg, c.readLow(1), seg === Seg.SS ? 1 : 0);
  afterSegmentLoad(c, seg);
}

function popSegment(c: LiftContext): void {
  const seg = segOf(c.insn.op0Register);
  const n = c.insn.stackPointerIncrement as Bytes;
  // Only the selector is read, whatever the operand size (SDM 2B "POP").
  const selector = c.load(c.stackAddress(Slot.RSP, 0, n, false), 2);
  c.helper('loadSegmentRegister', seg, selector, seg === Seg.SS ? 1 : 0);
  c.adjustStack(n);
  afterSegmentLoad(c, seg);
}

/** LDS, LES, LFS, LGS, LSS: a far pointer to a segment and a general register. */
function loadFarPointer(seg: Seg): LiftFunction {
  return (c) => {
    const n = c.bytes(0);
    const address = c.address(n + 2);
    const offset = c.load(address, n);
    const selector = c.load(address, 2, 0, n);
    c.helper('loadSegmentRegister', seg, selector);
    c.write(0, offset);
    afterSegmentLoad(c, seg);
  };
}

// --- control and debug registers ------------------------------------------------------

function mov(c: LiftContext): void {
  const to = c.insn.op0Register;
  const toGpr = gprOf(to);
  if (!toGpr && to >= Register.ES && to <= Register.GS) {
    movToSegment(c, segOf(to));
    return;
  }
  const special = toGpr ? c.insn.op1Register : to;
  const control = special >= Register.CR0 && special <= Register.CR15;
  const debug = special >= Register.DR0 && special <= Register.DR15;
  if (!control && !debug) {
    c.raise(Vector.UD); // test registers
    return;
  }
  const number = special - (control ? Register.CR0 : Register.DR0);
  if (toGpr) {
    c.helper(control ? 'readCr' : 'readDr', toGpr.slot, number);
    return;
  }
  c.helper(control ? 'writeCr' : 'writeDr', number, gprOf(c.insn.op1Register)!.slot);
  c.endWithNext();
}

function lmsw(c: LiftContext): void {
  const linear = linearOf(c, 0, false);
  c.helper('lmsw', c.readLow(0), linear);
  c.endWithNext();
}

function smsw(c: LiftContext): void {
  const t = c.ir.temp();
  c.helper('smsw', t);
  c.write(0, t);
}

// --- far transfers ------------------------------------------------------------------------

/** Selector, offset and operand size of a far pointer operand, direct or in memory. */
function farTarget(c: LiftContext): { selector: number; offset: number; bytes: Bytes } {
  const { insn, ir } = c;
  const kind = insn.opKind(0);
  if (kind === OpKind.FarBranch16 || kind === OpKind.FarBranch32) {
    const wide = kind === OpKind.FarBranch32;
    return {
      selector: ir.constant(BigInt(insn.farBranchSelector)),
      offset: ir.constant(BigInt((wide ? insn.farBranch32 : insn.farBranch16) >>> 0)),
      bytes: wide ? 4 : 2,
    };
  }
  const bytes = (c.memoryBytes - 2) as Bytes;
  const address = c.address(bytes + 2);
  return { offset: c.load(address, bytes), selector: c.load(address, 2, 0, bytes), bytes };
}

function farJump(c: LiftContext): void {
  const { selector, offset } = farTarget(c);
  c.helper('jumpFar', selector, offset);
  c.end();
}

function farCall(c: LiftContext): void {
  const { selector, offset, bytes } = farTarget(c);
  c.helper('callFar', selector, offset, bytes);
  c.end();
}

const FAR_RETURN_BYTES: { [code: number]: Bytes } = {
  [Code.Retfw]: 2,
  [Code.Retfw_imm16]: 2,
  [Code.Retfd]: 4,
  [Code.Retfd_imm16]: 4,
  [Code.Retfq]: 8,
  [Code.Retfq_imm16]: 8,
};

function farReturn(c: LiftContext): void {
  const release = c.insn.opCount > 0 ? Number(c.insn.immediate(0)) : 0;
  c.helper('returnFar', FAR_RETURN_BYTES[c.insn.code], release);
  c.end();
}

// --- software interrupts and flags -----------------------------------------------------------

function intN(c: LiftContext): void {
  c.helper('intN', Number(c.insn.immediate(0)) & 0xff);
  c.end();
}

/** INTO: trap if OF (condition 0) is set. */
function into(c: LiftContext): void {
  const none = c.ir.skip(Op.SKIPZ, c.op(Op.COND, 0, 0, 0));
  c.helper('softwareException', Vector.OF);
  c.ir.emit(Op.END);
  c.ir.land(none);
  c.endWithNext();
}

function pushf(bytes: Bytes): LiftFunction {
  return (c) => {
    const t = c.ir.temp();
    c.helper('readFlags', t);
    c.push(t, bytes);
  };
}

function popf(bytes: Bytes): LiftFunction {
  return (c) => {
    const value = c.stackLoad(0, bytes);
    c.helper('popFlags', value, bytes);
    c.adjustStack(bytes);
    c.endWithNext();
  };
}

// --- descriptor tables ---------------------------------------------------------------------------

function loadTable(which: 0 | 1): LiftFunction {
  return (c) => {
    const narrow = c.insn.code === Code.Lgdt_m1632_16 || c.insn.code === Code.Lidt_m1632_16;
    c.helper('loadTableRegister', c.linear(c.code64 ? 10 : 6), which, c.code64 ? 64 : narrow ? 24 : 32);
  };
}

function storeTable(which: 0 | 1): LiftFunction {
  return (c) => c.helper('storeTableRegister', c.linear(c.code64 ? 10 : 6, true), which, c.code64 ? 64 : 32);
}

function loadSystemSelector(which: 0 | 1): LiftFunction {
  return (c) => {
    const linear = linearOf(c, 0, false);
    c.helper('loadSystemSelector', which, c.readLow(0), linear);
  };
}

function storeSystemSelector(which: 0 | 1): LiftFunction {
  return (c) => {
    const t = c.ir.temp();
    c.helper('storeSystemSelector', t, which, linearOf(c, 0, true));
    c.write(0, t);
  };
}

/** LAR and LSL: the destination stays when the selector is refused. */
function inspect(name: 'lar' | 'lsl'): LiftFunction {
  return (c) => {
    const value = c.ir.temp();
    const found = c.ir.temp();
    c.helper(name, value, c.readLow(1), found);
    const none = c.ir.skip(Op.SKIPZ, found);
    c.write(0, value);
    c.ir.land(none);
  };
}

function verify(write: 0 | 1): LiftFunction {
  return (c) => c.helper('verifySelector', c.readLow(0), write);
}

function arpl(c: LiftContext): void {
  const selector = c.op(Op.MOV, c.readModify(0));
  c.helper('arpl', selector, c.readLow(1));
  // Only the word is written; a 32-bit register form keeps the upper half.
  const gpr = c.gpr(0);
  if (gpr) c.writeRegister(gpr.slot, 2, selector);
  else c.write(0, selector);
}

// --- translation, bases --------------------------------------------------------------------------

function invlpg(c: LiftContext): void {
  c.helper('invlpg', c.linear(0));
  c.endWithNext();
}

function invpcid(c: LiftContext): void {
  c.helper('invpcid', c.readLow(0), c.linear(16));
  c.endWithNext();
}

function readBase(seg: Seg): LiftFunction {
  return (c) => {
    const t = c.ir.temp();
    c.helper('readSegmentBase', t, seg);
    c.write(0, t);
  };
}

function writeBase(seg: Seg): LiftFunction {
  return (c) => c.helper('writeSegmentBase', seg, c.read(0));
}

// --- ports ---------------------------------------------------------------------------------------------

function inOut(name: 'inPort' | 'outPort', portOperand: 0 | 1): LiftFunction {
  return (c) => {
    const immediate = c.isImmediate(portOperand);
    const port = immediate
      ? c.ir.constant(BigInt.asUintN(8, c.insn.immediate(portOperand)))
      : c.zext(Slot.RDX, 2);
    c.helper(name, c.bytes(1 - portOperand), port, immediate ? 1 : 0);
    c.end();
  };
}

const STRING_ADDRESS_BYTES: { [kind: number]: 2 | 4 | 8 } = {
  [OpKind.MemorySegSI]: 2,
  [OpKind.MemoryESDI]: 2,
  [OpKind.MemorySegESI]: 4,
  [OpKind.MemoryESEDI]: 4,
  [OpKind.MemorySegRSI]: 8,
  [OpKind.MemoryESRDI]: 8,
};

function stringIo(input: boolean, size: 1 | 2 | 4): LiftFunction {
  return (c) => {
    const { insn } = c;
    const seg = input ? Seg.ES : c.memorySegment;
    const repeat = insn.hasRepPrefix || insn.hasRepePrefix || insn.hasRepnePrefix;
    const address = STRING_ADDRESS_BYTES[insn.opKind(input ? 0 : 1)];
    c.helper('stringPort', size | (input ? 8 : 0), address, seg | (repeat ? 8 : 0));
    c.end();
  };
}

/** Instructions that CPUID does not report: #UD. */
const NOT_OFFERED = [
  Mnemonic.Monitor,
  Mnemonic.Mwait,
  Mnemonic.Rdrand,
  Mnemonic.Rdseed,
  Mnemonic.Xgetbv,
  Mnemonic.Xsetbv,
  Mnemonic.Xsave,
  Mnemonic.Xsave64,
  Mnemonic.Xrstor,
  Mnemonic.Xrstor64,
  Mnemonic.Xsaveopt,
  Mnemonic.Xsaves,
  Mnemonic.Xrstors,
  Mnemonic.Getsec,
  Mnemonic.Rsm,
  Mnemonic.Encls,
  Mnemonic.Enclu,
  Mnemonic.Rdpkru,
  Mnemonic.Wrpkru,
  Mnemonic.Xbegin,
  Mnemonic.Xabort,
  Mnemonic.Xend,
  Mnemonic.Xtest,
];

/** System instructions. For MOV, POP, JMP and CALL only the forms that index.ts sends here. */
export const systemLifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Mov, mov],
  [Mnemonic.Pop, popSegment],
  [Mnemonic.Lds, loadFarPointer(Seg.DS)],
  [Mnemonic.Les, loadFarPointer(Seg.ES)],
  [Mnemonic.Lfs, loadFarPointer(Seg.FS)],
  [Mnemonic.Lgs, loadFarPointer(Seg.GS)],
  [Mnemonic.Lss, loadFarPointer(Seg.SS)],

  [Mnemonic.Jmp, farJump],
  [Mnemonic.Call, farCall],
  [Mnemonic.Retf, farReturn],
  [Mnemonic.Iret, leaving('iret', 2)],
  [Mnemonic.Iretd, leaving('iret', 4)],
  [Mnemonic.Iretq, leaving('iret', 8)],
  [Mnemonic.Int, intN],
  [Mnemonic.Int1, leaving('int1')],
  [Mnemonic.Int3, leaving('softwareException', Vector.BP)],
  [Mnemonic.Into, into],
  [Mnemonic.Syscall, leaving('syscall')],
  [Mnemonic.Sysret, leaving('sysret', 0)],
  [Mnemonic.Sysretq, leaving('sysret', 1)],
  [Mnemonic.Sysenter, leaving('sysenter')],
  [Mnemonic.Sysexit, leaving('sysexit', 0)],
  [Mnemonic.Sysexitq, leaving('sysexit', 1)],

  [Mnemonic.Cli, plain('cli')],
  [Mnemonic.Sti, ending('sti')],
  [Mnemonic.Pushf, pushf(2)],
  [Mnemonic.Pushfd, pushf(4)],
  [Mnemonic.Pushfq, pushf(8)],
  [Mnemonic.Popf, popf(2)],
  [Mnemonic.Popfd, popf(4)],
  [Mnemonic.Popfq, popf(8)],
  [Mnemonic.Clac, plain('setAc', 0)],
  [Mnemonic.Stac, plain('setAc', 1)],

  [Mnemonic.Hlt, leaving('hlt')],
  [Mnemonic.Pause, plain('pause')],
  [Mnemonic.Invd, plain('invalidateCaches', 0)],
  [Mnemonic.Wbinvd, plain('invalidateCaches', 1)],
  [Mnemonic.Wbnoinvd, plain('invalidateCaches', 1)],
  [Mnemonic.Cpuid, plain('cpuid')],
  [Mnemonic.Rdmsr, plain('rdmsr')],
  [Mnemonic.Wrmsr, ending('wrmsr')],
  [Mnemonic.Rdtsc, plain('rdtsc', 0)],
  [Mnemonic.Rdtscp, plain('rdtsc', 1)],
  [Mnemonic.Rdpmc, plain('rdpmc')],
  [Mnemonic.Wait, plain('fwait')],
  [Mnemonic.Rdpid, (c) => c.writeRegister(c.gpr(0)!.slot, 8, c.zext(Slot.TSC_AUX, 4))],

  [Mnemonic.Clts, ending('clts')],
  [Mnemonic.Lmsw, lmsw],
  [Mnemonic.Smsw, smsw],
  [Mnemonic.Lgdt, loadTable(0)],
  [Mnemonic.Lidt, loadTable(1)],
  [Mnemonic.Sgdt, storeTable(0)],
  [Mnemonic.Sidt, storeTable(1)],
  [Mnemonic.Lldt, protectedOnly(loadSystemSelector(0))],
  [Mnemonic.Ltr, protectedOnly(loadSystemSelector(1))],
  [Mnemonic.Sldt, protectedOnly(storeSystemSelector(0))],
  [Mnemonic.Str, protectedOnly(storeSystemSelector(1))],
  [Mnemonic.Lar, protectedOnly(inspect('lar'))],
  [Mnemonic.Lsl, protectedOnly(inspect('lsl'))],
  [Mnemonic.Verr, protectedOnly(verify(0))],
  [Mnemonic.Verw, protectedOnly(verify(1))],
  [Mnemonic.Arpl, protectedOnly(arpl)],

  [Mnemonic.Invlpg, invlpg],
  [Mnemonic.Invpcid, invpcid],
  [Mnemonic.Swapgs, only64(plain('swapgs'))],
  [Mnemonic.Rdfsbase, only64(readBase(Seg.FS))],
  [Mnemonic.Rdgsbase, only64(readBase(Seg.GS))],
  [Mnemonic.Wrfsbase, only64(writeBase(Seg.FS))],
  [Mnemonic.Wrgsbase, only64(writeBase(Seg.GS))],

  [Mnemonic.In, inOut('inPort', 1)],
  [Mnemonic.Out, inOut('outPort', 0)],
  [Mnemonic.Insb, stringIo(true, 1)],
  [Mnemonic.Insw, stringIo(true, 2)],
  [Mnemonic.Insd, stringIo(true, 4)],
  [Mnemonic.Outsb, stringIo(false, 1)],
  [Mnemonic.Outsw, stringIo(false, 2)],
  [Mnemonic.Outsd, stringIo(false, 4)],

  ...NOT_OFFERED.map((mnemonic): [number, LiftFunction] => [mnemonic, leaving('notOffered')]),
]);
