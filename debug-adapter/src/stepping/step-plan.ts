import type { Breakpoints } from '../breakpoints/breakpoints';
import { littleEndian } from '../evaluate/lexer';
import { lineKey } from '../sources/source-index';
import type { Here, Target } from '../target';
import { Detour, type Goal } from './detour';
import { instructionAt, type StepInstruction } from './instruction';
import type { Observers } from './observers';
import type { Ending, Plan, Slice } from './plan';

/** How to step. */
export interface StepOptions {
  /** `in` follows calls, interrupts and VM transitions; `over` comes back to the same context. */
  mode: 'in' | 'over';
  granularity: 'statement' | 'instruction';
  /** Lines inside macro bodies count as lines. */
  insideMacro: boolean;
}

/** A step through code without source gives up after as many instructions. */
const MAX_UNMAPPED = 200_000;
/** RSP may be this much lower when an instruction has been interrupted and is retried or passed. */
const STACK_SLACK = 4096n;

/** Steps by single instructions, with detours at full speed over whatever `over` does not follow. */
export class StepPlan implements Plan {
  private readonly start: Here;
  private readonly startKey: string | undefined;
  private detour: Detour | undefined;
  /** Where the instruction began whose detour is under way. */
  private detourFrom: { here: Here; instruction: StepInstruction | undefined } | undefined;
  private unmapped = 0;

  constructor(
    private readonly target: Target,
    private readonly observers: Observers,
    private readonly breakpoints: Breakpoints,
    private readonly options: StepOptions,
  ) {
    this.start = target.here();
    this.startKey = this.keyOf(this.start);
  }

  advance(slice: Slice): Ending | undefined {
    do {
      const ending = this.detour ? this.goOn(this.detour, slice) : this.stepOnce();
      if (ending !== 'more') return ending;
    } while (!slice.over());
    return undefined;
  }

  dispose(): void {
    this.detour?.dispose();
    this.detour = undefined;
  }

  private goOn(detour: Detour, slice: Slice): Ending | undefined | 'more' {
    const result = detour.advance(slice);
    if (result !== true) return result;
    this.dispose();
    const { here, instruction } = this.detourFrom!;
    return this.after(here, instruction);
  }

  private stepOnce(): Ending | 'more' {
    const { machine } = this.target;
    const here = this.target.here();
    const instruction = instructionAt(this.target, here);
    if (this.options.mode === 'over' && instruction) {
      const over = this.over(here, instruction);
      if (over) {
        this.detourFrom = { here, instruction };
        this.detour = over;
        return 'more';
      }
    }
    this.observers.disturbed = false;
    const count = machine.count;
    const reason = machine.run({ limit: count + 1 });
    if (reason.kind !== 'limit') return { kind: 'machine', reason };
    // Halted, or an interrupt has come before the instruction: not yet a step.
    const began = machine.count !== count;
    if (this.options.mode === 'over' && this.observers.disturbed) {
      const back = this.comeBack(here, instruction);
      if (back) {
        this.detourFrom = { here, instruction };
        this.detour = back;
        return 'more';
      }
    }
    if (!began && !this.observers.disturbed) return 'more';
    return this.after(here, instruction);
  }

  /** The detour over an instruction that runs something else. */
  private over(here: Here, instruction: StepInstruction): Detour | undefined {
    const behind: Goal = {
      context: here.context,
      address: here.address + BigInt(instruction.length),
      accepts: (rsp) => rsp >= here.rsp,
    };
    if (instruction.kind === 'subroutine') return this.newDetour([behind]);
    // A failed VM entry falls through; a successful one comes back where the VMCS says.
    if (instruction.kind === 'entry') {
      return new Detour(
        this.target,
        this.observers,
        this.breakpoints,
        [behind],
        (r) => r.to === 'host' && r.kind !== 'entry',
      );
    }
    return undefined;
  }

  /** The detour back, when an instruction has been diverted: it is either retried or passed. */
  private comeBack(before: Here, instruction: StepInstruction | undefined): Detour | undefined {
    const now = this.target.here();
    const next = before.address + BigInt(instruction?.length ?? 0);
    const natural = [next, instruction?.branch];
    if (now.context === before.context && natural.includes(now.address)) return undefined;
    const goals = [before.address, next, instruction?.branch, ...this.returnAddresses(before, now)];
    const accepts = (rsp: bigint) => rsp + STACK_SLACK >= before.rsp;
    return this.newDetour(
      [...new Set(goals)]
        .filter((address) => address !== undefined && address !== now.address)
        .map((address) => ({ context: before.context, address: address!, accepts })),
    );
  }

  /** Where whatever has cut in will return to: the VMCS's RIP, or the interrupt frame's, with or without error code. */
  private returnAddresses(before: Here, now: Here): bigint[] {
    if (now.context !== before.context) return [this.target.registers(before.context).rip];
    const { wordSize } = this.target.reader(now.context);
    const bytes = this.target.read(now.context, now.rsp, wordSize * 2);
    return [0, wordSize].flatMap((at) => {
      const word = bytes.subarray(at, at + wordSize);
      return word.length === wordSize ? [littleEndian(word)] : [];
    });
  }

  private newDetour(goals: Goal[]): Detour {
    return new Detour(this.target, this.observers, this.breakpoints, goals);
  }

  /** Is the step done, now that the instruction that began at `before` is behind? */
  private after(before: Here, instruction: StepInstruction | undefined): Ending | 'more' {
    const now = this.target.here();
    if (this.options.granularity === 'instruction') return { kind: 'arrived' };
    const key = this.keyOf(now);
    if (key === undefined) {
      if (++this.unmapped < MAX_UNMAPPED) return 'more';
      return { kind: 'arrived', text: `No source within ${MAX_UNMAPPED} instructions.` };
    }
    if (now.context !== this.start.context || key !== this.startKey) return { kind: 'arrived' };
    // Back on the line by a jump: the line runs again, and that is a step.
    const again = now.address <= before.address && !instruction?.repeats && this.keyOf(before) === key;
    return again ? { kind: 'arrived' } : 'more';
  }

  private keyOf(here: Here): string | undefined {
    return lineKey(this.target.index.find(here.context, here.address), this.options.insideMacro);
  }
}
