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
  'disassemble',
  'evaluate',
  'exceptionInfo',
  'gotoTargets',
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
  private launching = false;
  private terminated = false;

  /** Requests answered here; every other one goes to the debugger's thread. */
  private readonly own: Readonly<Record<string, (args: unknown, respond: Respond) => void | Promise<void>>> =
    {
      initialize: (args, respond) => this.initialize(args, respond),
      launch: (args, respond) => this.launch(args, respond),
      restart: (args, respond) => this.restart(args, respond),
      attach: () => {
        throw new RequestError('There is nothing to attach to: use "request": "launch".');
      },
      cancel: (_args, respond) => {
        if (this.launching) this.thread?.cancel();
        respond();
      },
      terminate: async (_args, respond) => {
        await this.end();
        respond();
      },
      disconnect: async (_args, respond) => {
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
      response.body = { error: { id: 1, format: message, showUser: !LOOKS.has(request.command) } };
      this.sendResponse(response);
    };
    const handler = Object.hasOwn(this.own, request.command) ? this.own[request.command] : undefined;
    const work = async () => {
      if (handler) await handler(request.arguments, respond);
      else respond(await this.debugger().request(request.command, request.arguments));
    };
    work().catch(fail);
  }

  private debugger(): DebuggerThread {
    if (!this.thread) throw new RequestError('No program has been launched.');
    return this.thread;
  }

  private initialize(args: unknown, respond: Respond): void {
    const given = (args ?? {}) as DebugProtocol.InitializeRequestArguments;
    if (given.linesStartAt1 === false) throw new RequestError('Lines must start at 1.');
    this.client = given;
    this.thread ??= new DebuggerThread(
      resolve(__dirname, 'machine-worker.js'),
      (event, body) => this.forward(event, body),
      (message) => this.crashed(message),
    );
    respond(capabilities());
  }

  private async launch(args: unknown, respond: Respond): Promise<void> {
    const config = absolute(parseLaunchConfig(args ?? {}));
    const thread = this.debugger();
    this.launching = true;
    try {
      await thread.request('launch', config);
    } finally {
      this.launching = false;
    }
    respond();
    this.sendEvent(new InitializedEvent());
  }

  /** Assembles anew; VS Code sends the configuration along, which may have changed. */
  private async restart(args: unknown, respond: Respond): Promise<void> {
    const changed = (args as { arguments?: unknown } | undefined)?.arguments;
    const config = changed === undefined ? undefined : absolute(parseLaunchConfig(changed));
    this.launching = true;
    try {
      await this.debugger().request('restart', config);
    } finally {
      this.launching = false;
    }
    respond();
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
    await thread?.dispose();
    this.sendTerminated();
  }

  private sendTerminated(): void {
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
