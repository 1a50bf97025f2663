/** Bits of the VM-execution, exit and entry controls (SDM 3C 25.6.1, 25.6.2, 25.7.1, 25.8.1) and which of them this processor has. */

/** Pin-based VM-execution controls. */
export const enum Pin {
  EXTERNAL_INTERRUPT_EXITING = 1,
  NMI_EXITING = 1 << 3,
  VIRTUAL_NMIS = 1 << 5,
  PREEMPTION_TIMER = 1 << 6,
}

/** Primary processor-based VM-execution controls. */
export const enum Primary {
  INTERRUPT_WINDOW_EXITING = 1 << 2,
  TSC_OFFSETTING = 1 << 3,
  HLT_EXITING = 1 << 7,
  INVLPG_EXITING = 1 << 9,
  MWAIT_EXITING = 1 << 10,
  RDPMC_EXITING = 1 << 11,
  RDTSC_EXITING = 1 << 12,
  CR3_LOAD_EXITING = 1 << 15,
  CR3_STORE_EXITING = 1 << 16,
  CR8_LOAD_EXITING = 1 << 19,
  CR8_STORE_EXITING = 1 << 20,
  NMI_WINDOW_EXITING = 1 << 22,
  MOV_DR_EXITING = 1 << 23,
  UNCONDITIONAL_IO_EXITING = 1 << 24,
  USE_IO_BITMAPS = 1 << 25,
  USE_MSR_BITMAPS = 1 << 28,
  MONITOR_EXITING = 1 << 29,
  PAUSE_EXITING = 1 << 30,
  /** 2^31 as an unsigned number. */
  ACTIVATE_SECONDARY = 0x80000000,
}

/** Secondary processor-based VM-execution controls. */
export const enum Secondary {
  ENABLE_EPT = 1 << 1,
  DESCRIPTOR_TABLE_EXITING = 1 << 2,
  ENABLE_RDTSCP = 1 << 3,
  ENABLE_VPID = 1 << 5,
  WBINVD_EXITING = 1 << 6,
  UNRESTRICTED_GUEST = 1 << 7,
  ENABLE_INVPCID = 1 << 12,
}

/** Primary VM-exit controls. */
export const enum Exit {
  SAVE_DEBUG_CONTROLS = 1 << 2,
  HOST_ADDRESS_SPACE_SIZE = 1 << 9,
  ACKNOWLEDGE_INTERRUPT = 1 << 15,
  SAVE_PAT = 1 << 18,
  LOAD_PAT = 1 << 19,
  SAVE_EFER = 1 << 20,
  LOAD_EFER = 1 << 21,
  SAVE_PREEMPTION_TIMER = 1 << 22,
}

/** VM-entry controls. */
export const enum Entry {
  LOAD_DEBUG_CONTROLS = 1 << 2,
  IA32E_MODE_GUEST = 1 << 9,
  LOAD_PAT = 1 << 14,
  LOAD_EFER = 1 << 15,
}

/** What a control word may and must hold. */
export interface ControlWord {
  /** Bits that must be 1 when the plain capability MSR is asked (the default1 class, SDM 3C A.2). */
  defaultOnes: number;
  /** Bits that must be 1 by the "true" capability MSR; the rest of default1 may be 0. */
  requiredOnes: number;
  /** Controls with both settings. */
  optional: number;
}

/** The five control words; `optional` is what this processor implements. */
export const CONTROLS = {
  pin: {
    defaultOnes: 0x16,
    requiredOnes: 0x16,
    optional: Pin.EXTERNAL_INTERRUPT_EXITING | Pin.NMI_EXITING | Pin.VIRTUAL_NMIS | Pin.PREEMPTION_TIMER,
  },
  primary: {
    defaultOnes: 0x0401e172,
    // CR3-load and CR3-store exiting (bits 15 and 16) may be 0.
    requiredOnes: 0x04006172,
    optional:
      (Primary.INTERRUPT_WINDOW_EXITING |
        Primary.TSC_OFFSETTING |
        Primary.HLT_EXITING |
        Primary.INVLPG_EXITING |
        Primary.MWAIT_EXITING |
        Primary.RDPMC_EXITING |
        Primary.RDTSC_EXITING |
        Primary.CR3_LOAD_EXITING |
        Primary.CR3_STORE_EXITING |
        Primary.CR8_LOAD_EXITING |
        Primary.CR8_STORE_EXITING |
        Primary.NMI_WINDOW_EXITING |
        Primary.MOV_DR_EXITING |
        Primary.UNCONDITIONAL_IO_EXITING |
        Primary.USE_IO_BITMAPS |
        Primary.USE_MSR_BITMAPS |
        Primary.MONITOR_EXITING |
        Primary.PAUSE_EXITING |
        Primary.ACTIVATE_SECONDARY) >>>
      0,
  },
  secondary: {
    defaultOnes: 0,
    requiredOnes: 0,
    optional:
      Secondary.ENABLE_EPT |
      Secondary.DESCRIPTOR_TABLE_EXITING |
      Secondary.ENABLE_RDTSCP |
      Secondary.ENABLE_VPID |
      Secondary.WBINVD_EXITING |
      Secondary.UNRESTRICTED_GUEST |
      Secondary.ENABLE_INVPCID,
  },
  exit: {
    defaultOnes: 0x00036dff,
    // "Save debug controls" (bit 2) may be 0.
    requiredOnes: 0x00036dfb,
    optional:
      Exit.SAVE_DEBUG_CONTROLS |
      Exit.HOST_ADDRESS_SPACE_SIZE |
      Exit.ACKNOWLEDGE_INTERRUPT |
      Exit.SAVE_PAT |
      Exit.LOAD_PAT |
      Exit.SAVE_EFER |
      Exit.LOAD_EFER |
      Exit.SAVE_PREEMPTION_TIMER,
  },
  entry: {
    defaultOnes: 0x000011ff,
    // "Load debug controls" (bit 2) may be 0.
    requiredOnes: 0x000011fb,
    optional: Entry.LOAD_DEBUG_CONTROLS | Entry.IA32E_MODE_GUEST | Entry.LOAD_PAT | Entry.LOAD_EFER,
  },
} as const satisfies Record<string, ControlWord>;

export type ControlWordName = keyof typeof CONTROLS;

/** Bits that may be 1. */
export function allowedOnes(word: ControlWordName): number {
  return (CONTROLS[word].requiredOnes | CONTROLS[word].optional) >>> 0;
}

/** The manual's names of the bits, for explanations. */
const NAMES: Record<ControlWordName, Record<number, string>> = {
  pin: {
    0: 'external-interrupt exiting',
    3: 'NMI exiting',
    5: 'virtual NMIs',
    6: 'activate VMX-preemption timer',
    7: 'process posted interrupts',
  },
  primary: {
    2: 'interrupt-window exiting',
    3: 'use TSC offsetting',
    7: 'HLT exiting',
    9: 'INVLPG exiting',
    10: 'MWAIT exiting',
    11: 'RDPMC exiting',
    12: 'RDTSC exiting',
    15: 'CR3-load exiting',
    16: 'CR3-store exiting',
    17: 'activate tertiary controls',
    19: 'CR8-load exiting',
    20: 'CR8-store exiting',
    21: 'use TPR shadow',
    22: 'NMI-window exiting',
    23: 'MOV-DR exiting',
    24: 'unconditional I/O exiting',
    25: 'use I/O bitmaps',
    27: 'monitor trap flag',
    28: 'use MSR bitmaps',
    29: 'MONITOR exiting',
    30: 'PAUSE exiting',
    31: 'activate secondary controls',
  },
  secondary: {
    0: 'virtualize APIC accesses',
    1: 'enable EPT',
    2: 'descriptor-table exiting',
    3: 'enable RDTSCP',
    4: 'virtualize x2APIC mode',
    5: 'enable VPID',
    6: 'WBINVD exiting',
    7: 'unrestricted guest',
    8: 'APIC-register virtualization',
    9: 'virtual-interrupt delivery',
    10: 'PAUSE-loop exiting',
    11: 'RDRAND exiting',
    12: 'enable INVPCID',
    13: 'enable VM functions',
    14: 'VMCS shadowing',
    15: 'enable ENCLS exiting',
    16: 'RDSEED exiting',
    17: 'enable PML',
    18: 'EPT-violation #VE',
    19: 'conceal VMX from PT',
    20: 'enable XSAVES/XRSTORS',
    22: 'mode-based execute control for EPT',
    23: 'sub-page write permissions for EPT',
    25: 'use TSC scaling',
    26: 'enable user wait and pause',
  },
  exit: {
    2: 'save debug controls',
    9: 'host address-space size',
    12: 'load IA32_PERF_GLOBAL_CTRL',
    15: 'acknowledge interrupt on exit',
    18: 'save IA32_PAT',
    19: 'load IA32_PAT',
    20: 'save IA32_EFER',
    21: 'load IA32_EFER',
    22: 'save VMX-preemption timer value',
    23: 'clear IA32_BNDCFGS',
    24: 'conceal VMX from PT',
  },
  entry: {
    2: 'load debug controls',
    9: 'IA-32e mode guest',
    10: 'entry to SMM',
    11: 'deactivate dual-monitor treatment',
    13: 'load IA32_PERF_GLOBAL_CTRL',
    14: 'load IA32_PAT',
    15: 'load IA32_EFER',
    16: 'load IA32_BNDCFGS',
    17: 'conceal VMX from PT',
  },
};

/** The manual's name of a control bit in quotes, or `bit n`. */
export function controlName(word: ControlWordName, bit: number): string {
  const name = NAMES[word][bit];
  return name ? `"${name}" (bit ${bit})` : `bit ${bit}`;
}
