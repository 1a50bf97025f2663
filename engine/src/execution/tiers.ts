import { Abort, type Cpu } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import { PAGE_SIZE } from '../memory/physical';
import type { SoftMmu } from '../memory/soft-mmu';
import {
  Answer,
  CODE_PAGE_BYTES,
  CODE_PAGE_ENTRIES,
  CODE_PAGES,
  CodePageEntry,
  Cold,
  Control,
  Header,
  JUMP_CACHE,
  JUMP_ENTRY_BYTES,
  JUMP_HASH,
  JUMP_HASH_SHIFT,
  JumpEntry,
} from '../wasm/layout';
import { interpreterModule } from '../wasm/module';
import { BlockStore } from './block-store';
import { Callouts } from './callouts';
import type { CodeCache } from './code-cache';
import type { Evaluator } from './evaluator';
import { Regions } from './regions';
import { Templates, type Translate } from './templates';
import { isEnterable, type Translator } from './translator';

/** How code is executed. All give the same state at the same count. */
export type Tier = 'evaluator' | 'interpreter' | 'regions';

/** Knobs for tests and measurements. */
export interface TierTuning {
  /** Executions after which a block is compiled. */
  hotAfter?: number;
  /** Live compiled regions at most. */
  maxRegions?: number;
  /** Fillings of access windows after which they become larger (memory/windows.ts). */
  widenAfter?: number;
  /** Whether code is run once before it is kept; true unless given. */
  cold?: boolean;
}

/** A header's counter that never reaches zero. */
const NEVER = 0x7fffffff;

/**
 * Runs guest code between two events by the fastest means that is exact: the
 * driver in WebAssembly (interpreter and regions) as long as it knows the way,
 * and the evaluator for the one instruction at which it does not.
 */
export class FastTier {
  readonly store: BlockStore;
  private readonly callouts: Callouts;
  private readonly i32: Int32Array;
  private readonly drive: (address: number) => number;
  private readonly compiler: Regions | undefined;
  private readonly wantCold: boolean;

  constructor(
    private readonly cpu: Cpu,
    private readonly mmu: SoftMmu,
    cache: CodeCache,
    private readonly translator: Translator,
    private readonly evaluator: Evaluator,
    memory: WebAssembly.Memory,
    compiling: boolean,
    tuning: TierTuning = {},
  ) {
    this.i32 = new Int32Array(memory.buffer);
    this.store = new BlockStore(memory.buffer, tuning.hotAfter);
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
    this.callouts = new Callouts(cpu, mmu, memory);
    mmu.widenAfter = tuning.widenAfter ?? mmu.widenAfter;
    const imports = { m: memory, t: table, ...this.callouts.imports };
    const instance = new WebAssembly.Instance(driverModule(), { e: imports });
    this.drive = instance.exports.drive as (address: number) => number;
    const templates = new Templates(memory.buffer, instance.exports.translate as Translate);
    translator.fast = { store: this.store, templates };
    if (compiling) this.compiler = new Regions(this.store, cache, table, memory, tuning.maxRegions);
    cache.onDrop = (block) => {
      this.compiler?.drop(block);
      this.store.unload(block);
    };
    cache.onWrite = (page, offset, size) => this.store.changed(page * PAGE_SIZE + offset, size);
    cache.onUnmark = (page) => this.store.forgetPage(page);
    this.i32[Cold.RAM >> 2] = mmu.physical.hostOffset;
    this.wantCold = tuning.cold ?? true;
    this.allowCold(true);
  }

  /** Whether code may be run without being kept: not while there are breakpoints, which only blocks that are kept have. */
  allowCold(allowed: boolean): void {
    this.i32[Cold.ALLOWED >> 2] = allowed && this.wantCold ? 1 : 0;
  }

  /** What the region compiler has done. */
  get counts() {
    return this.compiler?.counts;
  }

  /** Runs until `cpu.abort` is set or `cpu.deadline` is reached; attention() ends it at the next instruction. */
  run(): void {
    const { cpu, callouts } = this;
    let address = 0;
    while (cpu.abort === Abort.NONE && cpu.icount < cpu.deadline) {
      if (!isEnterable(cpu.mode)) {
        const block = this.translator.block();
        if (block) this.evaluator.run(block);
        address = 0;
        continue;
      }
      callouts.enter();
      const answer = this.drive(address);
      callouts.leave();
      address = 0;
      if (answer === Answer.MISS) this.find();
      else if (answer === Answer.HOT) this.compile();
      else if (answer !== Answer.LIMIT) address = this.step(answer);
    }
  }

  /** Puts the block at RIP, which the driver did not find, into the jump cache. */
  private find(): void {
    const { cpu, i32 } = this;
    const block = this.translator.block();
    if (block === undefined) return; // the fetch faulted
    if (block.loaded === 0) {
      // Outside RAM.
      this.evaluator.run(block);
      return;
    }
    const { u32 } = cpu.state;
    const low = u32[Slot.RIP * 2];
    const high = u32[Slot.RIP * 2 + 1];
    const hash = Math.imul(low, JUMP_HASH) >>> JUMP_HASH_SHIFT;
    const entry = (JUMP_CACHE + hash * JUMP_ENTRY_BYTES) >> 2;
    i32[entry + (JumpEntry.RIP >> 2)] = low;
    i32[entry + (JumpEntry.RIP >> 2) + 1] = high;
    const key = this.mmu.fetchKey(cpu.mode);
    i32[entry + (JumpEntry.KEY >> 2)] = key;
    i32[entry + (JumpEntry.HEADER >> 2)] = block.loaded;
    i32[entry + (JumpEntry.SERIAL >> 2)] = this.store.get(block.loaded, Header.SERIAL);
    if (block.secondPage >= 0) return;
    const page = (CODE_PAGES + ((low >>> 12) & (CODE_PAGE_ENTRIES - 1)) * CODE_PAGE_BYTES) >> 2;
    i32[page + (CodePageEntry.LINEAR >> 2)] = low & ~0xfff;
    i32[page + (CodePageEntry.LINEAR >> 2) + 1] = high;
    i32[page + (CodePageEntry.KEY >> 2)] = key;
    i32[page + (CodePageEntry.PHYSICAL >> 2)] = block.page;
  }

  private compile(): void {
    const header = this.i32[Control.HOT >> 2];
    const block = this.store.blockAt(header);
    if (block && this.compiler) this.compiler.compile(block);
    else this.store.set(header, Header.COUNTER, NEVER);
  }

  /** The evaluator does one instruction; answers where in its block to go on, or 0. */
  private step(address: number): number {
    const { store } = this;
    const header = store.headerOf(address);
    const block = store.blockAt(header);
    if (!block) return 0;
    const start = header + Header.BYTES;
    const next = this.evaluator.run(block, (address - start) >> 2, 1);
    return next >= 0 && block.valid ? start + next * 4 : 0;
  }
}

let driver: WebAssembly.Module | undefined;

/** Compiled once for all machines. */
function driverModule(): WebAssembly.Module {
  driver ??= new WebAssembly.Module(interpreterModule());
  return driver;
}
