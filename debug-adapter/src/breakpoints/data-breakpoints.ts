import { type DataAccess, type DataRange, MAX_DATA_BYTES } from '@hyperstep/engine';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { compile } from '../evaluate/compile';
import type { Evaluator } from '../evaluate/evaluator';
import { formatValue, hex } from '../evaluate/format';
import { littleEndian } from '../evaluate/lexer';
import { parseExpression } from '../evaluate/parser';
import { symbolsAt } from '../evaluate/symbols';
import { describeAddress } from '../exceptions/describe';
import { readReference } from '../memory/memory';
import {
  linearReference,
  type MemoryReference,
  parseReference,
  physicalReference,
} from '../memory/references';
import type { Target } from '../target';
import { type Breakpoints, holds } from './breakpoints';
import { parseHitCondition } from './conditions';

/** A breakpoint as asked for. */
interface DataBreakpoint {
  id: number;
  wanted: DebugProtocol.DataBreakpoint;
}

/** Bytes that a `dataId` names. */
interface Place {
  at: MemoryReference;
  length: number;
}

const ACCESS_TYPES: DebugProtocol.DataBreakpointAccessType[] = ['read', 'write', 'readWrite'];

/** Breakpoints on memory: they stop after the instruction that accesses it. */
export class DataBreakpoints {
  private list: DataBreakpoint[] = [];

  constructor(
    private readonly core: Core,
    private readonly evaluator: Evaluator,
    private readonly breakpoints: Breakpoints,
  ) {}

  /** What could be watched under a name: a memory operand, or an address and so many bytes. */
  info(args: DebugProtocol.DataBreakpointInfoArguments): DebugProtocol.DataBreakpointInfoResponse['body'] {
    this.core.stopped();
    const { name, bytes, frameId } = args;
    if (bytes !== undefined && !isLength(bytes)) {
      throw new RequestError(`The number of bytes must be from 1 to ${MAX_DATA_BYTES}.`);
    }
    if (args.variablesReference)
      return { dataId: null, description: 'Only memory can be watched, not registers.' };
    try {
      const { at, length } = this.evaluator.placeOf(name, frameId, bytes);
      const reference =
        at.space === 'physical' ? physicalReference(at.address) : linearReference(at.context, at.address);
      return {
        dataId: `${reference}/${length}`,
        description: `${name} (${bytesText(length)} at ${hex(at.address)})`,
        accessTypes: ACCESS_TYPES,
        canPersist: false,
      };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { dataId: null, description: error.message };
    }
  }

  set(args: DebugProtocol.SetDataBreakpointsArguments): DebugProtocol.SetDataBreakpointsResponse['body'] {
    const { target } = this.core;
    for (const { id } of this.list) target?.machine.dataBreakpoints.delete(id);
    this.list = args.breakpoints.map((wanted) => ({ id: this.breakpoints.newId(), wanted }));
    return { breakpoints: this.list.map((one) => this.activate(one)) };
  }

  /** A new machine: every breakpoint is made for it. */
  install(): void {
    for (const one of this.list) {
      this.core.emit('breakpoint', { reason: 'changed', breakpoint: this.activate(one) });
    }
  }

  private activate({ id, wanted }: DataBreakpoint): DebugProtocol.Breakpoint {
    const { target } = this.core;
    if (!target) return { id, verified: false, message: 'The program is not loaded yet.', reason: 'pending' };
    try {
      const place = parseDataId(wanted.dataId, target);
      const access = wanted.accessType ?? 'write';
      if (!ACCESS_TYPES.includes(access)) throw new RequestError(`'${access}' is not an access type.`);
      const onAccess = this.callback(target, id, wanted, place);
      const { space, address } = place.at;
      const range: DataRange = { space, address, length: place.length, access };
      if (!target.config.noDebug) target.machine.dataBreakpoints.set(id, range, onAccess);
      return { id, verified: true };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { id, verified: false, message: error.message, reason: 'failed' };
    }
  }

  /** Runs inside the machine after an instruction that accessed the bytes: must be quick and must not throw. */
  private callback(
    target: Target,
    id: number,
    wanted: DebugProtocol.DataBreakpoint,
    place: Place,
  ): (access: DataAccess) => boolean {
    const { at } = place;
    const home = at.space === 'linear' ? at.context : 'host';
    const condition = wanted.condition
      ? compile(parseExpression(wanted.condition), symbolsAt(target.index, home, undefined))
      : undefined;
    const hitTest = wanted.hitCondition ? parseHitCondition(wanted.hitCondition) : undefined;
    let hits = 0;
    let value = currentValue(target, place);
    return (access) => {
      if (at.space === 'linear' && access.context !== at.context) return false;
      const before = value;
      value = currentValue(target, place);
      const verdict = condition ? holds(condition, target.reader(access.context)) : true;
      if (verdict === false) return false;
      hits++;
      if (hitTest && !hitTest(hits)) return false;
      const problem = typeof verdict === 'string' ? verdict : undefined;
      const text = describe(target, place, access, before, value);
      this.breakpoints.stopped({ id, reason: 'data breakpoint', inMacro: false, problem, text });
      return true;
    };
  }
}

function isLength(bytes: unknown): bytes is number {
  return Number.isInteger(bytes) && (bytes as number) > 0 && (bytes as number) <= MAX_DATA_BYTES;
}

/** `gla:host:0x1000/4`, as {@link DataBreakpoints.info} makes them. */
function parseDataId(dataId: string, target: Target): Place {
  const match = /^(.*)\/(\d+)$/.exec(dataId);
  const length = Number(match?.[2]);
  if (!match || !isLength(length)) throw new RequestError(`'${dataId}' does not name memory.`);
  return { at: parseReference(match[1], target.context), length };
}

/** The bytes as a number, if they are few and mapped. */
function currentValue(target: Target, { at, length }: Place): bigint | undefined {
  if (length > 8) return undefined;
  const bytes = readReference(target, at, length);
  return bytes.length < length ? undefined : littleEndian(bytes);
}

/** `4 bytes at 0x1010 in counter: 0x1 → 0x2, by 0x1000 in main (main.asm:3)`. */
function describe(
  target: Target,
  { at, length }: Place,
  { context, rip, write }: DataAccess,
  before: bigint | undefined,
  now: bigint | undefined,
): string {
  const name = at.space === 'linear' ? target.index.describe(at.context, at.address) : undefined;
  const bits = length * 8;
  const old = before !== undefined && before !== now ? `${formatValue(before, bits)} → ` : '';
  const value = now === undefined ? '' : `: ${old}${formatValue(now, bits)}`;
  const what = `${bytesText(length)} at ${hex(at.address)}${name ? ` in ${name}` : ''}`;
  return `${write ? 'Wrote' : 'Read'} ${what}${value}, by ${describeAddress(target.index, context, rip)}`;
}

function bytesText(length: number): string {
  return `${length} byte${length === 1 ? '' : 's'}`;
}
