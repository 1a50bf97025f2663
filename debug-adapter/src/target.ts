import { type ContextId, type Machine, REGISTER_SLOTS, type RegisterSnapshot, Slot } from '@hyperstep/engine';
import { RequestError } from './errors';
import type { Reader } from './evaluate/compile';
import { littleEndian } from './evaluate/lexer';
import type { LaunchConfig } from './launch/config';
import { readSnapshot, wordSizeOf } from './scopes/snapshot';
import { type Program, SourceIndex } from './sources/source-index';

/** Where a context stands. `address` is linear: CS base added outside 64-bit mode. */
export interface Here {
  context: ContextId;
  address: bigint;
  rip: bigint;
  rsp: bigint;
}

/** One launched machine with the source of its programs. */
export class Target {
  readonly index: SourceIndex;

  constructor(
    readonly machine: Machine,
    programs: Program[],
    readonly config: LaunchConfig,
  ) {
    this.index = new SourceIndex(programs, (context, address, length) => this.read(context, address, length));
  }

  /** Where the processor is. */
  here(): Here {
    const { cpu } = this.machine;
    const rip = cpu.state.u64[Slot.RIP];
    const address = cpu.code64 ? rip : BigInt.asUintN(32, rip + cpu.state.segmentBase(1));
    return { context: cpu.context, address, rip, rsp: cpu.state.u64[Slot.RSP] };
  }

  /** The machine has stopped at a fault and will deliver it when it goes on. */
  get faultPending(): boolean {
    return this.machine.cpu.abort !== 0;
  }

  /** The count register of REP. */
  get rcx(): bigint {
    return this.machine.cpu.state.u64[Slot.RCX];
  }

  get context(): ContextId {
    return this.machine.cpu.context;
  }

  /** Throws when there is no such context. */
  checkContext(context: ContextId): void {
    if (!this.machine.contexts().some(({ id }) => id === context)) {
      throw new RequestError(`There is no context '${context}'.`);
    }
  }

  registers(context: ContextId): RegisterSnapshot {
    return this.machine.registersOf(context);
  }

  /** Bytes a context sees at a linear address; fewer where memory ends. */
  read(context: ContextId, address: bigint, length: number): Uint8Array {
    return this.machine.readLinear(BigInt.asUintN(64, address), length, context);
  }

  /** Values for expressions: live for the context that runs, else from a snapshot. */
  reader(context: ContextId, snapshot?: RegisterSnapshot): Reader {
    const load = (address: bigint, size: number) => {
      const bytes = this.read(context, address, size);
      return bytes.length < size ? undefined : littleEndian(bytes);
    };
    if (context !== this.context || snapshot) {
      const known = snapshot ?? this.registers(context);
      return { register: (whole) => readSnapshot(known, whole), load, wordSize: wordSizeOf(known.mode) };
    }
    return new LiveReader(this, load);
  }
}

/** Reads the running context straight from the register file, so that conditions in hot loops stay cheap. */
class LiveReader implements Reader {
  constructor(
    private readonly target: Target,
    readonly load: (address: bigint, size: number) => bigint | undefined,
  ) {}

  register(whole: string): bigint | undefined {
    const { cpu } = this.target.machine;
    if (whole === 'rip') return cpu.state.u64[Slot.RIP];
    if (whole === 'cpl') return BigInt(cpu.cpl);
    const slot = REGISTER_SLOTS.get(whole);
    if (slot !== undefined) return cpu.state.u64[slot];
    return readSnapshot(this.target.registers(this.target.context), whole);
  }

  get wordSize(): number {
    const { cpu } = this.target.machine;
    return cpu.code64 ? 8 : wordSizeOf(this.target.registers(this.target.context).mode);
  }
}
