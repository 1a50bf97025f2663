import { littleEndian } from '../evaluate/lexer';
import type { Here, Target } from '../target';
import { type Goal, stackFrom } from './detour';
import type { StepInstruction } from './instruction';

/** RSP may be this much lower when an instruction has been interrupted and is retried or passed. */
const STACK_SLACK = 4096n;

/**
 * Where control comes back to when an instruction has been cut off by a fault,
 * an interrupt or a VM exit: to itself, behind it, to its branch's target, or
 * where the handler's return address says. Undefined when control is where the
 * instruction itself has put it.
 */
export function diversionGoals(
  target: Target,
  before: Here,
  instruction: StepInstruction | undefined,
): Goal[] | undefined {
  const now = target.here();
  const next = before.address + BigInt(instruction?.length ?? 0);
  if (now.context === before.context && [next, instruction?.branch].includes(now.address)) return undefined;
  const candidates = [before.address, next, instruction?.branch, ...returnAddresses(target, before, now)];
  const stack = stackFrom(before.rsp - STACK_SLACK);
  return [...new Set(candidates)]
    .filter((address) => address !== undefined)
    .filter((address) => address !== now.address || now.context !== before.context)
    .map((address) => ({ context: before.context, address, stack, retry: address === before.address }));
}

/** Where whatever has cut in will return to: the VMCS's RIP, or the interrupt frame's, with or without error code. */
function returnAddresses(target: Target, before: Here, now: Here): bigint[] {
  if (now.context !== before.context) return [target.registers(before.context).rip];
  const { wordSize } = target.reader(now.context);
  const bytes = target.read(now.context, now.rsp, wordSize * 2);
  return [0, wordSize].flatMap((at) => {
    const word = bytes.subarray(at, at + wordSize);
    return word.length === wordSize ? [littleEndian(word)] : [];
  });
}
