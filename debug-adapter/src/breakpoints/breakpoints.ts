import type { ContextId, Term } from '@hyperstep/engine';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { MAX_INSTRUCTION, withInstruction } from '../disassembly/decode';
import { messageOf, RequestError } from '../errors';
import { type Compiled, compile, type Reader } from '../evaluate/compile';
import { parseExpression } from '../evaluate/parser';
import { symbolsAt } from '../evaluate/symbols';
import { termOf } from '../evaluate/term';
import { parseReference } from '../memory/references';
import {
  type ContextKind,
  type IndexedProgram,
  kindOf,
  outerLine,
  type SourceLine,
} from '../sources/source-index';
import { dapSource } from '../stack/stack-trace';
import { classify } from '../stepping/instruction';
import type { Target } from '../target';
import { type HitTest, parseHitCondition, parseLogMessage } from './conditions';
import { linesWithCode, resolveLine } from './lines';
import { Repetition } from './repetition';
import { whenTerm } from './when';

type Reason = 'breakpoint' | 'function breakpoint' | 'instruction breakpoint';

/** Where a breakpoint stands, once there is a program. */
interface Site {
  address: bigint;
  kind: ContextKind;
  /** One context only, for instruction breakpoints. */
  context?: ContextId;
  /** Set when several programs of the kind may be at the address. */
  program?: IndexedProgram;
}

interface Resolved {
  sites: Site[];
  shown?: SourceLine;
  inMacro?: boolean;
}

/** A breakpoint as asked for. */
interface Wanted {
  reason: Reason;
  resolve(target: Target): Resolved;
  condition?: string;
  hitCondition?: string;
  logMessage?: string;
}

interface Breakpoint {
  id: number;
  wanted: Wanted;
  hits: number;
  machineIds: number[];
}

/** A breakpoint that stopped the machine. */
export interface Hit {
  id: number;
  reason: Reason | 'data breakpoint';
  /** It stands on a line inside a macro's body. */
  inMacro: boolean;
  /** Why its condition could not be evaluated. */
  problem?: string;
  /** What happened, if the place does not say it. */
  text?: string;
}

/** Logpoints in a hot loop must not drown the client. */
const MAX_LOGS_PER_SLICE = 200;

/**
 * Every kind of breakpoint. A breakpoint is what the client asked for; the
 * machine's own breakpoints are made from it at each launch, and outlive
 * neither a restart nor a change.
 */
export class Breakpoints {
  /** Breakpoints that stopped the machine since {@link takeHits}. */
  private hits: Hit[] = [];
  private logs = 0;
  private nextId = 1;
  private nextMachineId = 1;
  private readonly groups = new Map<string, Breakpoint[]>();
  private readonly repetition = new Repetition();

  constructor(private readonly core: Core) {}

  setLines(args: DebugProtocol.SetBreakpointsArguments): DebugProtocol.SetBreakpointsResponse['body'] {
    const path = args.source.path!;
    const requests = args.breakpoints ?? args.lines?.map((line) => ({ line })) ?? [];
    const wanted = requests.map((request) => ({
      ...request,
      reason: 'breakpoint' as const,
      resolve: (target: Target) => resolveSourceLine(target, path, request.line),
    }));
    return { breakpoints: this.setGroup(`source ${path}`, wanted) };
  }

  setFunctions(
    args: DebugProtocol.SetFunctionBreakpointsArguments,
  ): DebugProtocol.SetFunctionBreakpointsResponse['body'] {
    const wanted = args.breakpoints.map((request) => ({
      ...request,
      reason: 'function breakpoint' as const,
      resolve: (target: Target) => resolveFunction(target, request.name),
    }));
    return { breakpoints: this.setGroup('functions', wanted) };
  }

  setInstructions(
    args: DebugProtocol.SetInstructionBreakpointsArguments,
  ): DebugProtocol.SetInstructionBreakpointsResponse['body'] {
    const wanted = args.breakpoints.map((request) => ({
      ...request,
      reason: 'instruction breakpoint' as const,
      resolve: (target: Target) => resolveInstruction(target, request),
    }));
    return { breakpoints: this.setGroup('instructions', wanted) };
  }

  locations(
    args: DebugProtocol.BreakpointLocationsArguments,
  ): DebugProtocol.BreakpointLocationsResponse['body'] {
    const target = this.core.launched();
    const lines = linesWithCode(target.index, args.source.path!, args.line, args.endLine ?? args.line);
    return { breakpoints: lines.map((line) => ({ line })) };
  }

  /** A new machine: every breakpoint is made for it, and the client told where they are now. */
  install(): void {
    this.nextMachineId = 1;
    for (const group of this.groups.values()) {
      for (const breakpoint of group) {
        breakpoint.hits = 0;
        breakpoint.machineIds = [];
        this.core.emit('breakpoint', { reason: 'changed', breakpoint: this.activate(breakpoint) });
      }
    }
  }

  /** The machine goes on: breakpoints where it stands have been passed. */
  resumed(target: Target): void {
    target.machine.passBreakpoints();
    this.repetition.begun(target);
  }

  /** What stopped the machine just now. */
  takeHits(): Hit[] {
    const hits = this.hits;
    this.hits = [];
    return hits;
  }

  /** A breakpoint of another kind stops the machine. */
  stopped(hit: Hit): void {
    this.hits.push(hit);
  }

  /** An id for a breakpoint of any kind. */
  newId(): number {
    return this.nextId++;
  }

  get anyHit(): boolean {
    return this.hits.length > 0;
  }

  /** A slice of running is over: logpoints may speak again. */
  sliceOver(): void {
    const dropped = this.logs - MAX_LOGS_PER_SLICE;
    if (dropped > 0) this.core.print(`(${dropped} more log messages within 10 ms)`);
    this.logs = 0;
  }

  private setGroup(key: string, wanted: Wanted[]): DebugProtocol.Breakpoint[] {
    const target = this.core.target;
    for (const old of this.groups.get(key) ?? [])
      for (const id of old.machineIds) target?.machine.breakpoints.delete(id);
    const group = wanted.map(
      (one): Breakpoint => ({ id: this.newId(), wanted: one, hits: 0, machineIds: [] }),
    );
    this.groups.set(key, group);
    return group.map((breakpoint) => this.activate(breakpoint));
  }

  /** Sets a breakpoint in the machine and says how it went. */
  private activate(breakpoint: Breakpoint): DebugProtocol.Breakpoint {
    const { id, wanted } = breakpoint;
    const target = this.core.target;
    if (!target) return { id, verified: false, message: 'The program is not loaded yet.', reason: 'pending' };
    try {
      const hitTest = wanted.hitCondition ? parseHitCondition(wanted.hitCondition) : undefined;
      const resolved = wanted.resolve(target);
      const tests = resolved.sites.map((site) => this.test(target, breakpoint, { site, resolved, hitTest }));
      if (!target.config.noDebug) {
        resolved.sites.forEach((site, i) => {
          const machineId = this.nextMachineId++;
          breakpoint.machineIds.push(machineId);
          const { onHit, when } = tests[i];
          target.machine.breakpoints.set(machineId, site.address, onHit, when);
        });
      }
      const { shown } = resolved;
      return { id, verified: true, line: shown?.line, source: shown && dapSource(shown) };
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { id, verified: false, message: error.message, reason: 'failed' };
    }
  }

  /**
   * What runs inside the machine when the address is reached and the term, if it can be told, is not 0: it must be
   * quick and must not throw.
   */
  private test(
    target: Target,
    breakpoint: Breakpoint,
    { site, resolved, hitTest }: { site: Site; resolved: Resolved; hitTest?: HitTest },
  ): { onHit(context: ContextId): boolean; when: Term } {
    const { wanted, id } = breakpoint;
    const home: ContextId = site.context ?? (site.kind === 'host' ? 'host' : 'vmcs:0');
    const symbols = symbolsAt(target.index, home, site.address);
    const expression = wanted.condition ? parseExpression(wanted.condition) : undefined;
    const condition = expression && compile(expression, symbols);
    const log = wanted.logMessage ? parseLogMessage(wanted.logMessage, symbols) : undefined;
    const repeats = repeatsAt(target, home, site.address);
    const onHit = (context: ContextId): boolean => {
      if (site.context ? site.context !== context : kindOf(context) !== site.kind) return false;
      if (site.program && target.index.find(context, site.address)?.program !== site.program) return false;
      if (repeats && this.repetition.goesOn(target, context, site.address)) return false;
      const reader = target.reader(context);
      const verdict = condition ? holds(condition, reader) : true;
      if (verdict === false) return false;
      breakpoint.hits++;
      if (hitTest && !hitTest(breakpoint.hits)) return false;
      const problem = typeof verdict === 'string' ? verdict : undefined;
      if (log && !problem) {
        this.log(log(reader), resolved.shown);
        return false;
      }
      this.hits.push({ id, reason: wanted.reason, inMacro: resolved.inMacro ?? false, problem });
      return true;
    };
    // Whether an instruction repeats itself can only be told by looking at every time.
    const term = expression && !repeats ? termOf(expression, symbols) : undefined;
    return { onHit, when: whenTerm(site.kind, site.context, term) };
  }

  private log(text: string, at: SourceLine | undefined): void {
    if (++this.logs > MAX_LOGS_PER_SLICE) return;
    this.core.print(text, 'console', at && { source: dapSource(at), line: at.line });
  }
}

/** Is there a string instruction with a REP prefix? Asked of the map's image, for the memory may not be there yet. */
function repeatsAt(target: Target, context: ContextId, address: bigint): boolean {
  const place = target.index.find(context, address);
  const image = place?.program.program.image;
  const bits = place?.entry.bits ?? 64;
  const offset = place ? place.entry.fileOffset + Number(address - place.entry.address) : -1;
  const bytes =
    image && offset >= 0
      ? image.subarray(offset, offset + MAX_INSTRUCTION)
      : target.read(target.context, address, MAX_INSTRUCTION);
  return withInstruction(bytes, bits, address, (i) => classify(i).repeats) ?? false;
}

/** Whether a condition holds, or why it cannot be told. */
export function holds(condition: Compiled, reader: Reader): boolean | string {
  try {
    return condition(reader) !== 0n;
  } catch (error) {
    return messageOf(error);
  }
}

function resolveSourceLine(target: Target, path: string, line: number): Resolved {
  const found = resolveLine(target.index, path, line);
  if (!found) {
    const known = target.index.programs.some((program) => program.fileIndex(path) !== undefined);
    throw new RequestError(
      known ? 'No code at or below this line.' : 'This file is not part of the program.',
    );
  }
  return {
    sites: found.addresses.map(({ address, program }) => siteOf(target, address, program)),
    shown: { path, line: found.line },
    inMacro: found.inMacro,
  };
}

function siteOf(target: Target, address: bigint, program: IndexedProgram): Site {
  const kind = program.program.kind;
  const rivals = target.index.programs.some(
    (other) => other !== program && other.program.kind === kind && other.entryAt(address),
  );
  return { address, kind, program: rivals ? program : undefined };
}

function resolveFunction(target: Target, name: string): Resolved {
  const found = target.index
    .symbols(name, target.context)
    .filter(({ program, symbol }) => symbol.kind === 'label' && program.entryAt(symbol.value)?.code);
  if (found.length === 0) throw new RequestError(`There is no code label '${name}'.`);
  const { program, symbol } = found[0];
  const entry = program.entryAt(symbol.value)!;
  return {
    sites: found.map((one) => siteOf(target, one.symbol.value, one.program)),
    shown: outerLine({ program, entry }),
  };
}

function resolveInstruction(target: Target, request: DebugProtocol.InstructionBreakpoint): Resolved {
  const at = parseReference(request.instructionReference, target.context, request.offset);
  if (at.space !== 'linear') throw new RequestError('An instruction breakpoint needs a linear address.');
  const place = target.index.find(at.context, at.address);
  return {
    sites: [{ address: at.address, kind: kindOf(at.context), context: at.context }],
    shown: place && outerLine(place),
  };
}
