import assert from 'node:assert/strict';
import { DebugConsole } from './debug-console';
import { ExitPort } from './exit-port';
import { KeyboardController } from './keyboard-controller';
import { PortSpace } from './ports';
import { SystemPorts } from './system-ports';

describe('PortSpace', () => {
  it('floats high where nobody answers', () => {
    const ports = new PortSpace();
    ports.write(0x1234, 1, 4);
    assert.deepEqual(
      [ports.read(0x1234, 1), ports.read(0x1234, 2), ports.read(0xffff, 4)],
      [0xff, 0xffff, 0xffffffff],
    );
  });

  it('breaks wide accesses to 8-bit devices into bytes of consecutive ports', () => {
    const ports = new PortSpace();
    const log: unknown[] = [];
    ports.attach(0x10, 2, {
      byteWide: true,
      readPort: (port, size) => {
        log.push([port, size]);
        return port;
      },
      writePort: (port, value, size) => log.push([port, value, size]),
    });
    assert.equal(ports.read(0x10, 4), 0xffff1110);
    ports.write(0x11, 0x87654321, 4);
    ports.write(0xffff, 0x1234, 2);
    assert.deepEqual(log, [
      [0x11, 1],
      [0x10, 1],
      [0x11, 0x21, 1],
    ]);
  });

  it('gives wide devices the access as it is, unsigned', () => {
    const ports = new PortSpace();
    const log: unknown[] = [];
    ports.attach(0x10, 4, { readPort: () => -1, writePort: (...a) => log.push(a) });
    assert.equal(ports.read(0x10, 4), 0xffffffff);
    ports.write(0x10, -1, 4);
    assert.deepEqual(log, [[0x10, 0xffffffff, 4]]);
  });
});

describe('DebugConsole', () => {
  it('gives bytes out and answers 0xE9', () => {
    const ports = new PortSpace();
    const device = new DebugConsole();
    device.attach(ports);
    let text = '';
    device.onWrite = (byte) => {
      text += String.fromCharCode(byte);
    };
    for (const c of 'hi') ports.write(0xe9, c.charCodeAt(0), 1);
    assert.deepEqual([text, ports.read(0xe9, 1)], ['hi', 0xe9]);
  });
});

describe('ExitPort', () => {
  it('gives the code QEMU would', () => {
    const ports = new PortSpace();
    const codes: number[] = [];
    new ExitPort((code) => codes.push(code)).attach(ports);
    ports.write(0xf4, 0, 1);
    ports.write(0xf4, 0x10, 1);
    ports.write(0xf4, 0x80000000, 4);
    assert.deepEqual(codes, [1, 0x21, 1]);
    assert.equal(ports.read(0xf4, 1), 0);
  });
});

describe('KeyboardController and SystemPorts', () => {
  it('passes the self-test, keeps its command byte, has no key', () => {
    const ports = new PortSpace();
    const device = new KeyboardController(() => assert.fail());
    device.attach(ports);
    assert.equal(ports.read(0x64, 1) & 1, 0);
    ports.write(0x64, 0xaa, 1);
    assert.equal(ports.read(0x64, 1) & 1, 1);
    assert.equal(ports.read(0x60, 1), 0x55);
    assert.equal(ports.read(0x64, 1) & 3, 0);
    ports.write(0x64, 0x60, 1);
    ports.write(0x60, 0x65, 1);
    ports.write(0x64, 0x20, 1);
    const copy = new KeyboardController(() => {});
    copy.load(device.save());
    assert.equal(copy.readPort(0x60), 0x65);
    assert.equal(ports.read(0x60, 1), 0x65);
    ports.write(0x64, 0xd1, 1); // A20 on, as boot code does
    ports.write(0x60, 0xdf, 1);
    ports.write(0x64, 0xff, 1); // pulses nothing
  });

  it('resets by 0xFE, by the output port and by port 0x92', () => {
    const ports = new PortSpace();
    let resets = 0;
    new KeyboardController(() => resets++).attach(ports);
    new SystemPorts(
      () => resets++,
      () => {},
    ).attach(ports);
    ports.write(0x64, 0xfe, 1);
    ports.write(0x64, 0xd1, 1);
    ports.write(0x60, 0xfe, 1);
    ports.write(0x92, 3, 1);
    ports.write(0x92, 2, 1);
    assert.equal(resets, 3);
    assert.equal(ports.read(0x92, 1), 2);
  });

  it('remembers the POST code', () => {
    const ports = new PortSpace();
    const nothing = (): void => {};
    const device = new SystemPorts(nothing, nothing);
    device.attach(ports);
    ports.write(0x80, 0x42, 1);
    const copy = new SystemPorts(nothing, nothing);
    copy.load(device.save());
    assert.deepEqual([ports.read(0x80, 1), copy.readPort(0x80)], [0x42, 0x42]);
  });
});
