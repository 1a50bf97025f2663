import { type Cpu, Vector } from '../cpu/cpu';
import { Seg, SegField, Slot } from '../cpu/state';
import type { Block } from '../ir/block';
import { Mode } from '../ir/block';
import { Lifter, MAX_INSTRUCTION_BYTES } from '../lift/block';
import type { SoftMmu } from '../memory/soft-mmu';
import type { Breakpoints } from './breakpoints';
import type { CodeCache } from './code-cache';

const PAGE = 4096;
const CS_BASE = Slot.SEGMENTS + Seg.CS * 4 + SegField.BASE;

/** Finds, or makes, the block at the processor's RIP. */
export class Translator {
  private readonly lifter = new Lifter();
  private linearLow = 0;
  private linearHigh = 0;
  /** Bytes of an instruction that crosses a page, put together. */
  private readonly joined = new Uint8Array(2 * MAX_INSTRUCTION_BYTES);

  constructor(
    private readonly cpu: Cpu,
    private readonly mmu: SoftMmu,
    private readonly cache: CodeCache,
    private readonly breakpoints: Breakpoints,
  ) {}

  /** The block to run next, or undefined when fetching its first instruction faulted (`cpu.abort` is set). */
  block(): Block | undefined {
    const { cpu, mmu, cache } = this;
    if (!this.insideCodeSegment()) return undefined;
    this.locate();
    const physical = mmu.fetch(cpu, this.linearLow, this.linearHigh);
    if (physical < 0) return undefined;
    const page = Math.floor(physical / PAGE);
    const offset = physical % PAGE;
    const found = cache.find(page, offset, cpu.mode);
    if (found?.valid) {
      if (found.secondPage < 0) return found;
      const second = this.fetchNextPage();
      if (second < 0) return undefined;
      if (Math.floor(second / PAGE) === found.secondPage) return found;
    }
    return this.translate(physical, page, offset);
  }

  /** Linear address of RIP. */
  private locate(): void {
    const { state, mode } = this.cpu;
    const low = state.u32[Slot.RIP * 2];
    if (mode & Mode.CODE64) {
      this.linearLow = low;
      this.linearHigh = state.u32[Slot.RIP * 2 + 1];
    } else {
      this.linearLow = (low + state.u32[CS_BASE * 2]) >>> 0;
      this.linearHigh = 0;
    }
  }

  /** RIP within CS's limit, which 64-bit mode ignores (SDM 3A 5.3). */
  private insideCodeSegment(): boolean {
    const { cpu } = this;
    if (cpu.mode & (Mode.CODE64 | Mode.FLAT)) return true;
    if (cpu.state.low(Slot.RIP) <= cpu.state.segmentLimit(Seg.CS)) return true;
    cpu.raise(Vector.GP, 0, 'instruction pointer beyond the limit of CS');
    return false;
  }

  /** Physical address of the page after the one of the linear address, or −1 after a fault. */
  private fetchNextPage(): number {
    const next = (this.linearLow & ~0xfff) + PAGE;
    const carry = this.cpu.mode & Mode.CODE64 && next === 0 ? 1 : 0;
    return this.mmu.fetch(this.cpu, next >>> 0, (this.linearHigh + carry) >>> 0);
  }

  private translate(physical: number, page: number, offset: number): Block | undefined {
    const { cpu, cache, lifter } = this;
    const breakAt = (delta: number) => this.breakpoints.covers((offset + delta) & 0xfff);
    const inPage = this.bytesAt(physical, PAGE - offset);
    let lifted = lifter.liftBlock(inPage, cpu.mode, breakAt);
    let secondPage = -1;
    if (lifted === undefined) {
      // The first instruction does not end in this page.
      const second = this.fetchNextPage();
      if (second < 0) return undefined;
      secondPage = Math.floor(second / PAGE);
      this.joined.set(inPage);
      this.joined.set(this.bytesAt(second, MAX_INSTRUCTION_BYTES), inPage.length);
      const bytes = this.joined.subarray(0, inPage.length + MAX_INSTRUCTION_BYTES);
      lifted = lifter.liftBlock(bytes, cpu.mode, breakAt, 1)!;
    }
    const { code, instructions, bytes } = lifted;
    const block: Block = {
      code,
      instructions,
      bytes,
      page,
      secondPage,
      mode: cpu.mode,
      valid: true,
      loaded: 0,
    };
    cache.add(block, offset);
    return block;
  }

  /** Bytes at a physical address; outside RAM the bus floats high. */
  private bytesAt(physical: number, length: number): Uint8Array {
    const ram = this.mmu.physical.ram;
    if (physical + length <= ram.length) return ram.subarray(physical, physical + length);
    return new Uint8Array(length).fill(0xff);
  }
}
