import { Abort, type Cpu, Vector } from '../cpu/cpu';
import { Seg, SegField, Slot } from '../cpu/state';
import type { Block } from '../ir/block';
import { Mode } from '../ir/block';
import { Lifter, MAX_INSTRUCTION_BYTES } from '../lift/block';
import type { Watch } from '../lift/term';
import type { SoftMmu } from '../memory/soft-mmu';
import { Translation } from '../wasm/layout';
import type { BlockStore } from './block-store';
import type { Breakpoints } from './breakpoints';
import type { CodeCache } from './code-cache';
import type { Templates } from './templates';

const PAGE = 4096;
const CS_BASE = Slot.SEGMENTS + Seg.CS * 4 + SegField.BASE;

/** Code that the fast tier can find by RIP alone: CS has base 0. */
export function isEnterable(mode: number): boolean {
  return (mode & (Mode.CODE64 | Mode.FLAT)) !== 0;
}

/** Finds, or makes, the block at the processor's RIP. */
export class Translator {
  private readonly lifter = new Lifter();
  private linearLow = 0;
  private linearHigh = 0;
  /** Bytes of an instruction that crosses a page, put together. */
  private readonly joined = new Uint8Array(2 * MAX_INSTRUCTION_BYTES);
  /** The fast tier's blocks. Without it, or in code that it cannot run, blocks are the evaluator's alone. */
  fast: { store: BlockStore; templates: Templates } | undefined;

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
    const { cpu, cache, breakpoints } = this;
    const breakAt = (delta: number) => breakpoints.at((offset + delta) & 0xfff);
    if (this.fast && isEnterable(cpu.mode) && cache.keeps(page)) {
      const block = this.translateIntoStore(physical, offset, breakpoints.any ? breakAt : undefined);
      if (block) {
        cache.add(block, offset);
        return block;
      }
      if (cpu.abort !== Abort.NONE) return undefined;
    }
    const { lifter } = this;
    const inPage = this.bytesAt(physical, PAGE - offset);
    let lifted = lifter.liftBlock(inPage, cpu.mode, breakAt);
    let secondPage = -1;
    if (lifted === undefined) {
      // The first instruction does not end in this page.
      const second = this.fetchNextPage();
      if (second < 0) return undefined;
      secondPage = Math.floor(second / PAGE);
      this.join(physical, offset, second);
      const bytes = this.joined.subarray(0, inPage.length + MAX_INSTRUCTION_BYTES);
      lifted = lifter.liftBlock(bytes, cpu.mode, breakAt, 1)!;
    }
    const block: Block = { ...lifted, page, secondPage, mode: cpu.mode, valid: true, loaded: 0 };
    cache.add(block, offset);
    return block;
  }

  /** The same, by templates and into the machine's memory. Undefined also when the second page is not RAM. */
  private translateIntoStore(
    physical: number,
    offset: number,
    breakAt: ((delta: number) => readonly Watch[] | undefined) | undefined,
  ): Block | undefined {
    const { store, templates } = this.fast!;
    const { mode } = this.cpu;
    let start = store.begin();
    if (start === 0) {
      // Full: everything goes, and comes back as it is needed.
      this.cache.clear();
      store.reset();
      start = store.begin();
    }
    const at = this.mmu.physical.hostOffset + physical;
    let words = templates.translate(at, at - offset + PAGE, mode, start, breakAt);
    let secondPage = -1;
    if (words === 0) {
      const second = this.fetchNextPage();
      if (second < 0) return undefined;
      secondPage = Math.floor(second / PAGE);
      if (!this.cache.keeps(secondPage)) return undefined;
      const length = this.join(physical, offset, second);
      this.mmu.u8.set(this.joined.subarray(0, length), Translation.JOINED);
      const end = Translation.JOINED + length;
      words = templates.translate(Translation.JOINED, end, mode, start, breakAt, 1);
    }
    const { instructions, bytes } = templates;
    return store.finish(words, instructions, bytes, (physical - offset) / PAGE, secondPage, mode);
  }

  /** Puts an instruction that crosses into the page at `second` together; returns how many bytes there are. */
  private join(physical: number, offset: number, second: number): number {
    this.joined.set(this.bytesAt(physical, PAGE - offset));
    this.joined.set(this.bytesAt(second, MAX_INSTRUCTION_BYTES), PAGE - offset);
    return PAGE - offset + MAX_INSTRUCTION_BYTES;
  }

  /** Bytes at a physical address; outside RAM the bus floats high. */
  private bytesAt(physical: number, length: number): Uint8Array {
    const ram = this.mmu.physical.ram;
    if (physical + length <= ram.length) return ram.subarray(physical, physical + length);
    return new Uint8Array(length).fill(0xff);
  }
}
