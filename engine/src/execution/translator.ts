import type { Cpu } from '../cpu/cpu';
import { Seg, Slot } from '../cpu/state';
import type { Block } from '../ir/block';
import { Mode } from '../ir/block';
import { Lifter } from '../lift/block';
import type { SoftMmu } from '../memory/soft-mmu';
import type { Breakpoints } from './breakpoints';
import type { CodeCache } from './code-cache';

const PAGE = 4096;
const MAX_INSTRUCTION = 15;

/** Finds, or makes, the block at the processor's RIP. */
export class Translator {
  private readonly lifter = new Lifter();
  /** Bytes of an instruction that crosses a page, put together. */
  private readonly joined = new Uint8Array(2 * MAX_INSTRUCTION);

  constructor(
    private readonly cpu: Cpu,
    private readonly mmu: SoftMmu,
    private readonly cache: CodeCache,
    private readonly breakpoints: Breakpoints,
  ) {}

  /** The block to run next, or undefined when fetching its first instruction faulted (`cpu.abort` is set). */
  block(): Block | undefined {
    const { cpu, mmu, cache } = this;
    const linear = this.linearRip();
    const physical = mmu.fetchAddress(cpu, linear);
    if (physical === undefined) return undefined;
    const page = Math.floor(physical / PAGE);
    const offset = physical % PAGE;
    const found = cache.find(page, offset, cpu.mode);
    if (found?.valid) {
      if (found.secondPage < 0) return found;
      const second = mmu.fetchAddress(cpu, this.nextPage(linear));
      if (second === undefined) return undefined;
      if (Math.floor(second / PAGE) === found.secondPage) return found;
    }
    return this.translate(linear, physical, page, offset);
  }

  private linearRip(): bigint {
    const s = this.cpu.state;
    const rip = s.u64[Slot.RIP];
    if (this.cpu.mode & Mode.CODE64) return rip;
    return (rip + s.segmentBase(Seg.CS)) & 0xffffffffn;
  }

  /** First linear address of the page after the one `linear` is in. */
  private nextPage(linear: bigint): bigint {
    const next = (linear & ~0xfffn) + 0x1000n;
    return this.cpu.mode & Mode.CODE64 ? BigInt.asUintN(64, next) : next & 0xffffffffn;
  }

  private translate(linear: bigint, physical: number, page: number, offset: number): Block | undefined {
    const { cpu, mmu, cache, lifter } = this;
    const breakAt = (delta: number) => this.breakpoints.covers((offset + delta) & 0xfff);
    const inPage = this.bytesAt(physical, PAGE - offset);
    let lifted = lifter.liftBlock(inPage, cpu.mode, breakAt, Number.POSITIVE_INFINITY);
    let secondPage = -1;
    if (lifted === undefined) {
      // The first instruction does not end in this page.
      const second = mmu.fetchAddress(cpu, this.nextPage(linear));
      if (second === undefined) return undefined;
      secondPage = Math.floor(second / PAGE);
      this.joined.set(inPage);
      this.joined.set(this.bytesAt(second, MAX_INSTRUCTION), inPage.length);
      const bytes = this.joined.subarray(0, inPage.length + MAX_INSTRUCTION);
      lifted = lifter.liftBlock(bytes, cpu.mode, breakAt, 1)!;
    }
    const block: Block = { ...lifted, page, secondPage, mode: cpu.mode, valid: true };
    if (page < mmu.physical.codePages.length && secondPage < mmu.physical.codePages.length) cache.add(block, offset);
    return block;
  }

  /** Bytes at a physical address; outside RAM the bus floats high. */
  private bytesAt(physical: number, length: number): Uint8Array {
    const ram = this.mmu.physical.ram;
    if (physical + length <= ram.length) return ram.subarray(physical, physical + length);
    return new Uint8Array(length).fill(0xff);
  }
}
