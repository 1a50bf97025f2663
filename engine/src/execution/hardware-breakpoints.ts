import { type Cpu, Vector } from '../cpu/cpu';
import { Flag, Slot } from '../cpu/state';
import type { Breakpoints } from './breakpoints';
import type { DataBreakpoints } from './data-breakpoints';

/** DR7.L0 … G3. */
const ENABLED = 0xff;

/** DR7 without GE, LE and GD. */
const CHOICES = 0xffff00ffn;

/** What R/Wn of DR7 asks for. I/O breakpoints (2) are not implemented. */
const enum Kind {
  EXECUTE = 0,
  WRITE = 1,
  READ_WRITE = 3,
}

/** Bytes by LENn of DR7. */
const LENGTHS = [1, 2, 8, 4] as const;

/** Slots that say what is watched. */
const WATCHED = [Slot.DR0, Slot.DR0 + 1, Slot.DR0 + 2, Slot.DR0 + 3, Slot.DR7] as const;

const COUNT = 4;

/** Ids of the debugger's breakpoints are positive. */
const idOf = (n: number): number => -1 - n;

/** Where an instruction with a breakpoint was about to begin. */
interface Fetch {
  low: number;
  high: number;
  count: number;
  rcx: bigint;
}

/**
 * The processor's own breakpoints, in DR0 to DR3 (SDM 3B 18.2), by the means of
 * the debugger's. On instructions they are faults before the instruction, on
 * data traps after it.
 */
export class HardwareBreakpoints {
  private enabled = 0;
  private readonly known = WATCHED.map(() => 0n);
  /** RFLAGS.RF was set when the instruction at this count began. */
  private resumedAt = -1;
  /** DR6's bits for data that has been accessed. */
  private trapped = 0;
  private last: Fetch | undefined;

  constructor(
    private readonly cpu: Cpu,
    private readonly breakpoints: Breakpoints,
    private readonly dataBreakpoints: DataBreakpoints,
  ) {}

  /** Before an instruction begins: takes over what DR0 … DR7 say, and RFLAGS.RF, which is cleared (SDM 3B 18.3.1.1). */
  prepare(): void {
    const { cpu, known } = this;
    const { u64 } = cpu.state;
    const enabled = cpu.state.low(Slot.DR7) & ENABLED;
    if ((enabled | this.enabled) === 0) return;
    const now = (slot: number): bigint => (slot === Slot.DR7 ? u64[slot] & CHOICES : u64[slot]);
    if (WATCHED.some((slot, i) => now(slot) !== known[i])) {
      WATCHED.forEach((slot, i) => {
        known[i] = now(slot);
      });
      this.enabled = enabled;
      for (let n = 0; n < COUNT; n++) this.set(n);
    }
    if (!cpu.flag(Flag.RF)) return;
    this.resumedAt = cpu.icount;
    cpu.state.setLow(Slot.RFLAGS, cpu.state.low(Slot.RFLAGS) & ~Flag.RF);
  }

  private isEnabled(n: number): boolean {
    return ((this.enabled >>> (2 * n)) & 3) !== 0;
  }

  private kind(n: number): Kind {
    return (this.cpu.state.low(Slot.DR7) >>> (16 + 4 * n)) & 3;
  }

  private set(n: number): void {
    const { cpu, breakpoints, dataBreakpoints } = this;
    const id = idOf(n);
    breakpoints.delete(id);
    dataBreakpoints.delete(id);
    if (!this.isEnabled(n)) return;
    const address = cpu.state.u64[Slot.DR0 + n];
    const kind = this.kind(n);
    // That code comes here; fetch() decides.
    if (kind === Kind.EXECUTE) breakpoints.set(id, address, () => false);
    else if (kind === Kind.WRITE || kind === Kind.READ_WRITE) {
      const length = LENGTHS[(cpu.state.low(Slot.DR7) >>> (18 + 4 * n)) & 3];
      const range = {
        space: 'linear' as const,
        address: address & BigInt(-length),
        length,
        access: kind === Kind.WRITE ? ('write' as const) : ('readWrite' as const),
      };
      dataBreakpoints.set(id, range, () => {
        this.trapped |= 1 << n;
        return false;
      });
    }
  }

  /** The instruction at a linear address is about to begin; true after raising #DB. */
  fetch(low: number, high: number): boolean {
    const { cpu } = this;
    if (this.enabled === 0) return false;
    let bits = 0;
    for (let n = 0; n < COUNT; n++) {
      if (!this.isEnabled(n) || this.kind(n) !== Kind.EXECUTE) continue;
      if (cpu.state.low(Slot.DR0 + n) === low && cpu.state.high(Slot.DR0 + n) === high) bits |= 1 << n;
    }
    if (bits === 0 || this.passes(low, high)) return false;
    cpu.raise(Vector.DB, undefined, 'An instruction breakpoint in DR0 to DR3.', BigInt(bits));
    return true;
  }

  /** Not after MOV SS or POP SS (SDM 3A 6.8.3), and a repeated string instruction begins once. */
  private passes(low: number, high: number): boolean {
    const { cpu, last } = this;
    const { state } = cpu;
    const count = cpu.icount;
    const rcx = state.u64[Slot.RCX];
    const repeats =
      last?.low === low && last.high === high && last.count + 1 === count && last.rcx - 1n === rcx;
    const passes = repeats || this.resumedAt === count || state.number(Slot.SHADOW_SS) === count;
    this.last = passes ? { low, high, count, rcx } : undefined;
    return passes;
  }

  /** DR6's bits for what the instructions up to here accessed; MOV SS and POP SS delay them by one instruction. */
  takeTraps(): number {
    if (this.trapped === 0 || this.cpu.state.number(Slot.SHADOW_SS) === this.cpu.icount) return 0;
    const bits = this.trapped;
    this.trapped = 0;
    return bits;
  }

  /** A trap waits for the next instruction. */
  get waiting(): boolean {
    return this.trapped !== 0;
  }
}
