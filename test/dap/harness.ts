import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';

/** The repository, wherever the bundled tests run. */
export const root = process.env.HYPERSTEP_ROOT ?? process.cwd();

const fixtures = join(root, 'test/dap/fixtures');
const dist = join(root, 'out/dap-tests');
let built = false;

/** Bundles the adapter once a run, from the sources as they are. */
function build(): void {
  if (built) return;
  const script = `
    const { bundle } = await import(${JSON.stringify(`file://${join(root, 'scripts/bundle.mjs')}`)});
    await bundle({ adapter: 'debug-adapter/src/main.ts', 'machine-worker': 'debug-adapter/src/worker.ts' },
      ${JSON.stringify(dist)});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, stdio: 'inherit' });
  built = true;
}

/** Path of a fixture. */
export function fixture(name: string): string {
  return join(fixtures, name);
}

/** Line of the mark `; @name` in a file. */
export function mark(path: string, name: string): number {
  const lines = readFileSync(path, 'utf8').split('\n');
  const index = lines.findIndex((line) => new RegExp(`@${name}\\b(?!-)`).test(line));
  assert.ok(index >= 0, `no mark @${name} in ${path}`);
  return index + 1;
}

/** A stop as tests compare it. */
export interface Stop {
  reason: string;
  threadId: number;
  text: string | undefined;
  description: string | undefined;
  hitBreakpointIds: number[] | undefined;
}

/** A DAP client with the few words the tests speak. */
export class Client {
  readonly dap = new DebugClient(process.execPath, join(dist, 'adapter.js'), 'hyperstep', undefined, true);
  output = '';
  readonly events: DebugProtocol.Event[] = [];

  static async start(): Promise<Client> {
    build();
    const client = new Client();
    client.dap.defaultTimeout = 20_000;
    client.dap.on('output', (event: DebugProtocol.OutputEvent) => {
      client.output += event.body.output;
    });
    for (const name of [
      'stopped',
      'thread',
      'breakpoint',
      'exited',
      'terminated',
      'hyperstep.serial',
      'progressEnd',
    ])
      client.dap.on(name, (event) => client.events.push(event));
    await client.dap.start();
    return client;
  }

  async stop(): Promise<void> {
    await this.dap.stop();
  }

  /** initialize and launch up to where breakpoints are set. */
  async launch(args: object): Promise<void> {
    await this.dap.initializeRequest();
    const initialized = this.dap.waitForEvent('initialized');
    await this.dap.launchRequest(args as DebugProtocol.LaunchRequestArguments);
    await initialized;
  }

  /** Launches and stands at the first instruction. */
  async launchStopped(args: object): Promise<void> {
    await this.launch({ stopOnEntry: true, ...args });
    await this.until(() => this.dap.configurationDoneRequest());
  }

  async breakpoints(
    path: string,
    ...breakpoints: DebugProtocol.SourceBreakpoint[]
  ): Promise<DebugProtocol.Breakpoint[]> {
    const response = await this.dap.setBreakpointsRequest({ source: { path }, breakpoints });
    return response.body.breakpoints;
  }

  /** Does something and waits for the stop it leads to. */
  async until(act: () => Promise<unknown>): Promise<Stop> {
    const stopped = this.dap.waitForEvent('stopped');
    await act();
    const { body } = (await stopped) as DebugProtocol.StoppedEvent;
    const { reason, threadId, text, description, hitBreakpointIds } = body;
    return { reason, threadId: threadId!, text, description, hitBreakpointIds };
  }

  continue(): Promise<Stop> {
    return this.until(() => this.dap.continueRequest({ threadId: 1 }));
  }

  next(granularity?: DebugProtocol.SteppingGranularity): Promise<Stop> {
    return this.until(() => this.dap.nextRequest({ threadId: 1, granularity }));
  }

  stepIn(granularity?: DebugProtocol.SteppingGranularity): Promise<Stop> {
    return this.until(() => this.dap.stepInRequest({ threadId: 1, granularity }));
  }

  stepOut(): Promise<Stop> {
    return this.until(() => this.dap.stepOutRequest({ threadId: 1 }));
  }

  async frames(threadId = 1): Promise<DebugProtocol.StackFrame[]> {
    return (await this.dap.stackTraceRequest({ threadId })).body.stackFrames;
  }

  /** `file:line` of the innermost frame. */
  async where(threadId = 1): Promise<string> {
    const [frame] = await this.frames(threadId);
    return `${frame.source?.name ?? '?'}:${frame.line}`;
  }

  /** Result text of an expression in the innermost frame of the context that runs. */
  async value(expression: string, frameId?: number): Promise<string> {
    return (await this.dap.evaluateRequest({ expression, frameId, context: 'watch' })).body.result;
  }

  /** A scope's variables by name. */
  async scope(name: string, threadId = 1): Promise<Map<string, DebugProtocol.Variable>> {
    const [frame] = await this.frames(threadId);
    const { scopes } = (await this.dap.scopesRequest({ frameId: frame.id })).body;
    const scope = scopes.find((one) => one.name === name);
    assert.ok(scope, `no scope ${name}`);
    const { variables } = (await this.dap.variablesRequest({ variablesReference: scope.variablesReference }))
      .body;
    return new Map(variables.map((variable) => [variable.name, variable]));
  }

  /** Sends a request that will be refused: is the person shown why? */
  popsUp(command: string, args: object = {}): Promise<boolean> {
    return new Promise((resolve, reject) => {
      // `send` keeps only the message of a refusal.
      const dap = this.dap as unknown as {
        doSend(
          command: string,
          args: object,
          answered: (response: DebugProtocol.ErrorResponse) => void,
        ): void;
      };
      dap.doSend(command, args, ({ success, body }) => {
        if (success) reject(new Error(`${command} should have been refused`));
        else resolve(body.error!.showUser!);
      });
    });
  }

  custom<T>(command: string, args: object): Promise<T> {
    return this.dap.customRequest(command, args).then((response) => response.body as T);
  }
}

/** Line of the first line that contains a text. */
export function lineWith(path: string, text: string): number {
  const index = readFileSync(path, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text));
  assert.ok(index >= 0, `no line '${text}' in ${path}`);
  return index + 1;
}
