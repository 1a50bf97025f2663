import { baseName, type FileProvider } from '@hyperstep/assembler';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Breakpoints } from './breakpoints/breakpoints';
import { DataBreakpoints } from './breakpoints/data-breakpoints';
import { checkedArguments } from './checks/arguments';
import { Core, type Emit } from './core';
import { Disassembly } from './disassembly/disassembly';
import { RequestError } from './errors';
import { Evaluator } from './evaluate/evaluator';
import { ExceptionFilters } from './exceptions/filters';
import type { LaunchConfig } from './launch/config';
import { loadTarget } from './launch/launcher';
import { Memory } from './memory/memory';
import { Scopes } from './scopes/scopes';
import { dapSource, StackTrace } from './stack/stack-trace';
import { Control } from './stepping/control';
import { Goto } from './stepping/goto';
import { Observers } from './stepping/observers';
import type { Defer } from './stepping/runner';
import { Threads } from './threads/threads';
import { SERIAL_INPUT, TRANSLATE, VM_EXITS } from './views/protocol';
import { SerialView } from './views/serial';
import { Trace } from './views/trace';
import { TranslateView } from './views/translate';
import { vmExits } from './views/vm-exits';

/** Answers one request; throws a {@link RequestError} when it cannot. */
type Handler = (args: never) => unknown;

/** What the debugger needs from where it runs. */
export interface DebuggerHost {
  emit: Emit;
  defer: Defer;
  files: FileProvider;
  /** True once the person has cancelled the launch. */
  cancelled(): boolean;
}

/**
 * The debugger beside its machine, in one thread. It speaks in the bodies of
 * the Debug Adapter Protocol; the session outside only carries them. This class
 * puts the concerns together and routes.
 */
export class Debugger {
  private readonly core: Core;
  private readonly breakpoints: Breakpoints;
  private readonly dataBreakpoints: DataBreakpoints;
  private readonly threads: Threads;
  private readonly observers: Observers;
  private readonly control: Control;
  private readonly serial: SerialView;
  private readonly trace: Trace;
  private config: LaunchConfig | undefined;
  /** The client has said that everything is configured. */
  private begun = false;
  private readonly handlers: Readonly<Record<string, Handler>>;

  constructor(private readonly host: DebuggerHost) {
    const core = new Core(host.emit);
    const filters = new ExceptionFilters();
    const breakpoints = new Breakpoints(core);
    const threads = new Threads(core);
    const observers = new Observers(filters);
    const stack = new StackTrace(core, threads);
    const evaluator = new Evaluator(core, stack);
    const dataBreakpoints = new DataBreakpoints(core, evaluator, breakpoints);
    const scopes = new Scopes(core, stack, (text) => evaluator.value(text));
    const memory = new Memory(core);
    const disassembly = new Disassembly(core);
    const serial = new SerialView(core);
    const trace = new Trace(core);
    const translate = new TranslateView(core, evaluator);
    const control = new Control(core, { breakpoints, observers, threads }, host.defer, {
      sliceOver: () => this.flush(),
      exited: (code) => this.exited(code),
    });
    const goto = new Goto(core, control);
    this.core = core;
    this.breakpoints = breakpoints;
    this.dataBreakpoints = dataBreakpoints;
    this.threads = threads;
    this.observers = observers;
    this.control = control;
    this.serial = serial;
    this.trace = trace;

    this.handlers = {
      launch: (config: LaunchConfig) => this.launch(config),
      restart: (config: LaunchConfig | undefined) => this.restart(config),
      configurationDone: () => this.begin(),
      setBreakpoints: (args: DebugProtocol.SetBreakpointsArguments) => breakpoints.setLines(args),
      setFunctionBreakpoints: (args: DebugProtocol.SetFunctionBreakpointsArguments) =>
        breakpoints.setFunctions(args),
      setInstructionBreakpoints: (args: DebugProtocol.SetInstructionBreakpointsArguments) =>
        breakpoints.setInstructions(args),
      dataBreakpointInfo: (args: DebugProtocol.DataBreakpointInfoArguments) => dataBreakpoints.info(args),
      setDataBreakpoints: (args: DebugProtocol.SetDataBreakpointsArguments) => dataBreakpoints.set(args),
      setExceptionBreakpoints: (args: DebugProtocol.SetExceptionBreakpointsArguments) =>
        filters.configure(args),
      breakpointLocations: (args: DebugProtocol.BreakpointLocationsArguments) => breakpoints.locations(args),
      exceptionInfo: () => this.exceptionInfo(),
      continue: () => this.answering({ allThreadsContinued: true }, () => control.continue()),
      pause: () => control.pause(),
      next: (args: DebugProtocol.NextArguments) => control.next(args.granularity),
      stepIn: (args: DebugProtocol.StepInArguments) => control.stepIn(args.granularity),
      stepOut: (args: DebugProtocol.StepOutArguments) => control.stepOut(args.granularity),
      gotoTargets: (args: DebugProtocol.GotoTargetsArguments) => goto.targets(args),
      goto: (args: DebugProtocol.GotoArguments) => goto.goto(args),
      threads: () => threads.list(),
      stackTrace: (args: DebugProtocol.StackTraceArguments) => stack.trace(args),
      scopes: (args: DebugProtocol.ScopesArguments) => scopes.scopes(args),
      variables: (args: DebugProtocol.VariablesArguments) => scopes.variables(args),
      setVariable: (args: DebugProtocol.SetVariableArguments) => scopes.set(args),
      evaluate: (args: DebugProtocol.EvaluateArguments) => evaluator.evaluate(args),
      setExpression: (args: DebugProtocol.SetExpressionArguments) => evaluator.setExpression(args),
      completions: (args: DebugProtocol.CompletionsArguments) => evaluator.completions(args),
      disassemble: (args: DebugProtocol.DisassembleArguments) => disassembly.disassemble(args),
      readMemory: (args: DebugProtocol.ReadMemoryArguments) => memory.read(args),
      writeMemory: (args: DebugProtocol.WriteMemoryArguments) => memory.write(args),
      loadedSources: () => this.loadedSources(),
      [TRANSLATE]: (args: Parameters<TranslateView['translate']>[0]) => translate.translate(args),
      [VM_EXITS]: (args: Parameters<typeof vmExits>[1]) => vmExits(core, args),
      [SERIAL_INPUT]: (args: Parameters<SerialView['input']>[0]) => serial.input(args),
    };
  }

  /** Answers a request with the body of its response; throws when there is none. */
  request(command: string, args: unknown): unknown {
    const handler = Object.hasOwn(this.handlers, command) ? this.handlers[command] : undefined;
    if (!handler) throw new RequestError(`The request '${command}' is not supported.`);
    return handler(checkedArguments(command, args) as never);
  }

  private launch(config: LaunchConfig): void {
    this.control.abandon();
    this.config = config;
    this.load(config);
    this.begun = false;
  }

  private load(config: LaunchConfig): void {
    const target = loadTarget(this.core, config, this.host.files, () => this.host.cancelled());
    this.core.target = target;
    this.core.state = 'stopped';
    this.core.report = undefined;
    this.core.insideMacro = false;
    this.core.resumed();
    this.threads.reset();
    this.trace.reset();
    this.serial.attach(target);
    this.observers.attach(target.machine, config.noDebug);
    this.breakpoints.install();
    this.dataBreakpoints.install();
  }

  /** After everything is configured: the first stop, or off we go. Saying so again changes nothing. */
  private begin(): void {
    const target = this.core.launched();
    if (this.begun) return;
    this.begun = true;
    if (target.config.stopOnEntry && !target.config.noDebug) this.control.entry();
    else this.control.continue();
  }

  private restart(changed: LaunchConfig | undefined): void {
    if (changed?.lab || changed?.program) this.config = changed;
    const config = this.config ?? this.core.launched().config;
    const ran = this.control.abandon();
    try {
      this.load(config);
    } catch (error) {
      // The machine from before is still there to be looked at.
      if (ran) this.control.interrupted();
      throw error;
    }
    this.begun = false;
    this.begin();
  }

  private flush(): void {
    this.serial.flush();
    this.trace.flush();
  }

  private exited(exitCode: number): void {
    this.core.state = 'ended';
    this.core.emit('exited', { exitCode });
    this.core.emit('terminated');
  }

  private answering<T>(body: T, act: () => void): T {
    act();
    return body;
  }

  private exceptionInfo(): DebugProtocol.ExceptionInfoResponse['body'] {
    this.core.stopped();
    const exception = this.core.report?.exception;
    if (!exception) throw new RequestError('The machine did not stop at an exception.');
    return {
      exceptionId: exception.id,
      description: exception.details
        ? `${exception.description}\n${exception.details}`
        : exception.description,
      breakMode: 'always',
      details: { message: exception.description, typeName: exception.id, stackTrace: exception.details },
    };
  }

  private loadedSources(): DebugProtocol.LoadedSourcesResponse['body'] {
    const files = new Set(
      this.core.launched().index.programs.flatMap((program) => program.program.map.files),
    );
    const sources = [...files].map((path) => dapSource({ path, line: 1 }));
    return { sources: sources.sort((a, b) => baseName(a.path!).localeCompare(baseName(b.path!))) };
  }
}
