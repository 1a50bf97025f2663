import type { PortDevice, PortSpace } from './ports';

/** Port where QEMU's isa-debug-exit is usually put (`-device isa-debug-exit,iobase=0xf4,iosize=4`). */
export const EXIT_PORT = 0xf4;

/**
 * Ends the run: writing `value` gives the exit code `(value << 1) | 1`, as QEMU
 * does, so that a guest can never report 0. Reads give 0.
 */
export class ExitPort implements PortDevice {
  constructor(private readonly onExit: (code: number) => void) {}

  attach(ports: PortSpace): void {
    ports.attach(EXIT_PORT, 4, this);
  }

  readPort(): number {
    return 0;
  }

  writePort(_port: number, value: number): void {
    this.onExit(((value << 1) | 1) >>> 0);
  }
}
