import assert from 'node:assert/strict';
import { EventQueue, TICKS_PER_SECOND } from './clock';
import { Cmos } from './cmos';
import { PortSpace } from './ports';

describe('Cmos', () => {
  function cmos(seconds = 0) {
    const ports = new PortSpace();
    const device = new Cmos(new EventQueue(() => seconds * TICKS_PER_SECOND), 64 * 1048576);
    device.attach(ports);
    const read = (index: number) => {
      ports.write(0x70, index, 1);
      return ports.read(0x71, 1);
    };
    return { ports, device, read };
  }

  it('tells the time of guest time in BCD, or binary when asked', () => {
    const { ports, read } = cmos(((31 + 28) * 24 + 13) * 3600 + 45 * 60 + 59);
    assert.deepEqual([4, 2, 0, 7, 8, 9, 0x32].map(read), [0x13, 0x45, 0x59, 0x29, 0x02, 0x24, 0x20]);
    ports.write(0x70, 0x0b, 1);
    ports.write(0x71, 0x06, 1);
    assert.deepEqual([4, 2, 0].map(read), [13, 45, 59]);
  });

  it('tells the memory size and never an update in progress', () => {
    const { read } = cmos();
    assert.equal(read(0x15) | (read(0x16) << 8), 640);
    assert.equal(read(0x30) | (read(0x31) << 8), 63 * 1024);
    assert.equal(read(0x34) | (read(0x35) << 8), 48 * 16);
    assert.equal(read(0x0a) & 0x80, 0);
    assert.equal(read(0x8d), 0x80); // NMI bit of the index ignored
  });

  it('keeps RAM and its state', () => {
    const { ports, device, read } = cmos();
    ports.write(0x70, 0x40, 1);
    ports.write(0x71, 0x99, 1);
    const other = cmos();
    other.device.load(device.save());
    assert.deepEqual([read(0x40), other.read(0x40)], [0x99, 0x99]);
  });
});
