import type { Core } from '../core';
import type { Target } from '../target';
import { SERIAL, type SerialInputArguments } from './protocol';

/** The guest's serial port and debug console as text, sent once a slice. */
export class SerialView {
  private bytes: number[] = [];
  private debugBytes: number[] = [];
  private decoder = new TextDecoder();
  private debugDecoder = new TextDecoder();

  constructor(private readonly core: Core) {}

  attach(target: Target): void {
    this.bytes = [];
    this.debugBytes = [];
    this.decoder = new TextDecoder();
    this.debugDecoder = new TextDecoder();
    target.machine.serial.onTransmit = (byte) => void this.bytes.push(byte);
    target.machine.debugConsole.onWrite = (byte) => void this.debugBytes.push(byte);
  }

  flush(): void {
    if (this.bytes.length > 0) {
      const text = this.decoder.decode(Uint8Array.from(this.bytes), { stream: true });
      this.bytes = [];
      this.core.emit(SERIAL, { text });
      // A client that shows a terminal does not want everything twice.
      if (this.core.target?.config.serial !== 'terminal') {
        this.core.emit('output', { category: 'stdout', output: text.replaceAll('\r\n', '\n') });
      }
    }
    if (this.debugBytes.length > 0) {
      const text = this.debugDecoder.decode(Uint8Array.from(this.debugBytes), { stream: true });
      this.debugBytes = [];
      this.core.emit('output', { category: 'console', output: text });
    }
  }

  input(args: SerialInputArguments): void {
    this.core.launched().machine.serial.receive(new TextEncoder().encode(args.text));
  }
}
