import { Worker } from 'node:worker_threads';
import { RequestError } from '../errors';
import type { FromDebugger, ThreadData, ToDebugger } from './messages';

interface Waiting {
  resolve(body: unknown): void;
  reject(error: Error): void;
}

/** The session's end of the debugger's thread. */
export class DebuggerThread {
  private readonly worker: Worker;
  private readonly cancelled = new SharedArrayBuffer(4);
  private readonly cancelWord = new Int32Array(this.cancelled);
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  /** Why the thread is gone, once it is. */
  private gone: string | undefined;

  /**
   * @param path the bundle with the thread's program
   * @param onEvent DAP events from the debugger
   * @param onCrash the thread has ended by itself
   */
  constructor(
    path: string,
    private readonly onEvent: (event: string, body: unknown) => void,
    private readonly onCrash: (message: string) => void,
  ) {
    const workerData: ThreadData = { cancelled: this.cancelled };
    // Standard output belongs to the protocol: the thread's goes to standard error.
    this.worker = new Worker(path, { workerData, stdout: true });
    this.worker.stdout.pipe(process.stderr);
    this.worker.on('message', (message: FromDebugger) => this.receive(message));
    this.worker.on('error', (error) => this.crashed(error.message));
    this.worker.on('exit', (code) => this.crashed(`exit code ${code}`));
  }

  /** Sends a request; the promise fails with the text for the person. */
  request(command: string, args: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.gone !== undefined) {
        reject(new RequestError(this.gone));
        return;
      }
      const message: ToDebugger = { id: this.nextId++, command, args };
      this.waiting.set(message.id, { resolve, reject });
      // A cancellation was meant for the assembly before.
      if (command === 'launch' || command === 'restart') Atomics.store(this.cancelWord, 0, 0);
      this.worker.postMessage(message);
    });
  }

  /** Gives up an assembly that is under way. */
  cancel(): void {
    Atomics.store(this.cancelWord, 0, 1);
  }

  /** Ends the thread, whatever it is doing. */
  async dispose(): Promise<void> {
    this.fail('The debug session has ended.');
    await this.worker.terminate();
  }

  private receive(message: FromDebugger): void {
    if (message.kind === 'event') {
      if (this.gone === undefined) this.onEvent(message.event, message.body);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.kind === 'answer') waiting?.resolve(message.body);
    else waiting?.reject(new RequestError(message.message));
  }

  private crashed(message: string): void {
    if (this.gone !== undefined) return;
    const text = `The machine's thread has crashed: ${message}`;
    this.fail(text);
    this.onCrash(text);
  }

  private fail(text: string): void {
    this.gone ??= text;
    for (const { reject } of this.waiting.values()) reject(new RequestError(text));
    this.waiting.clear();
  }
}
