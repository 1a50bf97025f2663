import type { PortDevice, PortSpace } from './ports';

/** POST codes of firmware; kernels write here to wait about a microsecond. */
const POST = 0x80;
/** System control port A of the PS/2: bit 0 resets, bit 1 is the A20 gate. */
const CONTROL_A = 0x92;
const RESET = 1;
const A20 = 2;

/** The two single-register ports of the board. A20 is always on. */
export class SystemPorts implements PortDevice {
  readonly byteWide = true;
  private post = 0;

  /** @param onReset the guest has asked for a reset */
  constructor(private readonly onReset: () => void) {}

  attach(ports: PortSpace): void {
    ports.attach(POST, 1, this);
    ports.attach(CONTROL_A, 1, this);
  }

  readPort(port: number): number {
    return port === POST ? this.post : A20;
  }

  writePort(port: number, value: number): void {
    if (port === POST) this.post = value;
    else if (value & RESET) this.onReset();
  }

  save(): { post: number } {
    return { post: this.post };
  }

  load(state: { post: number }): void {
    this.post = state.post;
  }
}
