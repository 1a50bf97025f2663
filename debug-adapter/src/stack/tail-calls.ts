import { FlowControl } from 'iced-x86';
import { withInstruction } from '../disassembly/decode';
import type { IndexedProgram } from '../sources/source-index';

interface Exits {
  /** Functions it jumps to or falls into. */
  to: Set<string>;
  /** It jumps through a register or a table: anywhere. */
  anywhere: boolean;
}

/**
 * Which functions a call may end up in without another call: assembly code
 * leaves functions by jumps, through tables of handlers, and by falling into
 * the next label.
 */
export class TailCalls {
  private readonly exits = new Map<string, Exits>();

  constructor(private readonly program: IndexedProgram) {
    let last: { name: string; goesOn: boolean; end: bigint } | undefined;
    for (const entry of program.program.map.lines) {
      if (!entry.code) continue;
      const name = program.functionAt(entry.address)?.name;
      if (name === undefined) continue;
      if (last?.goesOn && last.name !== name && last.end === entry.address) this.of(last.name).to.add(name);
      const goesOn = this.scan(name, entry);
      last = { name, goesOn, end: entry.address + BigInt(entry.length) };
    }
  }

  /** Can a call of `from` be in `to` with the same return address on the stack? */
  reaches(from: string, to: string): boolean {
    const seen = new Set([from]);
    for (const name of seen) {
      if (name === to) return true;
      const exits = this.exits.get(name);
      if (exits?.anywhere) return true;
      for (const next of exits?.to ?? []) seen.add(next);
    }
    return false;
  }

  private of(name: string): Exits {
    let exits = this.exits.get(name);
    if (!exits) this.exits.set(name, (exits = { to: new Set(), anywhere: false }));
    return exits;
  }

  /** Notes the jumps of one entry; true when execution goes on behind it. */
  private scan(
    name: string,
    entry: { address: bigint; length: number; fileOffset: number; bits: 16 | 32 | 64 },
  ) {
    const { image } = this.program.program;
    if (!image || entry.fileOffset < 0) return true;
    let goesOn = true;
    for (let at = 0; at < entry.length; ) {
      const bytes = image.subarray(entry.fileOffset + at, entry.fileOffset + entry.length);
      const step = withInstruction(bytes, entry.bits, entry.address + BigInt(at), (instruction) => ({
        length: instruction.length,
        flow: instruction.flowControl,
        target: instruction.nearBranchTarget,
      }));
      if (!step) return goesOn;
      at += step.length;
      if (step.flow === FlowControl.IndirectBranch) this.of(name).anywhere = true;
      if (step.flow === FlowControl.UnconditionalBranch || step.flow === FlowControl.ConditionalBranch) {
        const target = this.program.functionAt(step.target)?.name;
        if (target !== undefined && target !== name) this.of(name).to.add(target);
      }
      goesOn = ![FlowControl.UnconditionalBranch, FlowControl.IndirectBranch, FlowControl.Return].includes(
        step.flow,
      );
    }
    return goesOn;
  }
}

const cache = new WeakMap<IndexedProgram, TailCalls>();

/** The program's {@link TailCalls}, made at the first question. */
export function tailCallsOf(program: IndexedProgram): TailCalls {
  let calls = cache.get(program);
  if (!calls) cache.set(program, (calls = new TailCalls(program)));
  return calls;
}
