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
  alwaysMemory: boolean;
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

function gather(forms: Form[]): InstructionFacts {
  let read = 0;
  let written = 0;
  let cleared = 0;
  let set = 0;
  let undefinedBits = 0;
  const features = new Set<string>();
  const reads = new Set<string>();
  const writes = new Set<string>();
  const facts: InstructionFacts = {
    flags: { read: [], written: [], cleared: [], set: [], undefined: [] },
    features: [],
    privileged: true,
    implicit: { read: [], written: [] },
    exits: { intel: 'no', amd: 'no' },
    memory: false,
    stack: false,
    lockable: false,
    inputOutput: false,
    alwaysMemory: true,
  };
  const factory = new InstructionInfoFactory();
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
    read |= instruction.rflagsRead;
    written |= instruction.rflagsWritten;
    cleared |= instruction.rflagsCleared;
    set |= instruction.rflagsSet;
    undefinedBits |= instruction.rflagsUndefined;
    for (const feature of instruction.cpuidFeatures()) features.add(CpuidFeature[feature]);
    const info = factory.info(instruction);
    for (const used of info.usedRegisters()) {
      const name = (Register[used.register] ?? '').toLowerCase();
      if (name === 'none' || name === '') continue;
      if (used.access === OpAccess.Read || used.access === OpAccess.CondRead) reads.add(name);
      else if (used.access === OpAccess.Write || used.access === OpAccess.CondWrite) writes.add(name);
      else if (used.access === OpAccess.ReadWrite || used.access === OpAccess.ReadCondWrite) {
        reads.add(name);
        writes.add(name);
      }
      used.free();
    }
    if (!op.isPrivileged && !op.mustBeCpl0) facts.privileged = false;
    if (op.intelVmExit) facts.exits.intel = 'always';
    else if (op.intelMayVmExit && facts.exits.intel === 'no') facts.exits.intel = 'may';
    if (op.amdVmExit) facts.exits.amd = 'always';
    else if (op.amdMayVmExit && facts.exits.amd === 'no') facts.exits.amd = 'may';
    if (op.isStackInstruction) facts.stack = true;
    if (op.canUseLockPrefix) facts.lockable = true;
    if (op.isInputOutput) facts.inputOutput = true;
    info.free();
    op.free();
    instruction.free();
  }
  factory.free();
  facts.memory = forms.some((f) => f.slots.some((s) => s.memory));
  facts.alwaysMemory = forms.every((f) => f.slots.some((s) => s.memory && s.register === undefined));
  facts.flags = {
    read: flagNames(read),
    written: flagNames(written & ~(cleared | set)),
    cleared: flagNames(cleared & ~(written | set)),
    set: flagNames(set & ~(written | cleared)),
    undefined: flagNames(undefinedBits),
  };
  // Names such as SSE2 or AVX512F; the instruction set's beginnings say little.
  facts.features = [...features].map(featureName);
  facts.implicit = { read: [...reads], written: [...writes] };
  return facts;
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
