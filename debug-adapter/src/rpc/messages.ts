/** What passes between the session and the debugger's thread. Bodies are those of the Debug Adapter Protocol. */

export type ToDebugger = { id: number; command: string; args: unknown };

export type FromDebugger =
  | { kind: 'answer'; id: number; body: unknown }
  | { kind: 'failure'; id: number; message: string }
  | { kind: 'event'; event: string; body: unknown };

/** The thread's start-up data. */
export interface ThreadData {
  /** One 32-bit word; not 0 when the launch is to be given up. */
  cancelled: SharedArrayBuffer;
}
