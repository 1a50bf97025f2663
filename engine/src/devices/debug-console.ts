import type { PortDevice, PortSpace } from './ports';

/** Port of the debug console that Bochs ("port E9 hack") and QEMU (isa-debugcon) have. */
export const DEBUG_CONSOLE_PORT = 0xe9;

/** Prints what is written to it; reading 0xE9 tells a guest that it is there. */
export class DebugConsole implements PortDevice {
  readonly byteWide = true;
  /** Event out: one byte written. */
  onWrite: (byte: number) => void = () => {};

  attach(ports: PortSpace): void {
    ports.attach(DEBUG_CONSOLE_PORT, 1, this);
  }

  readPort(): number {
    return DEBUG_CONSOLE_PORT;
  }

  writePort(_port: number, value: number): void {
    this.onWrite(value);
  }
}
