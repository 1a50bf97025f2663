import assert from 'node:assert/strict';
import { PhysicalMemory } from '../memory/physical';
import { parseElf } from './elf';
import { loadMultiboot, type MultibootLoaded } from './multiboot';

const MIB = 0x100000;

function memory(mib = 4): PhysicalMemory {
  return new PhysicalMemory({
    memory: new WebAssembly.Memory({ initial: mib * 16 }),
    ramOffset: 0,
    ramBytes: mib * MIB,
  });
}

/** A flat image with the header at file offset `at`; the file is loaded at `load`. */
function flat(
  options: {
    at?: number;
    load?: number;
    loadEnd?: number;
    bssEnd?: number;
    entry?: number;
    flags?: number;
    checksum?: number;
    length?: number;
  } = {},
): Uint8Array {
  const { at = 0, load = MIB, loadEnd = 0, bssEnd = 0, flags = 0x10003, length = at + 64 } = options;
  const image = new Uint8Array(length).fill(0x90);
  const view = new DataView(image.buffer);
  const fields = [
    0x1badb002,
    flags,
    options.checksum ?? -(0x1badb002 + flags),
    load + at,
    load,
    loadEnd,
    bssEnd,
    options.entry ?? load + 32,
  ];
  fields.forEach((field, i) => {
    view.setUint32(at + 4 * i, field >>> 0, true);
  });
  return image;
}

interface Segment {
  address: number;
  bytes: number[];
  memorySize?: number;
  type?: number;
}

/** A minimal ELF executable whose first segment begins with a Multiboot header. */
function elf(bits: 32 | 64, entry: number, segments: Segment[]): Uint8Array {
  const header = bits === 32 ? 52 : 64;
  const ph = bits === 32 ? 32 : 56;
  const start = header + ph * segments.length;
  const image = new Uint8Array(start + segments.reduce((n, s) => n + s.bytes.length, 0));
  const view = new DataView(image.buffer);
  const word = (at: number, value: number): void => {
    if (bits === 32) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
  };
  image.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, 1, 1]);
  view.setUint16(18, bits === 32 ? 3 : 62, true);
  word(24, entry);
  word(bits === 32 ? 28 : 32, header);
  view.setUint16(bits === 32 ? 42 : 54, ph, true);
  view.setUint16(bits === 32 ? 44 : 56, segments.length, true);
  let data = start;
  segments.forEach((s, i) => {
    const at = header + i * ph;
    const w = bits / 8;
    view.setUint32(at, s.type ?? 1, true);
    const offset = bits === 32 ? at + 4 : at + 8;
    [data, s.address, s.address, s.bytes.length, s.memorySize ?? s.bytes.length].forEach((value, k) => {
      word(offset + k * w, value);
    });
    image.set(s.bytes, data);
    data += s.bytes.length;
  });
  return image;
}

const HEADER = [...new Uint8Array(Uint32Array.of(0x1badb002, 0, -0x1badb002).buffer)];

function loaded(result: MultibootLoaded | { error: string }): MultibootLoaded {
  assert.ok(!('error' in result), 'error' in result ? result.error : '');
  return result;
}

function error(result: MultibootLoaded | { error: string }): string {
  assert.ok('error' in result, 'expected an error');
  return result.error;
}

describe('loadMultiboot: flat images', () => {
  it('loads by the header’s addresses and zeroes the bss', () => {
    const m = memory();
    m.fill(0, 2 * MIB, 0xaa);
    const image = flat({ at: 16, length: 100, loadEnd: MIB + 90, bssEnd: MIB + 200 });
    const result = loaded(loadMultiboot(image, m));
    assert.equal(result.entry, MIB + 32);
    assert.deepEqual(m.readBytes(MIB, 90), image.slice(0, 90));
    assert.deepEqual([...new Set(m.readBytes(MIB + 90, 110))], [0]);
    assert.equal(m.read8(MIB + 200), 0xaa);
  });

  it('loads the whole file when load_end_addr is 0', () => {
    const m = memory();
    const image = flat({ length: 5000 });
    loaded(loadMultiboot(image, m));
    assert.deepEqual(m.readBytes(MIB, 5000), image);
  });

  it('skips what stands in the file before load_addr', () => {
    const m = memory();
    const image = flat({ at: 64, length: 256 });
    new DataView(image.buffer).setUint32(64 + 12, MIB, true); // header_addr = load_addr
    loaded(loadMultiboot(image, m));
    assert.equal(m.read32(MIB), 0x1badb002);
  });

  it('finds the header anywhere in the first 8 KiB, after false magics', () => {
    const image = flat({ at: 8192 - 32, length: 9000 });
    new DataView(image.buffer).setUint32(100, 0x1badb002, true);
    loaded(loadMultiboot(image, memory()));
  });

  const errors: [string, Uint8Array, RegExp][] = [
    ['empty file', new Uint8Array(0), /No Multiboot header.*8192/],
    ['no header', new Uint8Array(10000), /No Multiboot header.*dd 0x1BADB002/],
    ['header too late', flat({ at: 8192, length: 9000 }), /No Multiboot header/],
    ['wrong checksum', flat({ at: 32, checksum: 5 }), /offset 0x20 has a wrong checksum.*-\(0x1BADB002/],
    ['cut-off header', flat().slice(0, 20), /cut off/],
    ['unaligned header', flat({ at: 2, length: 100 }), /No Multiboot header/],
    ['unknown requirement', flat({ flags: 0x10008 }), /features.*0x8/],
    ['video mode', flat({ flags: 0x10004 }), /video/],
    ['load_addr above header_addr', replaceField(flat(), 4, 2 * MIB), /load_addr must not be above/],
    [
      'load_addr before the file',
      replaceField(flat({ at: 16 }), 4, MIB - 100, 16),
      /before the beginning of the file/,
    ],
    ['load_end_addr beyond the file', flat({ loadEnd: MIB + 1000 }), /ends at address 0x100040/],
    ['load_end_addr below load_addr', flat({ loadEnd: 100 }), /load_end_addr/],
    ['bss_end_addr below load_end_addr', flat({ bssEnd: MIB + 1 }), /bss_end_addr lies below/],
    ['does not fit', flat({ load: 4 * MIB - 10 }), /wants memory 0x3ffff6.*4 MiB/],
    ['entry outside', flat({ entry: 0x1234 }), /entry point 0x1234/],
    ['no addresses, no ELF', flat({ flags: 3 }), /flag 16.*not ELF/],
  ];
  for (const [name, image, expected] of errors) {
    it(`error: ${name}`, () => {
      const m = memory();
      assert.match(error(loadMultiboot(image, m)), expected);
      assert.ok(
        m.ram.every((b) => b === 0),
        'memory is untouched',
      );
    });
  }

  function replaceField(image: Uint8Array, index: number, value: number, at = 0): Uint8Array {
    new DataView(image.buffer).setUint32(at + 4 * index, value, true);
    return image;
  }
});

describe('loadMultiboot: ELF32', () => {
  it('loads segments and ignores others', () => {
    const m = memory();
    m.fill(MIB, 0x10000, 0xaa);
    const image = elf(32, MIB + 12, [
      { address: MIB, bytes: [...HEADER, 1, 2, 3] },
      { address: MIB + 0x2000, bytes: [4, 5], memorySize: 8 },
      { address: 0xffff0000, bytes: [6], type: 4 },
    ]);
    assert.equal(loaded(loadMultiboot(image, m)).entry, MIB + 12);
    assert.deepEqual([...m.readBytes(MIB + 12, 4)], [1, 2, 3, 0xaa]);
    assert.deepEqual([...m.readBytes(MIB + 0x2000, 9)], [4, 5, 0, 0, 0, 0, 0, 0, 0xaa]);
  });

  it('refuses ELF64, and segments outside memory', () => {
    const body = [{ address: MIB, bytes: HEADER }];
    assert.match(error(loadMultiboot(elf(64, MIB, body), memory())), /ELF64/);
    const high = [{ address: 0xf0000000, bytes: HEADER }];
    assert.match(error(loadMultiboot(elf(32, 0xf0000000, high), memory())), /0xf0000000/);
  });

  it('parses ELF64 for others', () => {
    const image = parseElf(elf(64, 0x8000_0000, [{ address: MIB, bytes: [1, 2], memorySize: 5 }]));
    assert.ok(!('error' in image));
    assert.deepEqual(image, {
      bits: 64,
      entry: 0x8000_0000n,
      segments: [{ address: MIB, data: Uint8Array.of(1, 2), memorySize: 5 }],
    });
  });

  it('never throws on damaged files', () => {
    for (const bits of [32, 64] as const) {
      const image = elf(bits, MIB, [{ address: MIB, bytes: [...HEADER, ...new Array(50).fill(0x90)] }]);
      for (let length = 0; length < image.length; length++) {
        parseElf(image.slice(0, length));
        loadMultiboot(image.slice(0, length), memory(2));
      }
      for (let at = 4; at < 120; at++) {
        const damaged = image.slice();
        damaged[at] = 0xff;
        parseElf(damaged);
        loadMultiboot(damaged, memory(2));
      }
    }
    assert.match((parseElf(Uint8Array.of(1, 2)) as { error: string }).error, /not an ELF/);
  });
});

describe('loadMultiboot: the information structure', () => {
  const text = (m: PhysicalMemory, at: number): string => {
    let s = '';
    for (let c = m.read8(at); c !== 0; c = m.read8(++at)) s += String.fromCharCode(c);
    return s;
  };

  it('tells memory, command line, loader and memory map', () => {
    const m = memory(4);
    const { infoAddress: info } = loaded(loadMultiboot(flat(), m, { commandLine: 'a=1 b' }));
    assert.ok(info >= 0x1000 && info < 0x80000);
    assert.equal(m.read32(info), 0x24d);
    assert.deepEqual([m.read32(info + 4), m.read32(info + 8)], [640, 3072]);
    assert.equal(text(m, m.read32(info + 16)), 'a=1 b');
    assert.equal(text(m, m.read32(info + 64)), 'Hyperstep');
    const map: [number, number, number][] = [];
    const length = m.read32(info + 44);
    for (let at = m.read32(info + 48), end = at + length; at < end; at += m.read32(at) + 4) {
      map.push([Number(m.read64(at + 4)), Number(m.read64(at + 12)), m.read32(at + 20)]);
    }
    assert.deepEqual(map, [
      [0, 0xa0000, 1],
      [0xa0000, 0x60000, 2],
      [MIB, 3 * MIB, 1],
    ]);
  });

  it('passes modules, page-aligned after the image', () => {
    const m = memory(4);
    const modules = [
      { data: Uint8Array.of(1, 2, 3), commandLine: 'first' },
      { data: new Uint8Array(5000).fill(7) },
    ];
    const { infoAddress: info } = loaded(loadMultiboot(flat({ length: 5000 }), m, { modules }));
    assert.equal(m.read32(info + 20), 2);
    const list = m.read32(info + 24);
    const [start, end] = [m.read32(list), m.read32(list + 4)];
    assert.deepEqual([start, end], [MIB + 0x2000, MIB + 0x2003]);
    assert.deepEqual([...m.readBytes(start, 3)], [1, 2, 3]);
    assert.equal(text(m, m.read32(list + 8)), 'first');
    assert.deepEqual([m.read32(list + 16), m.read32(list + 20)], [MIB + 0x3000, MIB + 0x3000 + 5000]);
    assert.equal(text(m, m.read32(list + 24)), '');
    assert.match(
      error(loadMultiboot(flat(), memory(2), { modules: [{ data: new Uint8Array(MIB) }] })),
      /need 3 MiB.*has 2/,
    );
  });

  it('keeps out of the way of an image in low memory', () => {
    const m = memory(4);
    const image = flat({ load: 0x8000, length: 0x4000 });
    const { infoAddress: info } = loaded(loadMultiboot(image, m, { commandLine: 'x' }));
    assert.deepEqual(m.readBytes(0x8000, 0x4000), image);
    assert.equal(text(m, m.read32(info + 16)), 'x');
    const below = loaded(loadMultiboot(flat({ load: 0x7c00, length: 512 }), memory()));
    assert.equal(below.infoAddress, 0x9000);
  });
});
