import type { ContextId } from '@hyperstep/engine';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { parseReference } from '../memory/references';
import { bitsOf } from '../scopes/snapshot';
import { outerLine } from '../sources/source-index';
import { dapSource } from '../stack/stack-trace';
import type { Target } from '../target';
import { MAX_INSTRUCTION, withInstruction } from './decode';
import { formatInstruction } from './formatter';

const MAX_COUNT = 10_000;

interface Line {
  address: bigint;
  bytes: Uint8Array;
  /** Undefined when the bytes are no instruction, or there are none. */
  text?: string;
}

/** `disassemble`: always exactly as many instructions as were asked for. */
export class Disassembly {
  constructor(private readonly core: Core) {}

  disassemble(args: DebugProtocol.DisassembleArguments): DebugProtocol.DisassembleResponse['body'] {
    const target = this.core.stopped();
    const at = parseReference(args.memoryReference, target.context, args.offset);
    if (at.space !== 'linear') throw new RequestError('Only linear addresses can be disassembled.');
    target.checkContext(at.context);
    const count = args.instructionCount;
    const skip = args.instructionOffset ?? 0;
    if (count > MAX_COUNT || Math.abs(skip) > MAX_COUNT) {
      throw new RequestError(`Ask for at most ${MAX_COUNT} instructions, at most as many away.`);
    }
    const reader = new InstructionReader(target, at.context);
    const before = skip < 0 ? reader.before(at.address, -skip) : [];
    const after = reader.from(at.address, Math.max(0, count + skip));
    const lines = [...before, ...after.slice(Math.max(0, skip))].slice(0, count);
    return { instructions: lines.map((line) => toDap(target, at.context, line)) };
  }
}

/** Reads instructions of one context. */
class InstructionReader {
  private readonly bits: 16 | 32 | 64;

  constructor(
    private readonly target: Target,
    private readonly context: ContextId,
  ) {
    const registers = target.registers(context);
    this.bits = bitsOf(registers.mode, registers.segments[1]?.access ?? 0);
  }

  at(address: bigint): Line {
    const bytes = this.target.read(this.context, address, MAX_INSTRUCTION);
    const bits = this.target.index.find(this.context, address)?.entry.bits ?? this.bits;
    const line = withInstruction(bytes, bits, address, (instruction) => ({
      address,
      bytes: bytes.slice(0, instruction.length),
      text: formatInstruction(instruction, (a) => this.target.index.labelAt(this.context, a)),
    }));
    return line ?? { address, bytes: bytes.slice(0, 1) };
  }

  from(address: bigint, count: number): Line[] {
    const lines: Line[] = [];
    for (let at = address; lines.length < count; ) {
      const line = this.at(at);
      lines.push(line);
      at = BigInt.asUintN(64, at + BigInt(line.bytes.length || 1));
    }
    return lines;
  }

  /**
   * The `count` instructions that end at `address`. x86 cannot be read
   * backwards: the map's instruction boundaries are used where there are any,
   * otherwise the longest run of decodable instructions that arrives exactly.
   */
  before(address: bigint, count: number): Line[] {
    const lines: Line[] = [];
    let end = address;
    while (lines.length < count) {
      const known = this.mapped(end);
      const run = known ?? this.guess(end);
      lines.unshift(...run);
      end = run[0].address;
    }
    return lines.slice(-count);
  }

  /** Instructions of the map's entry that ends at `end`. */
  private mapped(end: bigint): Line[] | undefined {
    const entry = this.target.index.find(this.context, end - 1n)?.entry;
    if (!entry?.code) return undefined;
    const lines: Line[] = [];
    for (let at = entry.address; at < end; ) {
      const line = this.at(at);
      lines.push(line);
      at += BigInt(line.bytes.length || 1);
      if (at > end) return undefined;
    }
    return lines.length > 0 ? lines : undefined;
  }

  private guess(end: bigint): Line[] {
    for (let length = MAX_INSTRUCTION; length >= 1; length--) {
      const line = this.at(BigInt.asUintN(64, end - BigInt(length)));
      if (line.text !== undefined && line.bytes.length === length && !line.text.startsWith('(bad)'))
        return [line];
    }
    return [{ address: BigInt.asUintN(64, end - 1n), bytes: this.target.read(this.context, end - 1n, 1) }];
  }
}

function toDap(target: Target, context: ContextId, line: Line): DebugProtocol.DisassembledInstruction {
  const place = target.index.find(context, line.address);
  const source = place && outerLine(place);
  return {
    address: `0x${line.address.toString(16)}`,
    instructionBytes:
      Array.from(line.bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ') || undefined,
    instruction:
      line.text ?? (line.bytes.length > 0 ? `db 0x${line.bytes[0].toString(16).padStart(2, '0')}` : '??'),
    symbol: target.index.labelAt(context, line.address),
    location: source && dapSource(source),
    line: source?.line,
    presentationHint: line.text === undefined ? 'invalid' : 'normal',
  };
}
