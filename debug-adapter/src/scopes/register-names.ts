/** Every register name an expression or a person may use, and where its bits are. */

/** Bits `shift`…`shift+bits-1` of a whole register. */
export interface RegisterPart {
  /** Name of the whole register, as {@link RegisterReader} knows it. */
  whole: string;
  shift: number;
  bits: number;
  /** Writing clears the rest of the register: the 32-bit halves in 64-bit mode. */
  clears?: boolean;
}

/** The general registers by encoding. */
// biome-ignore format: two rows of eight
export const GENERAL = [
  'rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi',
  'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15',
] as const;

/** Segment registers in the order of their encodings, then LDTR and TR. */
export const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'] as const;

/** Whole registers besides general and segment ones, with their widths. */
export const SPECIAL: Readonly<Record<string, number>> = {
  rip: 64,
  rflags: 64,
  cr0: 64,
  cr2: 64,
  cr3: 64,
  cr4: 64,
  cr8: 64,
  efer: 64,
  dr0: 64,
  dr1: 64,
  dr2: 64,
  dr3: 64,
  dr6: 64,
  dr7: 64,
  cpl: 2,
};

/** Model-specific registers by the names the engine gives them; symbols of the same name win. */
export const MSRS = [
  'star',
  'lstar',
  'cstar',
  'fmask',
  'kernel_gs_base',
  'sysenter_cs',
  'sysenter_esp',
  'sysenter_eip',
  'pat',
  'tsc_aux',
] as const;

/** RFLAGS bits (SDM 1 3.4.3): name, bit, width, what it says. */
export const FLAGS: readonly (readonly [name: string, bit: number, width: number, title: string])[] = [
  ['cf', 0, 1, 'carry'],
  ['pf', 2, 1, 'parity'],
  ['af', 4, 1, 'auxiliary carry'],
  ['zf', 6, 1, 'zero'],
  ['sf', 7, 1, 'sign'],
  ['tf', 8, 1, 'trap'],
  ['if', 9, 1, 'interrupts enabled'],
  ['df', 10, 1, 'direction'],
  ['of', 11, 1, 'overflow'],
  ['iopl', 12, 2, 'I/O privilege level'],
  ['nt', 14, 1, 'nested task'],
  ['rf', 16, 1, 'resume'],
  ['vm', 17, 1, 'virtual-8086 mode'],
  ['ac', 18, 1, 'alignment check'],
  ['vif', 19, 1, 'virtual interrupt flag'],
  ['vip', 20, 1, 'virtual interrupt pending'],
  ['id', 21, 1, 'CPUID available'],
];

/** Name (lower case) → the bits it means. */
export const REGISTER_PARTS: ReadonlyMap<string, RegisterPart> = build();

/** Names that mean a register only where no symbol has them: flags and MSRs. */
export const WEAK_PARTS: ReadonlyMap<string, RegisterPart> = new Map<string, RegisterPart>([
  ...FLAGS.map(([name, shift, bits]) => [name, { whole: 'rflags', shift, bits }] as const),
  ...MSRS.map((whole) => [whole, { whole, shift: 0, bits: 64 }] as const),
]);

/** Names of the parts of a general register, widest first, for showing. */
export function partsOf(whole: string): string[] {
  return [...REGISTER_PARTS]
    .filter(([name, part]) => part.whole === whole && name !== whole)
    .map(([name]) => name);
}

function build(): Map<string, RegisterPart> {
  const parts = new Map<string, RegisterPart>();
  GENERAL.forEach((whole, number) => {
    parts.set(whole, { whole, shift: 0, bits: 64 });
    const legacy = number < 8;
    const short = whole.slice(1);
    parts.set(legacy ? `e${short}` : `${whole}d`, { whole, shift: 0, bits: 32, clears: true });
    parts.set(legacy ? short : `${whole}w`, { whole, shift: 0, bits: 16 });
    if (number < 4) {
      parts.set(`${short[0]}h`, { whole, shift: 8, bits: 8 });
      parts.set(`${short[0]}l`, { whole, shift: 0, bits: 8 });
    } else parts.set(legacy ? `${short}l` : `${whole}b`, { whole, shift: 0, bits: 8 });
  });
  for (const [whole, bits] of Object.entries(SPECIAL)) parts.set(whole, { whole, shift: 0, bits });
  for (const whole of SEGMENT_NAMES) {
    parts.set(whole, { whole, shift: 0, bits: 16 });
    parts.set(`${whole}.base`, { whole: `${whole}.base`, shift: 0, bits: 64 });
    parts.set(`${whole}.limit`, { whole: `${whole}.limit`, shift: 0, bits: 32 });
    parts.set(`${whole}.access`, { whole: `${whole}.access`, shift: 0, bits: 32 });
  }
  for (const table of ['gdtr', 'idtr']) {
    parts.set(`${table}.base`, { whole: `${table}.base`, shift: 0, bits: 64 });
    parts.set(`${table}.limit`, { whole: `${table}.limit`, shift: 0, bits: 16 });
  }
  // Outside 64-bit mode the upper halves are 0 anyway.
  parts.set('eip', { whole: 'rip', shift: 0, bits: 32 });
  parts.set('ip', { whole: 'rip', shift: 0, bits: 16 });
  parts.set('eflags', { whole: 'rflags', shift: 0, bits: 32 });
  parts.set('flags', { whole: 'rflags', shift: 0, bits: 16 });
  for (const [name, bit, width] of FLAGS)
    parts.set(`rflags.${name}`, { whole: 'rflags', shift: bit, bits: width });
  return parts;
}
