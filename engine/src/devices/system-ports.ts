import type { PortDevice, PortSpace } from './ports';

/** POST codes of firmware; kernels write here to wait about a microsecond. */
const POST = 0x80;
/** System control port A of the PS/2: bit 0 resets, bit 1 is the A20 gate. */
const CONTROL_A = 0x92;
const RESET = 1;
const A20 = 2;

/** Written by the handler of IRQ 13: the coprocessor's interrupt is taken back. */
const COPROCESSOR = 0xf0;

/** The single-register ports of the board. A20 is always on. */
export class SystemPorts implements PortDevice {
  readonly byteWide = true;
  private post = 0;

  /**
   * @param onReset the guest has asked for a reset
   * @param setCoprocessorIrq the line of IRQ 13
   */
  constructor(
    private readonly onReset: () => void,
    private readonly setCoprocessorIrq: (level: boolean) => void,
  ) {}

  attach(ports: PortSpace): void {
    ports.attach(POST, 1, this);
    ports.attach(CONTROL_A, 1, this);
    ports.attach(COPROCESSOR, 1, this);
  }

  readPort(port: number): number {
    return port === POST ? this.post : port === CONTROL_A ? A20 : 0xff;
  }

  writePort(port: number, value: number): void {
    if (port === POST) this.post = value;
    else if (port === COPROCESSOR) this.setCoprocessorIrq(false);
    else if (value & RESET) this.onReset();
  }

  save(): { post: number } {
    return { post: this.post };
  }

  load(state: { post: number }): void {
    this.post = state.post;
  }
}
