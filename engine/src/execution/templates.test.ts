/** Templates against the lifter: the same micro-ops for every instruction, whatever its displacement and immediate. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Mode } from '../ir/block';
import type { Term } from '../ir/term';
import { Lifter } from '../lift/block';
import { CODE_AREA, Header, Translated, Translation } from '../wasm/layout';
import { interpreterModule } from '../wasm/module';
import { loadCode, storeCode } from './stored-code';
import { Templates, type Translate } from './templates';

const LONG = Mode.CODE64 | Mode.LONG | Mode.FLAT | Mode.STACK32;
const MODES = [
  LONG | Mode.SSE,
  Mode.CODE32 | Mode.STACK32 | Mode.FLAT | Mode.SSE,
  LONG,
  Mode.CODE32 | Mode.FLAT | Mode.LONG,
  Mode.FLAT,
];

const lifter = new Lifter();
const PAGES = (CODE_AREA >> 16) + 8;
const everything = new WebAssembly.Memory({ initial: PAGES });
const words = new Int32Array(everything.buffer);
/** The last bytes of the memory, that instructions stand in. */
const SIZE = 1024;
const BASE = PAGES * 0x10000 - SIZE;
const memory = new Uint8Array(everything.buffer, BASE);
const OUT = CODE_AREA + Header.BYTES;

const expand = translate();
const templates = new Templates(everything.buffer, expand);

function translate(): Translate {
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  const nobody = (): number => 0;
  const imports = { m: everything, t: table, help: nobody, access: nobody };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(interpreterModule()), { e: imports });
  return instance.exports.translate as Translate;
}

/** Translates what is in memory from `at` to `stop` both ways. */
function compare(at: number, stop: number, mode: number, limit?: number, breaks: number[] = []): void {
  const breakAt = (delta: number) => (breaks.includes(delta) ? [{ linear: 5n, when: RCX }] : undefined);
  const expected = lifter.liftBlock(memory.subarray(at, stop), mode, breakAt, limit);
  const some = breaks.length > 0 ? breakAt : undefined;
  const count = templates.translate(BASE + at, BASE + stop, mode, OUT, some, limit);
  const what = (): string => `${Buffer.from(memory.subarray(at, stop)).toString('hex')} in mode ${mode}`;
  assert.equal(count, expected?.code.length ?? 0, what());
  if (!expected) return;
  assert.equal(templates.instructions, expected.instructions, what());
  assert.equal(templates.bytes, expected.bytes, what());
  const stored = new Int32Array(count);
  storeCode(expected.code, count, stored, 0, 0);
  const made = words.subarray(OUT >> 2, (OUT >> 2) + count);
  for (let i = 0; i < count; i++) if (made[i] !== stored[i]) assert.deepEqual([...made], [...stored], what());
  assert.deepEqual(loadCode(stored, 0, count), expected.code, what());
}

const RCX: Term = { kind: 'register', slot: 1 };

let seed = 1;
function random(): number {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return seed >>> 16;
}

/** Bytes as displacements and immediates like them. */
const SPECIAL = [0, 0, 0xff, 0xff, 1, 0x80, 0x7f, 0xfc, 0xf8, 8, 4, 31, 32, 63, 64];

/** Fills memory with numbers that are special, or not. */
function fill(): void {
  const kind = random() % 3;
  const byte = SPECIAL[random() % SPECIAL.length];
  for (let i = 0; i < 64; i++) {
    memory[i] = kind === 0 ? random() : kind === 1 ? byte : SPECIAL[random() % SPECIAL.length];
  }
}

/** Translates instructions that begin alike, so often that they get a template and it is used. */
function compareAlike(head: readonly number[], mode: number, times: number): void {
  for (let round = 0; round < times; round++) {
    fill();
    memory.set(head);
    compare(0, 32, mode, 1);
  }
}

describe('templates', () => {
  it('equal the lifter for every opcode', () => {
    const prefixes = [
      [],
      [0x66],
      [0x48],
      [0xf3],
      [0xf2],
      [0x65],
      [0xf0],
      [0x45],
      [0x66, 0x41],
      [0xf3, 0x4c],
      [0x67],
    ];
    for (const map of [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]]) {
      for (let opcode = 0; opcode < 256; opcode++) {
        for (let k = 0; k < 3; k++) {
          // Without prefix, and with one by turns; the last byte may be ModRM, and SIB follows by chance.
          const prefix = k === 0 ? [] : prefixes[random() % prefixes.length];
          const mode = MODES[random() % MODES.length];
          compareAlike([...prefix, ...map, opcode, random() & 0xff, random() & 0xff], mode, 16);
        }
      }
    }
  });

  it('equal the lifter for the instructions recorded on a processor', () => {
    const directory = join(process.env.HYPERSTEP_ROOT ?? '.', 'engine/vectors');
    const seen = new Set<string>();
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.txt'))) {
      for (const [, hex] of readFileSync(join(directory, file), 'utf8').matchAll(/^# ([0-9a-f]+) /gm)) {
        seen.add(hex);
      }
    }
    assert.ok(seen.size > 1000);
    for (const hex of seen) {
      const instruction = Buffer.from(hex, 'hex');
      // In 64-bit mode and, by turns, in another one.
      for (const mode of [MODES[0], MODES[1 + (random() % (MODES.length - 1))]]) {
        for (let round = 0; round < 14; round++) {
          fill();
          memory.set(instruction);
          compare(0, 32, mode, 1);
        }
      }
    }
  });

  it('make whole blocks of random bytes, cut anywhere, with breakpoints anywhere', () => {
    for (let round = 0; round < 20_000; round++) {
      for (let i = 0; i < 600; i++) memory[i] = random();
      // Often what does not end a block.
      for (let i = 0; i < 600; i += 1 + (random() % 8))
        memory[i] = [0x90, 0x48, 0x89, 0x8b, 0x01][random() % 5];
      const at = random() % 16;
      const stop = round & 1 ? at + 1 + (random() % 20) : 600;
      compare(at, stop, MODES[random() % MODES.length], undefined, round % 3 ? [] : [random() % 8]);
    }
    memory.fill(0x90);
    compare(0, 600, LONG);
  });

  it('are used for ordinary code', () => {
    // mov ecx, 5; add eax, 0x55; rol eax, 3; lea ecx, [rax + rdx + 4]; mov [rbx], ecx; test eax, eax; jz +2
    memory.set(Buffer.from('b9050000000555000000c1c0038d4c1004890b85c07402', 'hex'));
    const end = BASE + 23;
    for (let n = 0; n < 20; n++) templates.translate(BASE, end, LONG, OUT, undefined);
    words[Translation.DELTA >> 2] = 0;
    words[Translation.OUT >> 2] = OUT;
    words[Translation.LEFT >> 2] = 64;
    assert.equal(expand(BASE, end, LONG, OUT), Translated.COMPLETE);
    assert.equal(words[Translation.DELTA >> 2], 23);
  });

  it('end with the memory', () => {
    memory.fill(0x90);
    for (let n = 0; n < 40; n++) compare(SIZE - n, SIZE, LONG);
    memory.fill(0x81);
    for (let n = 0; n < 40; n++) compare(SIZE - n, SIZE, LONG);
  });
});
