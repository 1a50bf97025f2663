import type { ContextId, RegisterSnapshot } from '@hyperstep/engine';
import type { Core } from '../core';
import { bitsOf } from '../scopes/snapshot';
import { lineChain, outerLine, type Place, type SourceLine } from '../sources/source-index';
import type { Target } from '../target';
import { type CallerFrame, scanStack } from './scan';

/** One line of the call stack. */
export interface Frame {
  context: ContextId;
  /** `macro`: inside a macro body of the code frame that follows; `exit`: the label between VMM and guest. */
  kind: 'code' | 'macro' | 'exit';
  name: string;
  /** Linear address at which the frame goes on. */
  address: bigint;
  line?: SourceLine;
  place?: Place;
  /** Stack pointer in this frame, as the register would hold it; undefined when unknown. */
  rsp?: bigint;
  /** How the frame inside this one came about; undefined for the innermost of a context. */
  via?: CallerFrame['via'];
  /** Where on the stack of the frame inside its return address stands. */
  slot?: bigint;
}

/** Innermost first; below the VMM's frames a label and the frames of the guest that exited. */
export function framesOf(core: Core, target: Target, context: ContextId): Frame[] {
  const inner = core.insideMacro && context === target.context;
  const frames = contextFrames(target, context, inner);
  const exit = context === 'host' && target.context === 'host' ? target.machine.exitLog.last : undefined;
  if (exit && exit.kind !== 'entry' && exit.to === 'host') {
    const what = exit.kind === 'exit' ? 'VM exit' : 'VM entry failed';
    frames.push({
      context: exit.from,
      kind: 'exit',
      name: `${what}: ${exit.reasonName}`,
      address: exit.guestRip,
    });
    frames.push(...contextFrames(target, exit.from, false));
  }
  return frames;
}

/** The frames of one context alone. */
export function contextFrames(target: Target, context: ContextId, insideMacro: boolean): Frame[] {
  const registers = target.registers(context);
  const stack = stackContext(target, context, registers);
  const rsp = registers.gpr[4];
  const address = stack.codeBase + registers.rip;
  const callers = rsp === undefined ? [] : scanStack(stack, address, rsp);
  return [
    ...codeFrames(target, context, address, { rsp, insideMacro }),
    ...callers.flatMap((caller) =>
      codeFrames(target, context, caller.address, { ...caller, insideMacro: false }),
    ),
  ];
}

/** What stack scanning needs of a context. */
function stackContext(target: Target, context: ContextId, registers: RegisterSnapshot) {
  const bits = bitsOf(registers.mode, registers.segments[1]?.access ?? 0);
  return {
    context,
    index: target.index,
    read: (address: bigint, length: number) => target.read(context, address, length),
    codeBase: bits === 64 ? 0n : (registers.segments[1]?.base ?? 0n),
    stackBase: bits === 64 ? 0n : (registers.segments[2]?.base ?? 0n),
    bits,
    isCodeSelector: (selector: number) => {
      // Descriptor byte 5: S and the code bit of the type (SDM 3A Figure 3-8).
      const address = registers.gdtr.base + BigInt((selector & ~7) + 5);
      const [access] = target.read(context, address, 1);
      return (selector & 4) === 0 && access !== undefined && (access & 0x98) === 0x98;
    },
  };
}

function codeFrames(
  target: Target,
  context: ContextId,
  address: bigint,
  { rsp, via, slot, insideMacro }: Partial<CallerFrame> & { insideMacro: boolean },
): Frame[] {
  // A return address belongs to the line of the call before it, which may be the last of its function.
  const returns = via === 'call' || via === 'syscall';
  const place = target.index.find(context, returns ? address - 1n : address);
  const name = place?.program.functionAt(returns ? address - 1n : address)?.name;
  const shown = name ?? `0x${address.toString(16)}`;
  const common = { context, address, place, rsp, via, slot };
  if (!place) return [{ ...common, kind: 'code', name: shown }];
  if (!insideMacro) return [{ ...common, kind: 'code', name: shown, line: outerLine(place) }];
  return lineChain(place).map((line): Frame => {
    if (line.macro === undefined) return { ...common, kind: 'code', name: shown, line };
    return { ...common, kind: 'macro', name: `${line.macro} (macro)`, line };
  });
}
