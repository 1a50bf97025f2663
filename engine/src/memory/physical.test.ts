import assert from 'node:assert/strict';
import { PhysicalMemory } from './physical';

const RAM = 0x20000;

function memory(): PhysicalMemory {
  return new PhysicalMemory({
    memory: new WebAssembly.Memory({ initial: 4 }),
    ramOffset: 0x10000,
    ramBytes: RAM,
  });
}

describe('PhysicalMemory', () => {
  it('is little-endian RAM inside the WebAssembly.Memory', () => {
    const wasm = new WebAssembly.Memory({ initial: 4 });
    const m = new PhysicalMemory({ memory: wasm, ramOffset: 0x10000, ramBytes: RAM });
    m.write64(0x10, 0x8877665544332211n);
    assert.equal(m.read8(0x11), 0x22);
    assert.equal(m.read16(0x11), 0x3322);
    assert.equal(m.read32(0x14), 0x88776655);
    assert.equal(m.read64(0x10), 0x8877665544332211n);
    assert.equal(new Uint8Array(wasm.buffer)[0x10010], 0x11);
  });

  it('reads all ones where nothing is, and ignores writes there', () => {
    const m = memory();
    m.write32(RAM, 5);
    m.write64(2 ** 40, 5n);
    assert.deepEqual(
      [m.read8(RAM), m.read16(RAM), m.read32(RAM), m.read64(2 ** 51)],
      [0xff, 0xffff, 0xffffffff, 2n ** 64n - 1n],
    );
  });

  it('splits accesses across the end of RAM', () => {
    const m = memory();
    m.write32(RAM - 2, 0x44332211);
    assert.equal(m.read16(RAM - 2), 0x2211);
    assert.equal(m.read32(RAM - 2), 0xffff2211);
    m.write64(RAM - 1, 0x99n);
    assert.equal(m.read64(RAM - 1), 0xffffffffffffff99n);
  });

  it('asks devices, with sizes, and cuts what they answer', () => {
    const m = memory();
    const log: unknown[] = [];
    m.attachMmio(0xfee00000, 0x1000, {
      read: (address, size) => {
        log.push(['read', address, size]);
        return size === 8 ? -1n : 0x1_2345_6789;
      },
      write: (address, size, value) => log.push(['write', address, size, value]),
    });
    assert.equal(m.read32(0xfee00020), 0x23456789);
    assert.equal(m.read64(0xfee00020), 2n ** 64n - 1n);
    m.write8(0xfee00021, 0xab);
    m.write64(0xfee00028, 2n ** 64n - 2n);
    assert.equal(m.read8(0xfee01000), 0xff);
    assert.deepEqual(log, [
      ['read', 0xfee00020, 4],
      ['read', 0xfee00020, 8],
      ['write', 0xfee00021, 1, 0xab],
      ['write', 0xfee00028, 8, 2n ** 64n - 2n],
    ]);
  });

  it('tells of writes to code pages by every way, before they happen', () => {
    const m = memory();
    const log: string[] = [];
    m.onMark = (page) => log.push(`mark ${page}`);
    m.onCodeWrite = (page, offset, size) =>
      log.push(`${page}:${offset.toString(16)}+${size} was ${m.read8(page * 4096 + offset)}`);
    m.markCode(2);
    m.markCode(2);
    m.write8(0x2010, 1);
    m.write16(0x1fff, 0x0203); // reaches in from the page before
    m.write32(0x2ffe, 0); // … and out again
    m.write64(0x2008, 0n);
    m.writeBytes(0x1800, new Uint8Array(0x2000));
    m.fill(0x2100, 4, 0);
    m.write8(0x3000, 0);
    m.unmarkCode(2);
    m.write8(0x2000, 0);
    assert.deepEqual(log, [
      'mark 2',
      '2:10+1 was 0',
      '2:0+1 was 0',
      '2:ffe+2 was 0',
      '2:8+8 was 0',
      '2:0+4096 was 2',
      '2:100+4 was 0',
    ]);
  });

  it('drops what does not fit', () => {
    const m = memory();
    m.writeBytes(RAM - 2, Uint8Array.of(1, 2, 3, 4));
    m.writeBytes(2 ** 33, Uint8Array.of(1));
    m.fill(RAM - 1, 100, 7);
    assert.deepEqual([...m.readBytes(RAM - 2, 4)], [1, 7, 0xff, 0xff]);
    m.markCode(1e9);
    m.unmarkCode(1e9);
  });
});
