/** Entry program of the debugger's thread: owns the machine, answers between slices of running. */
import { parentPort, workerData } from 'node:worker_threads';
import { Debugger } from './debugger';
import { messageOf } from './errors';
import { nodeFiles } from './launch/node-files';
import type { FromDebugger, ThreadData, ToDebugger } from './rpc/messages';

const port = parentPort!;
const cancelled = new Int32Array((workerData as ThreadData).cancelled);
const send = (message: FromDebugger) => port.postMessage(message);

const machine = new Debugger({
  emit: (event, body) => send({ kind: 'event', event, body }),
  defer: (callback, milliseconds) =>
    void (milliseconds ? setTimeout(callback, milliseconds) : setImmediate(callback)),
  files: nodeFiles,
  cancelled: () => Atomics.load(cancelled, 0) !== 0,
});

port.on('message', ({ id, command, args }: ToDebugger) => {
  try {
    send({ kind: 'answer', id, body: machine.request(command, args) });
  } catch (error) {
    send({ kind: 'failure', id, message: messageOf(error) });
  }
});
