import type { ContextId } from '@hyperstep/engine';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { linearReference, type MemoryReference, parseReference } from '../memory/references';
import { REGISTER_PARTS, WEAK_PARTS } from '../scopes/register-names';
import { writeRegister } from '../scopes/write-register';
import type { Frame } from '../stack/frames';
import type { StackTrace } from '../stack/stack-trace';
import { compile, compileAddress, type Reader, type Symbols } from './compile';
import { formatValue } from './format';
import { type Expression, parseExpression } from './parser';
import { symbolsAt } from './symbols';

/** Where an expression is evaluated. */
interface Scene {
  context: ContextId;
  reader: Reader;
  symbols: Symbols;
  /** The frame's registers are the processor's own and may be changed. */
  live: boolean;
}

/** A word a person may have in mind when hovering: registers, symbols, numbers. */
const MAX_COMPLETIONS = 200;

/** `evaluate`, `setExpression`, `completions`, and expressions for other requests. */
export class Evaluator {
  constructor(
    private readonly core: Core,
    private readonly stack: StackTrace,
  ) {}

  evaluate(args: DebugProtocol.EvaluateArguments): DebugProtocol.EvaluateResponse['body'] {
    const scene = this.scene(args.frameId);
    const assignment =
      args.context === 'repl' ? /^([^:]+?)\s*:=\s*(.+)$/s.exec(args.expression.trim()) : undefined;
    if (assignment) return this.assign(scene, assignment[1], assignment[2]);
    return this.result(scene, args.expression);
  }

  /** Changes a register or memory: `rax`, `dword [rsp+8]`. */
  setExpression(args: DebugProtocol.SetExpressionArguments): DebugProtocol.SetExpressionResponse['body'] {
    const { result, memoryReference } = this.assign(this.scene(args.frameId), args.expression, args.value);
    return { value: result, memoryReference };
  }

  /** Value of an expression of the innermost frame; for `setVariable`. */
  value(text: string): bigint {
    const { reader, symbols } = this.scene(undefined);
    return compile(parseExpression(text), symbols)(reader);
  }

  /** Value of an expression as a linear address, with the context it is meant in. */
  addressOf(text: string, frameId?: number, context?: ContextId): { context: ContextId; address: bigint } {
    const scene = context ? this.contextScene(context) : this.scene(frameId);
    return { context: scene.context, address: compile(parseExpression(text), scene.symbols)(scene.reader) };
  }

  /**
   * The memory that a text names: an operand (`dword [x]`), a reference (`hpa:0x1000`), or any other expression's value
   * as an address. Without a size, `bytes`; without these, the mode's word.
   */
  placeOf(text: string, frameId?: number, bytes?: number): { at: MemoryReference; length: number } {
    const { context, reader, symbols } = this.scene(frameId);
    if (/^\s*(gla|hpa):/i.test(text)) {
      return { at: parseReference(text, context), length: bytes ?? reader.wordSize };
    }
    const expression = parseExpression(text);
    const memory = expression.kind === 'memory' ? expression : undefined;
    if (isRegister(expression, symbols)) throw new RequestError('Only memory can be watched, not registers.');
    const address = memory ? compileAddress(memory, symbols)(reader) : compile(expression, symbols)(reader);
    return { at: { space: 'linear', context, address }, length: memory?.size ?? bytes ?? reader.wordSize };
  }

  completions(args: DebugProtocol.CompletionsArguments): DebugProtocol.CompletionsResponse['body'] {
    const before = args.text.slice(0, args.column - 1);
    const word = /[\w.@?$]*$/.exec(before)![0].toLowerCase();
    const names = new Set<string>([...REGISTER_PARTS.keys(), ...WEAK_PARTS.keys()]);
    const programs = this.core.target?.index.programs ?? [];
    for (const program of programs) for (const name of program.symbolNames()) names.add(name);
    const targets = [...names]
      .filter((name) => name.toLowerCase().startsWith(word))
      .slice(0, MAX_COMPLETIONS)
      .map((label) => ({ label, start: before.length - word.length, length: word.length }));
    return { targets };
  }

  private result(scene: Scene, text: string): DebugProtocol.EvaluateResponse['body'] {
    const expression = parseExpression(text);
    const value = compile(expression, scene.symbols)(scene.reader);
    const address =
      expression.kind === 'memory' ? compileAddress(expression, scene.symbols)(scene.reader) : value;
    const bits =
      expression.kind === 'memory' ? (expression.size ?? scene.reader.wordSize) * 8 : bitsOfName(expression);
    const label =
      expression.kind === 'name' || expression.kind === 'memory'
        ? this.labelAt(scene, value, text.trim())
        : '';
    return {
      result: formatValue(value, bits) + label,
      type: expression.kind === 'memory' ? `${bits / 8} bytes at 0x${address.toString(16)}` : undefined,
      variablesReference: 0,
      memoryReference: linearReference(scene.context, address),
    };
  }

  /** ` <name+4>` after values that are addresses of something. */
  private labelAt(scene: Scene, value: bigint, itself: string): string {
    const name = this.core.stopped().index.describe(scene.context, value);
    return name && name !== itself ? ` <${name}>` : '';
  }

  private assign(scene: Scene, place: string, text: string): DebugProtocol.EvaluateResponse['body'] {
    const target = this.core.stopped();
    const expression = parseExpression(place);
    const value = compile(parseExpression(text), scene.symbols)(scene.reader);
    if (expression.kind === 'memory') {
      const address = compileAddress(expression, scene.symbols)(scene.reader);
      const size = expression.size ?? scene.reader.wordSize;
      const bytes = Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
      if (target.machine.writeLinear(address, bytes, scene.context) < size) {
        throw new RequestError(`No memory is mapped at 0x${address.toString(16)}.`);
      }
    } else if (expression.kind === 'name') {
      if (!scene.live)
        throw new RequestError('Only the registers of the innermost frame that runs can be changed.');
      writeRegister(target, expression.name, value);
    } else throw new RequestError(`'${place}' is neither a register nor memory.`);
    this.core.changed();
    return this.result(this.scene(undefined), place);
  }

  private scene(frameId: number | undefined): Scene {
    return this.frameScene(this.stack.frame(frameId));
  }

  private frameScene(frame: Frame): Scene {
    const target = this.core.stopped();
    const symbols = symbolsAt(target.index, frame.context, frame.address);
    const live = this.stack.isLive(frame);
    if (live || frame.kind === 'exit') {
      return { context: frame.context, reader: target.reader(frame.context), symbols, live };
    }
    return {
      context: frame.context,
      reader: frameReader(target.reader(frame.context), frame),
      symbols,
      live,
    };
  }

  private contextScene(context: ContextId): Scene {
    const target = this.core.stopped();
    target.checkContext(context);
    const reader = target.reader(context);
    return {
      context,
      reader,
      symbols: symbolsAt(target.index, context, undefined),
      live: context === target.context,
    };
  }
}

/** An outer frame knows its instruction and stack pointer; other registers may have changed since. */
function frameReader(reader: Reader, frame: Frame): Reader {
  const known: Record<string, bigint | undefined> = { rip: frame.address, rsp: frame.rsp };
  return {
    wordSize: reader.wordSize,
    load: (address, size) => reader.load(address, size),
    register: (whole) => (whole in known ? known[whole] : reader.register(whole)),
  };
}

function isRegister(expression: Expression, symbols: Symbols): boolean {
  if (expression.kind !== 'name') return false;
  const name = expression.name.toLowerCase();
  return REGISTER_PARTS.has(name) || (WEAK_PARTS.has(name) && symbols(expression.name) === undefined);
}

function bitsOfName(expression: ReturnType<typeof parseExpression>): number {
  if (expression.kind !== 'name') return 64;
  return REGISTER_PARTS.get(expression.name.toLowerCase())?.bits ?? 64;
}
