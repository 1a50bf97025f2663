import { resolve } from 'node:path';
import { DebugSession, Event, InitializedEvent, Response, TerminatedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { capabilities } from './capabilities';
import { messageOf, RequestError } from './errors';
import { type LaunchConfig, parseLaunchConfig } from './launch/config';
import { DebuggerThread } from './rpc/debugger-thread';
import { SERIAL_INPUT, TRANSLATE, VM_EXITS } from './views/protocol';

/**
 * Requests that only look. The client sends them by itself, also for frames of
 * a moment ago; a failure belongs where the answer would be, not into a pop-up.
 */
const LOOKS: ReadonlySet<string> = new Set([
  'breakpointLocations',
  'completions',
  'dataBreakpointInfo',
  'disassemble',
  'evaluate',
  'exceptionInfo',
  'gotoTargets',
  'loadedSources',
  'readMemory',
  'scopes',
  'stackTrace',
  'threads',
  'variables',
  SERIAL_INPUT,
  TRANSLATE,
  VM_EXITS,
]);

type Respond = (body?: unknown) => void;

/**
 * The protocol's end: carries requests to the debugger's thread and its events
 * back. Only what must work while that thread is busy or gone is done here.
 */
export class HyperstepSession extends DebugSession {
  private thread: DebuggerThread | undefined;
  /** Events only a client that announced them gets. */
  private client: DebugProtocol.InitializeRequestArguments | undefined;
  /** Sequence number of the launch or restart that is under way. */
  private launching: number | undefined;
  /** The session is over, or about to be: whatever arrives now has crossed with its end. */
  private over = false;
  private terminated = false;

  /** Requests answered here; every other one goes to the debugger's thread. */
  private readonly own: Readonly<
    Record<string, (request: DebugProtocol.Request, respond: Respond) => void | Promise<void>>
  > = {
    initialize: (request, respond) => this.initialize(request.arguments, respond),
    launch: (request, respond) => this.launch(request, respond),
    restart: (request, respond) => this.restart(request, respond),
    attach: () => {
      throw new RequestError('There is nothing to attach to: use "request": "launch".');
    },
    configurationDone: (request, respond) => this.configured(request, respond),
    cancel: ({ arguments: args }, respond) => {
      this.cancel(args);
      respond();
    },
    terminate: async (_request, respond) => {
      await this.end();
      respond();
    },
    disconnect: async (_request, respond) => {
      await this.end();
      respond();
      this.shutdown();
    },
  };

  constructor() {
    super();
    this.setDebuggerLinesStartAt1(true);
    this.setDebuggerColumnsStartAt1(true);
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    const respond = (body?: unknown) => {
      const response: DebugProtocol.Response = new Response(request);
      response.body = body ?? {};
      this.sendResponse(response);
    };
    const fail = (error: unknown) => {
      const message = messageOf(error);
      const response: DebugProtocol.ErrorResponse = new Response(request, message) as never;
      response.body = { error: { id: 1, format: message, showUser: this.isForPerson(request.command) } };
      this.sendResponse(response);
    };
    const handler = Object.hasOwn(this.own, request.command) ? this.own[request.command] : undefined;
    const work = async () => {
      if (handler) await handler(request, respond);
      else respond(await this.debugger().request(request.command, request.arguments));
    };
    work().catch(fail);
  }

  /** Does a refusal deserve a pop-up? Not when nobody asked, nor when the person has ended what was asked about. */
  private isForPerson(command: string): boolean {
    return !this.over && !LOOKS.has(command);
  }

  private debugger(): DebuggerThread {
    if (this.thread) return this.thread;
    throw new RequestError(
      this.over ? 'The debug session has ended; start a new one.' : 'Send "initialize" before anything else.',
    );
  }

  private initialize(args: unknown, respond: Respond): void {
    const given = (args ?? {}) as DebugProtocol.InitializeRequestArguments;
    if (given.linesStartAt1 === false || given.columnsStartAt1 === false) {
      throw new RequestError('Lines and columns must start at 1.');
    }
    if ((given.pathFormat ?? 'path') !== 'path') throw new RequestError('"pathFormat" must be "path".');
    this.client = given;
    if (!this.thread) this.over = false;
    this.thread ??= new DebuggerThread(
      resolve(__dirname, 'machine-worker.js'),
      (event, body) => this.forward(event, body),
      (message) => this.crashed(message),
    );
    respond(capabilities());
  }

  private async launch({ seq, arguments: args }: DebugProtocol.Request, respond: Respond): Promise<void> {
    await this.load(seq, 'launch', absolute(parseLaunchConfig(args ?? {})));
    respond();
    this.sendEvent(new InitializedEvent());
  }

  /** VS Code shows every refusal of this one; when the session is over, there is nothing to say about it. */
  private async configured(request: DebugProtocol.Request, respond: Respond): Promise<void> {
    try {
      await this.debugger().request(request.command, request.arguments);
    } catch (error) {
      if (!this.over) throw error;
    }
    respond();
  }

  /** Assembles anew; VS Code sends the configuration along, which may have changed. */
  private async restart({ seq, arguments: args }: DebugProtocol.Request, respond: Respond): Promise<void> {
    const changed = (args as { arguments?: unknown } | undefined)?.arguments;
    await this.load(seq, 'restart', changed == null ? undefined : absolute(parseLaunchConfig(changed)));
    respond();
  }

  /** A new machine, also after the one before has ended. */
  private async load(seq: number, command: 'launch' | 'restart', config?: LaunchConfig): Promise<void> {
    const thread = this.debugger();
    this.launching = seq;
    this.over = false;
    this.terminated = false;
    try {
      await thread.request(command, config);
    } finally {
      if (this.launching === seq) this.launching = undefined;
    }
  }

  /** Gives a launch up. Whatever else a client may cancel is answered as quickly as the cancellation. */
  private cancel(args: DebugProtocol.CancelArguments | undefined): void {
    if (this.launching !== undefined && (args?.requestId ?? this.launching) === this.launching) {
      this.thread?.cancel();
    }
  }

  /** The client is gone: nobody is left to run the machine for. */
  override shutdown(): void {
    void this.thread?.dispose();
    this.thread = undefined;
    super.shutdown();
  }

  private async end(): Promise<void> {
    const thread = this.thread;
    this.thread = undefined;
    this.over = true;
    await thread?.dispose();
    this.sendTerminated();
  }

  private sendTerminated(): void {
    this.over = true;
    if (this.terminated) return;
    this.terminated = true;
    this.sendEvent(new TerminatedEvent());
  }

  private forward(event: string, body: unknown): void {
    if (event === 'terminated') {
      this.sendTerminated();
      return;
    }
    if (event.startsWith('progress') && !this.client?.supportsProgressReporting) return;
    if (event === 'invalidated' && !this.client?.supportsInvalidatedEvent) return;
    this.sendEvent(new Event(event, body));
  }

  private crashed(message: string): void {
    this.sendEvent(new Event('output', { category: 'stderr', output: `${message}\n` }));
    this.sendTerminated();
  }
}

/** Paths as the thread needs them: absolute. */
function absolute(config: LaunchConfig): LaunchConfig {
  return {
    ...config,
    lab: config.lab && resolve(config.lab),
    program: config.program && resolve(config.program),
    includePaths: config.includePaths.map((path) => resolve(path)),
  };
}
