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
  /** By the port's high byte, then its low one. */
  private readonly devices: (PortDevice | undefined)[][] = Array.from({ length: 256 }, () => []);

  /** Makes `device` answer `count` ports from `first`. */
  attach(first: number, count: number, device: PortDevice): void {
    for (let port = first; port < first + count; port++) {
      const page = this.devices[port >> 8];
      while (page.length <= (port & 0xff)) page.push(undefined);
      page[port & 0xff] = device;
    }
  }

  /** Who answers a port, 0 … 65535. */
  private at(port: number): PortDevice | undefined {
    const page = this.devices[port >> 8];
    return (port & 0xff) < page.length ? page[port & 0xff] : undefined;
  }

  read(port: number, size: 1 | 2 | 4): number {
    const device = this.at(port);
    if (device && !device.byteWide) return device.readPort(port, size) >>> 0;
    if (size === 1) return device ? device.readPort(port, 1) & 0xff : 0xff;
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.readByte((port + i) & 0xffff);
    return value;
  }

  write(port: number, value: number, size: 1 | 2 | 4): void {
    const device = this.at(port);
    if (device && !device.byteWide) {
      device.writePort(port, value >>> 0, size);
      return;
    }
    for (let i = 0; i < size; i++) {
      this.at((port + i) & 0xffff)?.writePort((port + i) & 0xffff, (value >>> (8 * i)) & 0xff, 1);
    }
  }

  private readByte(port: number): number {
    const device = this.at(port);
    return device ? device.readPort(port, 1) & 0xff : 0xff;
  }
}
