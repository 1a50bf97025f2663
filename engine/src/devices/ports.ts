/** Values on the I/O bus are unsigned numbers of the access's size. */
export interface PortDevice {
  /**
   * Set for 8-bit devices: like the ISA bus, the port space then breaks wider
   * accesses into byte accesses to consecutive ports, and `size` is always 1.
   */
  readonly byteWide?: boolean;
  /** @param port absolute port number; @param size bytes */
  readPort(port: number, size: 1 | 2 | 4): number;
  writePort(port: number, value: number, size: 1 | 2 | 4): void;
}

/** The 64 Ki I/O ports: who answers where. Nobody there: reads give all ones, writes vanish. */
export class PortSpace {
  private readonly devices = new Map<number, PortDevice>();

  /** Makes `device` answer `count` ports from `first`. */
  attach(first: number, count: number, device: PortDevice): void {
    for (let port = first; port < first + count; port++) this.devices.set(port, device);
  }

  read(port: number, size: 1 | 2 | 4): number {
    const device = this.devices.get(port);
    if (device && !device.byteWide) return device.readPort(port, size) >>> 0;
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.readByte((port + i) & 0xffff);
    return value;
  }

  write(port: number, value: number, size: 1 | 2 | 4): void {
    const device = this.devices.get(port);
    if (device && !device.byteWide) {
      device.writePort(port, value >>> 0, size);
      return;
    }
    for (let i = 0; i < size; i++) {
      this.devices.get((port + i) & 0xffff)?.writePort((port + i) & 0xffff, (value >>> (8 * i)) & 0xff, 1);
    }
  }

  private readByte(port: number): number {
    const device = this.devices.get(port);
    return device ? device.readPort(port, 1) & 0xff : 0xff;
  }
}
