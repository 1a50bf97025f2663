import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Breakpoints, Hit } from '../breakpoints/breakpoints';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { reportOf } from '../exceptions/describe';
import { kindOf } from '../sources/source-index';
import { contextFrames, type Frame } from '../stack/frames';
import type { Target } from '../target';
import type { Threads } from '../threads/threads';
import { ANY_STACK, type Goal, stackFrom } from './detour';
import { interruptReturns } from './interrupt-returns';
import type { Observers } from './observers';
import type { Ending } from './plan';
import { RunPlan } from './run-plan';
import { type Defer, Runner } from './runner';
import { StepPlan } from './step-plan';
import type { StopReport } from './stop-report';

type Granularity = DebugProtocol.SteppingGranularity | undefined;

/** Starting and stopping: `continue`, `pause`, the steps, and the `stopped` event at their end. */
export class Control {
  private readonly runner: Runner;

  constructor(
    private readonly core: Core,
    private readonly parts: { breakpoints: Breakpoints; observers: Observers; threads: Threads },
    defer: Defer,
    private readonly hooks: { sliceOver(): void; exited(code: number): void },
  ) {
    this.runner = new Runner(core, defer, {
      begins: () => this.parts.breakpoints.resumed(this.core.launched()),
      sliceOver: () => this.sliceOver(),
      ended: (ending) => this.ended(ending),
    });
  }

  continue(): void {
    const target = this.core.stopped();
    this.core.insideMacro = false;
    this.runner.start(new RunPlan({ target, ...this.parts }));
  }

  /** Of a machine that stands the client knows why, unless it was never started. */
  pause(): void {
    this.core.launched();
    if (this.core.state === 'running') {
      this.runner.pause();
      return;
    }
    this.core.stopped();
    if (!this.core.report) this.interrupted();
  }

  /** It stands, though nothing in it has stopped it. */
  interrupted(): void {
    this.stop(this.plainReport('pause'));
  }

  /** Forgets whatever runs, because the machine is replaced; true if something ran. */
  abandon(): boolean {
    return this.runner.abandon();
  }

  stepIn(granularity: Granularity): void {
    const target = this.core.stopped();
    const here = target.here();
    const place = target.index.find(here.context, here.address);
    if (granularity !== 'instruction' && !this.core.insideMacro && place?.entry.expansion) {
      // At a macro call: going in executes nothing, it shows the macro's own lines.
      this.core.insideMacro = true;
      this.core.resumed();
      this.stop(this.plainReport('step'));
    } else this.step('in', granularity);
  }

  next(granularity: Granularity): void {
    this.step('over', granularity);
  }

  /** To the caller; from a macro body, behind it; from the VMM's outermost frame, through the VM entry into the guest. */
  stepOut(granularity: Granularity): void {
    const target = this.core.stopped();
    const here = target.here();
    const place = target.index.find(here.context, here.address);
    if (this.core.insideMacro && place?.entry.expansion && granularity !== 'instruction') {
      this.core.insideMacro = false;
      this.step('over', granularity);
      return;
    }
    const [, caller] = contextFrames(target, here.context, false);
    const tools = { target, ...this.parts };
    this.core.insideMacro = false;
    if (caller) {
      const goals = caller.via === 'interrupt' ? returnGoals(target, caller) : [goalOf(caller, here.rsp)];
      this.runner.start(new RunPlan(tools, goals));
    } else if (here.context === 'host' && target.machine.exitLog.last) {
      this.runner.start(new RunPlan(tools, [], (record) => record.kind === 'entry'));
    } else {
      throw new RequestError('No caller was found on the stack.');
    }
  }

  /** The stop at the very beginning. */
  entry(): void {
    this.core.state = 'stopped';
    this.stop({ ...this.plainReport('entry'), description: 'Paused on entry' });
  }

  /** RIP has been moved by hand. */
  jumped(): void {
    this.core.resumed();
    this.stop(this.plainReport('goto'));
  }

  private step(mode: 'in' | 'over', granularity: Granularity): void {
    const target = this.core.stopped();
    const options = {
      mode,
      granularity: granularity === 'instruction' ? ('instruction' as const) : ('statement' as const),
      insideMacro: this.core.insideMacro,
    };
    this.runner.start(new StepPlan({ target, ...this.parts }, options));
  }

  private sliceOver(): void {
    this.parts.threads.refresh();
    this.parts.breakpoints.sliceOver();
    this.hooks.sliceOver();
  }

  private ended(ending: Ending | 'paused'): void {
    const hits = this.parts.breakpoints.takeHits();
    if (ending !== 'paused' && ending.kind === 'machine' && ending.reason.kind === 'exit') {
      this.hooks.exited(ending.reason.code);
      return;
    }
    this.stop(this.reportFor(ending, hits));
  }

  private reportFor(ending: Ending | 'paused', hits: Hit[]): StopReport {
    if (ending === 'paused') return this.plainReport('pause');
    if (ending.kind === 'arrived') return { ...this.plainReport('step'), text: ending.text };
    const target = this.core.launched();
    const report = reportOf(target.index, ending.reason, target.context);
    if (report || hits.length === 0) return report ?? this.plainReport('pause');
    for (const hit of hits) {
      if (hit.problem) this.core.print(`Breakpoint condition: ${hit.problem}`, 'stderr');
    }
    this.core.insideMacro = hits.some((hit) => hit.inMacro);
    return {
      ...this.plainReport(hits[0].reason),
      description: hits[0].text,
      text: hits[0].text,
      hitBreakpointIds: hits.map((hit) => hit.id),
    };
  }

  private plainReport(reason: StopReport['reason']): StopReport {
    return { reason, context: this.core.launched().context };
  }

  private stop(report: StopReport): void {
    this.core.report = report;
    this.leaveMacroLine();
    const { reason, description, text, hitBreakpointIds } = report;
    this.core.emit('stopped', {
      reason,
      description,
      text,
      hitBreakpointIds,
      threadId: this.parts.threads.idOf(report.context),
      allThreadsStopped: true,
    });
  }

  /** Outside macro calls there is nothing to show inside; the next call is met from outside again. */
  private leaveMacroLine(): void {
    const target = this.core.launched();
    const here = target.here();
    if (!target.index.find(here.context, here.address)?.entry.expansion) this.core.insideMacro = false;
  }
}

/** The caller's next instruction, once the stack is down to it. */
function goalOf(caller: Frame, rspNow: bigint): Goal {
  const { context, address, rsp } = caller;
  // Through SYSCALL the stack is another one.
  const least = rsp !== undefined && rsp > rspNow ? rsp : rspNow + 1n;
  return { context, address, stack: caller.via === 'call' ? stackFrom(least) : ANY_STACK };
}

/** Every IRET of the context's programs, when the stack is down to the frame that it will return through. */
function returnGoals(target: Target, caller: Frame): Goal[] {
  const { context, slot } = caller;
  if (slot === undefined) return [];
  return target.index.programs
    .filter((program) => program.program.kind === kindOf(context))
    .flatMap(interruptReturns)
    .map((address) => ({ context, address, stack: { least: slot, most: slot }, finish: true }));
}
