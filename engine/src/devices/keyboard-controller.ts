import type { PortDevice, PortSpace } from './ports';

/**
 * The 8042 keyboard controller without a keyboard (IBM PC/AT Technical
 * Reference, "Keyboard Controller"): answers its self-test, keeps its command
 * byte and its output port, and resets the machine. There never is a key.
 */
const DATA = 0x60;
const COMMAND = 0x64;

const STATUS_OUTPUT_FULL = 1;
const STATUS_SYSTEM = 4;
const STATUS_NOT_INHIBITED = 0x10;

const READ_COMMAND_BYTE = 0x20;
const WRITE_COMMAND_BYTE = 0x60;
const SELF_TEST = 0xaa;
const SELF_TEST_PASSED = 0x55;
const INTERFACE_TEST = 0xab;
const READ_OUTPUT_PORT = 0xd0;
const WRITE_OUTPUT_PORT = 0xd1;
/** 0xF0 … 0xFF pulse output lines low where the command has a 0; line 0 is the processor's reset. */
const PULSE = 0xf0;
const LINE_RESET = 1;
/** A20 is always on in this machine. */
const LINE_A20 = 2;

/** State as plain data. */
export interface KeyboardControllerState {
  commandByte: number;
  /** A byte for the guest to read, or −1. */
  output: number;
  /** The command that waits for its data byte, or 0. */
  expecting: number;
}

/** Enough of an 8042 that guests that look for one go on. */
export class KeyboardController implements PortDevice {
  readonly byteWide = true;
  private state: KeyboardControllerState = { commandByte: 0x45, output: -1, expecting: 0 };

  /** @param onReset the guest has pulled the reset line */
  constructor(private readonly onReset: () => void) {}

  attach(ports: PortSpace): void {
    ports.attach(DATA, 1, this);
    ports.attach(COMMAND, 1, this);
  }

  readPort(port: number): number {
    const s = this.state;
    if (port === COMMAND) {
      return STATUS_NOT_INHIBITED | STATUS_SYSTEM | (s.output >= 0 ? STATUS_OUTPUT_FULL : 0);
    }
    const value = Math.max(0, s.output);
    s.output = -1;
    return value;
  }

  writePort(port: number, value: number): void {
    const s = this.state;
    if (port === COMMAND) {
      s.expecting = value === WRITE_COMMAND_BYTE || value === WRITE_OUTPUT_PORT ? value : 0;
      if (value === READ_COMMAND_BYTE) s.output = s.commandByte;
      else if (value === SELF_TEST) s.output = SELF_TEST_PASSED;
      else if (value === INTERFACE_TEST) s.output = 0;
      else if (value === READ_OUTPUT_PORT) s.output = LINE_RESET | LINE_A20;
      else if (value >= PULSE && !(value & LINE_RESET)) this.onReset();
    } else {
      if (s.expecting === WRITE_COMMAND_BYTE) s.commandByte = value;
      else if (s.expecting === WRITE_OUTPUT_PORT && !(value & LINE_RESET)) this.onReset();
      s.expecting = 0;
    }
  }

  save(): KeyboardControllerState {
    return { ...this.state };
  }

  load(state: KeyboardControllerState): void {
    this.state = { ...state };
  }
}
