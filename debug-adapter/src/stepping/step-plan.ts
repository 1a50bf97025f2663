import { lineKey } from '../sources/source-index';
import type { Here, Target } from '../target';
import { Detour, type Goal, isEnding, stackFrom, type Tools } from './detour';
import { diversionGoals } from './diversion';
import { instructionAt, type StepInstruction } from './instruction';
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

/** Steps by single instructions, with detours at full speed over whatever `over` does not follow. */
export class StepPlan implements Plan {
  private readonly start: Here;
  private readonly startKey: string | undefined;
  private detour: Detour | undefined;
  /** Where the instruction began whose detour is under way. */
  private detourFrom: { here: Here; instruction: StepInstruction | undefined } | undefined;
  private unmapped = 0;
  private readonly target: Target;

  constructor(
    private readonly tools: Tools,
    private readonly options: StepOptions,
  ) {
    this.target = tools.target;
    this.start = this.target.here();
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
    // Millions of repetitions are run at full speed even by a step in, which yet follows what cuts in.
    const { observers } = this.tools;
    observers.stopWhenDisturbed = this.options.mode === 'in';
    const result = detour.advance(slice);
    observers.stopWhenDisturbed = false;
    if (result === undefined) return undefined;
    if (isEnding(result)) return this.cutOff(result);
    this.dispose();
    const { here, instruction } = this.detourFrom!;
    const now = this.target.here();
    // Back at the instruction itself: it is retried, the step is still to be made.
    if (now.context === here.context && now.address === here.address) return 'more';
    return this.after(here, instruction);
  }

  /** The machine stopped on a detour: because something cut in that a step in follows, or for good. */
  private cutOff(ending: Ending): Ending | 'more' {
    const { observers } = this.tools;
    const followed =
      ending.kind === 'machine' && this.options.mode === 'in' && !observers.wanted(ending.reason);
    if (!followed) return ending;
    const { here, instruction } = this.detourFrom!;
    this.dispose();
    // Before the delivery of a fault: the next single step delivers it.
    return this.target.faultPending ? 'more' : this.after(here, instruction);
  }

  private stepOnce(): Ending | 'more' {
    const { machine } = this.target;
    const here = this.target.here();
    const instruction = instructionAt(this.target, here);
    if (instruction?.repeats || (this.options.mode === 'over' && instruction)) {
      const over = this.over(here, instruction);
      if (over) {
        this.detourFrom = { here, instruction };
        this.detour = over;
        return 'more';
      }
    }
    const count = machine.count;
    // A fault that stopped the machine before its delivery: delivering it is the step.
    const faulted = this.target.faultPending;
    this.tools.observers.disturbed = faulted;
    const reason = machine.run({ limit: faulted ? count : count + 1 });
    if (reason.kind !== 'limit') return { kind: 'machine', reason };
    // Halted, or an interrupt has come before the instruction: not yet a step.
    const began = machine.count !== count;
    if (this.options.mode === 'over' && this.tools.observers.disturbed) {
      const goals = diversionGoals(this.target, here, instruction);
      if (goals) {
        this.detourFrom = { here, instruction };
        this.detour = new Detour(this.tools, goals);
        return 'more';
      }
    }
    if (!began && !this.tools.observers.disturbed) return 'more';
    return this.after(here, instruction);
  }

  /** The detour over an instruction that runs something else. */
  private over(here: Here, instruction: StepInstruction): Detour | undefined {
    const behind: Goal = {
      context: here.context,
      address: here.address + BigInt(instruction.length),
      stack: stackFrom(here.rsp),
    };
    if (instruction.kind === 'subroutine') return new Detour(this.tools, [behind]);
    // A failed VM entry falls through; a successful one comes back where the VMCS says.
    if (instruction.kind === 'entry') {
      return new Detour(this.tools, [behind], (r) => r.to === 'host' && r.kind !== 'entry');
    }
    return undefined;
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
