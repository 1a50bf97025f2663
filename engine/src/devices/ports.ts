/** Values on the I/O bus are unsigned numbers of the access's size. */
export interface PortDevice {
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
    return device ? device.readPort(port, size) >>> 0 : size === 4 ? 0xffffffff : size === 2 ? 0xffff : 0xff;
  }

  write(port: number, value: number, size: 1 | 2 | 4): void {
    this.devices.get(port)?.writePort(port, value >>> 0, size);
  }
}
