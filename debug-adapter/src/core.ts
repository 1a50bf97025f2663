import { RequestError } from './errors';
import type { StopReport } from './stepping/stop-report';
import type { Target } from './target';

const ENDED = 'The machine has ended; restart it to go on.';

/** Sends a DAP event, body as the protocol has it. */
export type Emit = (event: string, body?: unknown) => void;

/** What the concerns share: the launched machine and whether it runs. */
export class Core {
  target: Target | undefined;
  state: 'none' | 'stopped' | 'running' | 'ended' = 'none';
  /** Why the machine stands; undefined before the first stop. */
  report: StopReport | undefined;
  /** The call stack shows lines inside macro bodies, because the last step went into one. */
  insideMacro = false;
  private readonly forgetters: (() => void)[] = [];
  private readonly revisers: (() => void)[] = [];

  constructor(readonly emit: Emit) {}

  /** The launched machine; an error before the launch. */
  launched(): Target {
    if (!this.target) throw new RequestError('No program has been launched: send "launch" first.');
    return this.target;
  }

  /** The machine, standing; an error while it runs. */
  stopped(): Target {
    const target = this.launched();
    if (this.state === 'running') throw new RequestError('The machine is running; pause it first.');
    if (this.state === 'ended') throw new RequestError(ENDED);
    return target;
  }

  /** Registers something that is only true of one stop: frame and variable handles. */
  onResume(forget: () => void): void {
    this.forgetters.push(forget);
  }

  /** Called whenever the machine goes on. */
  resumed(): void {
    for (const forget of this.forgetters) forget();
  }

  /** Registers something to be looked at anew when the person has changed registers or memory. */
  onChange(revise: () => void): void {
    this.revisers.push(revise);
  }

  /** Called when the person has changed registers or memory. */
  changed(): void {
    for (const revise of this.revisers) revise();
    this.emit('invalidated', { areas: ['variables', 'stacks'] });
  }

  /** A line in the debug console. */
  print(text: string, category: 'console' | 'important' | 'stderr' = 'console', extra: object = {}): void {
    this.emit('output', { category, output: text.endsWith('\n') ? text : `${text}\n`, ...extra });
  }
}
