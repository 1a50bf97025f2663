import { findRegister } from '@hyperstep/assembler';

const CONTROL: Readonly<Record<string, string>> = {
  cr0: 'Processor mode: PE, MP, EM, TS, ET, NE, WP, AM, NW, CD, PG.',
  cr2: 'The linear address of the last page fault.',
  cr3: 'Physical address of the top page table, and the PCID.',
  cr4: 'Features: PAE, PGE, OSFXSR, UMIP, LA57, VMXE, SMEP, SMAP, PKE and others.',
  cr8: 'Task priority (TPR): interrupts of this class and below wait.',
  dr6: 'Debug status: which breakpoint was met.',
  dr7: 'Debug control: enables and kinds of the four breakpoints.',
};
const SEGMENT: Readonly<Record<string, string>> = {
  cs: 'code segment; its low two bits are the privilege level',
  ss: 'stack segment',
  ds: 'data segment',
  es: 'extra segment, of string destinations',
  fs: 'extra segment with a base of its own in 64-bit mode',
  gs: 'extra segment with a base of its own in 64-bit mode; see SWAPGS',
};

/** What a register is, in a sentence; undefined for other words. */
export function registerDoc(name: string): string | undefined {
  const register = findRegister(name);
  if (!register) return undefined;
  const special = CONTROL[name] ?? (SEGMENT[name] && `Segment register: ${SEGMENT[name]}.`);
  if (special) return special;
  const whole = wholeOf(name);
  switch (register.class) {
    case 'r8':
      return register.high ? `Bits 8–15 of ${whole}.` : `Bits 0–7 of ${whole}.`;
    case 'r16':
      return `Bits 0–15 of ${whole}.`;
    case 'r32':
      return `Bits 0–31 of ${whole}. Writing it clears the upper half.`;
    case 'r64':
      return '64-bit general register.';
    case 'control':
      return 'Control register.';
    case 'debug':
      return Number(name.slice(2)) < 4 ? 'Linear address of a hardware breakpoint.' : 'Debug register.';
    case 'xmm':
    case 'ymm':
    case 'zmm':
      return `${register.size}-bit vector register${register.class === 'zmm' ? '' : `, the low part of zmm${register.number}`}.`;
    case 'x87':
      return `x87 register ${register.number} below the top of the stack.`;
    case 'mmx':
      return '64-bit MMX register, the significand of an x87 register.';
    case 'mask':
      return 'AVX-512 mask register.';
    case 'tile':
      return 'AMX tile register.';
    default:
      return `${register.size ? `${register.size}-bit ` : ''}register.`;
  }
}

/** The 64-bit register a general register is part of. */
export function wholeOf(name: string): string {
  if (/^r\d+[bwd]?$/.test(name)) return name.replace(/[bwd]$/, '');
  const high = /^([abcd])h$/.exec(name);
  if (high) return `r${high[1]}x`;
  const low = /^([abcd])l$/.exec(name);
  if (low) return `r${low[1]}x`;
  const pointer = /^(sp|bp|si|di)l$/.exec(name);
  if (pointer) return `r${pointer[1]}`;
  return /^[er]/.test(name) && name.length === 3 ? `r${name.slice(1)}` : `r${name}`;
}
