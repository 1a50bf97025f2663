import { type Form, formsOf } from '@hyperstep/assembler';
import {
  CodeExt,
  CpuidFeature,
  Decoder,
  DecoderOptions,
  Instruction,
  InstructionInfoFactory,
  OpAccess,
  OpCodeOperandKind,
  OpKind,
  Register,
  RflagsBits,
} from 'iced-x86';
import { wholeOf } from './registers';

/** Facts of an instruction that hold for all forms named; from iced-x86's tables. */
export interface InstructionFacts {
  /** Flags by what happens to them, in the order of EFLAGS. */
  flags: { read: string[]; written: string[]; cleared: string[]; set: string[]; undefined: string[] };
  /** CPUID features, one list a form: all of a list are needed. */
  features: string[];
  privileged: boolean;
  /** Registers it uses without being written: `reads eax`, `writes edx`. */
  implicit: { read: string[]; written: string[] };
  /** iced-x86's own word on VM exits, where our table has none. */
  exits: { intel: 'no' | 'may' | 'always'; amd: 'no' | 'may' | 'always' };
  /** What the memory operand may be, for exceptions. */
  memory: boolean;
  stack: boolean;
  lockable: boolean;
  inputOutput: boolean;
}

const FLAGS: readonly [number, string][] = [
  [RflagsBits.OF, 'OF'],
  [RflagsBits.SF, 'SF'],
  [RflagsBits.ZF, 'ZF'],
  [RflagsBits.AF, 'AF'],
  [RflagsBits.PF, 'PF'],
  [RflagsBits.CF, 'CF'],
  [RflagsBits.DF, 'DF'],
  [RflagsBits.IF, 'IF'],
  [RflagsBits.AC, 'AC'],
  [RflagsBits.UIF, 'UIF'],
  [RflagsBits.C0, 'C0'],
  [RflagsBits.C1, 'C1'],
  [RflagsBits.C2, 'C2'],
  [RflagsBits.C3, 'C3'],
];

function flagNames(bits: number): string[] {
  return FLAGS.filter(([bit]) => bits & bit).map(([, name]) => name);
}

const cache = new Map<string, InstructionFacts | undefined>();

/** Facts of the forms of a mnemonic that exist in the mode (all forms when none does). */
export function factsOf(mnemonic: string, bits: 16 | 32 | 64): InstructionFacts | undefined {
  const key = `${bits}:${mnemonic}`;
  if (!cache.has(key)) {
    const forms = formsIn(mnemonic, bits);
    cache.set(key, forms.length > 0 ? gather(forms) : undefined);
  }
  return cache.get(key);
}

const MODE = { 16: 1, 32: 2, 64: 4 } as const;

/** The encodings of a mnemonic that exist in a mode; all when none does. */
export function formsIn(mnemonic: string, bits: 16 | 32 | 64): Form[] {
  const all = formsOf(mnemonic) ?? [];
  const here = all.filter((form) => form.modes & MODE[bits]);
  return here.length > 0 ? here : all;
}

/** Does any form of the mnemonic exist in the mode? */
export function existsIn(mnemonic: string, bits: 16 | 32 | 64): boolean {
  return (formsOf(mnemonic) ?? []).some((form) => form.modes & MODE[bits]);
}

/** Facts of one encoded instruction: of its form, and with the operands it really has. */
export function factsOfBytes(bytes: Uint8Array, bits: 16 | 32 | 64): InstructionFacts | undefined {
  if (bytes.length === 0 || bytes.length > 15) return undefined;
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  const instruction = decoder.decode();
  const whole = !instruction.isInvalid && instruction.length === bytes.length;
  const facts = whole ? new Gathering().add(instruction, true).facts() : undefined;
  instruction.free();
  decoder.free();
  return facts;
}

function gather(forms: Form[]): InstructionFacts {
  const all = new Gathering();
  for (const code of new Set(forms.map((f) => f.code))) {
    const instruction = new Instruction();
    instruction.code = code;
    const op = CodeExt.opCode(code);
    // Without a count a shift changes no flag.
    for (let i = 0; i < op.opCount; i++) {
      if (/^imm8/i.test(kindName(op.opKind(i)))) {
        instruction.setOpKind(i, OpKind.Immediate8);
        instruction.setImmediateU32(i, 1);
      }
    }
    op.free();
    all.add(instruction, false);
    instruction.free();
  }
  const facts = all.facts();
  facts.memory ||= forms.some((f) => f.slots.some((s) => s.memory));
  return facts;
}

/** Operands that string instructions have in memory without saying so. */
const IMPLIED_MEMORY = /_r(SI|DI|BX)/;

/** Puts together what holds for several forms. */
class Gathering {
  private read = 0;
  private written = 0;
  private cleared = 0;
  private set = 0;
  private undefinedBits = 0;
  private readonly features = new Set<string>();
  private readonly reads = new Set<string>();
  private readonly writes = new Set<string>();
  private readonly exits: InstructionFacts['exits'] = { intel: 'no', amd: 'no' };
  private privileged = true;
  private memory = false;
  private stack = false;
  private lockable = false;
  private inputOutput = false;

  /** @param real its operands are those written, so that memory can be told from registers */
  add(instruction: Instruction, real: boolean): this {
    const op = CodeExt.opCode(instruction.code);
    this.read |= instruction.rflagsRead;
    this.written |= instruction.rflagsWritten;
    this.cleared |= instruction.rflagsCleared;
    this.set |= instruction.rflagsSet;
    this.undefinedBits |= instruction.rflagsUndefined;
    for (const feature of instruction.cpuidFeatures()) this.features.add(CpuidFeature[feature]);
    this.registers(instruction, real);
    // IN, OUT, CLI and STI depend on IOPL.
    const byIopl = op.isInputOutput || /^(CLI|STI)$/.test(op.instructionString);
    if ((!op.isPrivileged && !op.mustBeCpl0) || byIopl) this.privileged = false;
    if (op.intelVmExit) this.exits.intel = 'always';
    else if (op.intelMayVmExit && this.exits.intel === 'no') this.exits.intel = 'may';
    if (op.amdVmExit) this.exits.amd = 'always';
    else if (op.amdMayVmExit && this.exits.amd === 'no') this.exits.amd = 'may';
    if (op.isStackInstruction) this.stack = true;
    if (op.canUseLockPrefix) this.lockable = true;
    if (op.isInputOutput) this.inputOutput = true;
    for (let i = 0; i < op.opCount; i++) {
      if (IMPLIED_MEMORY.test(kindName(op.opKind(i)))) this.memory = true;
      if (real && instruction.opKind(i) === OpKind.Memory) this.memory = true;
    }
    op.free();
    return this;
  }

  private registers(instruction: Instruction, real: boolean): void {
    const written = new Set<string>();
    if (real) {
      for (let i = 0; i < instruction.opCount; i++)
        if (instruction.opKind(i) === OpKind.Register) written.add(nameOf(instruction.opRegister(i)));
      for (const part of [instruction.memoryBase, instruction.memoryIndex, instruction.segmentPrefix])
        written.add(nameOf(part));
    }
    const factory = new InstructionInfoFactory();
    const info = factory.info(instruction);
    for (const used of info.usedRegisters()) {
      const name = nameOf(used.register);
      const access = used.access;
      used.free();
      // What stands there needs no mention; nor do segments that are implied everywhere.
      if (name === 'none' || name === '' || (real && isWritten(name, written))) continue;
      if (READS.has(access)) this.reads.add(name);
      if (WRITES.has(access)) this.writes.add(name);
    }
    info.free();
    factory.free();
  }

  facts(): InstructionFacts {
    const { read, written, cleared, set } = this;
    return {
      flags: {
        read: flagNames(read),
        written: flagNames(written & ~(cleared | set)),
        cleared: flagNames(cleared & ~(written | set)),
        set: flagNames(set & ~(written | cleared)),
        undefined: flagNames(this.undefinedBits),
      },
      // Names such as SSE2 or AVX512F; the instruction set's beginnings say little.
      features: [...this.features].map(featureName),
      privileged: this.privileged,
      implicit: { read: [...this.reads], written: [...this.writes] },
      exits: this.exits,
      memory: this.memory,
      stack: this.stack,
      lockable: this.lockable,
      inputOutput: this.inputOutput,
    };
  }
}

const READS = new Set([OpAccess.Read, OpAccess.CondRead, OpAccess.ReadWrite, OpAccess.ReadCondWrite]);
const WRITES = new Set([OpAccess.Write, OpAccess.CondWrite, OpAccess.ReadWrite, OpAccess.ReadCondWrite]);

function nameOf(register: Register): string {
  return (Register[register] ?? '').toLowerCase();
}

/** A write to `eax` reaches `rax`, one to `xmm1` reaches `zmm1`. */
function isWritten(name: string, written: ReadonlySet<string>): boolean {
  if (written.has(name) || /^(cs|ds|es|ss)$/.test(name)) return true;
  const wide = (n: string) => (/^[xyz]mm/.test(n) ? n.slice(1) : wholeOf(n));
  for (const other of written)
    if (other !== 'none' && other !== '' && wide(other) === wide(name)) return true;
  return false;
}

function kindName(kind: number): string {
  return OpCodeOperandKind[kind] ?? '';
}

function featureName(name: string): string {
  return name
    .replace(/^INTEL8086$/, '8086')
    .replace(/^INTEL8086_ONLY$/, '8086 only')
    .replace(/^INTEL(\d+)(_ONLY)?$/, '$1')
    .replace(/^X64$/, 'x86-64')
    .replaceAll('_', '-');
}

/** What iced-x86's decoder makes of the bytes of one instruction, in the manual's notation. */
export function decodeForm(
  bytes: Uint8Array,
  bits: 16 | 32 | 64,
): { instruction: string; encoding: string } | undefined {
  if (bytes.length === 0 || bytes.length > 15) return undefined;
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  const instruction = decoder.decode();
  const whole = !instruction.isInvalid && instruction.length === bytes.length;
  const op = CodeExt.opCode(instruction.code);
  const form = whole ? { instruction: op.instructionString, encoding: op.opCodeString } : undefined;
  op.free();
  instruction.free();
  decoder.free();
  return form;
}
