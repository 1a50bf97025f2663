import { type Type, W } from './opcodes';
import { V } from './simd';

/** A growing byte buffer with the encodings of the binary format (WebAssembly Core 5.2). */
export class Bytes {
  private bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  private room(size: number): void {
    if (this.length + size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size));
    larger.set(this.bytes);
    this.bytes = larger;
  }

  u8(value: number): void {
    if (this.length === this.bytes.length) this.room(1);
    this.bytes[this.length++] = value;
  }

  /** Unsigned LEB128 of an unsigned 32-bit number. */
  u32(value: number): void {
    let v = value >>> 0;
    while (v > 0x7f) {
      this.u8((v & 0x7f) | 0x80);
      v >>>= 7;
    }
    this.u8(v);
  }

  /** Signed LEB128 of a 32-bit number. */
  s32(value: number): void {
    let v = value | 0;
    while (v < -64 || v > 63) {
      this.u8((v & 0x7f) | 0x80);
      v >>= 7;
    }
    this.u8(v & 0x7f);
  }

  /** Signed LEB128 of a 64-bit number. */
  s64(value: bigint): void {
    let v = BigInt.asIntN(64, value);
    while (v < -64n || v > 63n) {
      this.u8(Number(v & 0x7fn) | 0x80);
      v >>= 7n;
    }
    this.u8(Number(v & 0x7fn));
  }

  append(other: Bytes): void {
    this.room(other.length);
    this.bytes.set(other.bytes.subarray(0, other.length), this.length);
    this.length += other.length;
  }

  name(text: string): void {
    this.u32(text.length);
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i));
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length) as Uint8Array<ArrayBuffer>;
  }

  clear(): void {
    this.length = 0;
  }
}

/** A label that `br` can name: the nesting depth of its block. */
export type Label = number & { readonly label: unique symbol };

/** One function's body: locals and code, with structured control by {@link Label}. */
export class Code {
  readonly bytes = new Bytes();
  private readonly locals: Type[] = [];
  private depth = 0;

  /** @param parameters number of parameters, which are the first locals. */
  constructor(private readonly parameters: number) {}

  /** A fresh local; its index. */
  local(type: Type): number {
    this.locals.push(type);
    return this.parameters + this.locals.length - 1;
  }

  op(opcode: W | V): this {
    if (opcode >= 0xfc00) {
      this.bytes.u8(opcode >> 8);
      this.bytes.u32(opcode & 0xff);
    } else this.bytes.u8(opcode);
    return this;
  }

  /** An instruction with a lane number. */
  lane(opcode: V, lane: number): this {
    this.op(opcode);
    this.bytes.u8(lane);
    return this;
  }

  /** Bytes of two vectors by number; 0 … 15 are the first's. */
  shuffle(bytes: readonly number[]): this {
    this.op(V.I8X16_SHUFFLE);
    for (const byte of bytes) this.bytes.u8(byte);
    return this;
  }

  /** A vector constant as two halves. */
  v128(low: bigint, high: bigint): this {
    this.op(V.V128_CONST);
    for (const half of [low, high]) {
      for (let i = 0n; i < 64n; i += 8n) this.bytes.u8(Number((half >> i) & 0xffn));
    }
    return this;
  }

  f32(value: number): this {
    this.op(V.F32_CONST);
    for (const byte of new Uint8Array(Float32Array.of(value).buffer)) this.bytes.u8(byte);
    return this;
  }

  f64(value: number): this {
    this.op(V.F64_CONST);
    for (const byte of new Uint8Array(Float64Array.of(value).buffer)) this.bytes.u8(byte);
    return this;
  }

  get(local: number): this {
    this.bytes.u8(W.LOCAL_GET);
    this.bytes.u32(local);
    return this;
  }

  set(local: number): this {
    this.bytes.u8(W.LOCAL_SET);
    this.bytes.u32(local);
    return this;
  }

  tee(local: number): this {
    this.bytes.u8(W.LOCAL_TEE);
    this.bytes.u32(local);
    return this;
  }

  i32(value: number): this {
    this.bytes.u8(W.I32_CONST);
    this.bytes.s32(value);
    return this;
  }

  /** A 64-bit constant that is a sign-extended 32-bit number. */
  i64(value: number): this {
    this.bytes.u8(W.I64_CONST);
    this.bytes.s32(value);
    return this;
  }

  i64Big(value: bigint): this {
    this.bytes.u8(W.I64_CONST);
    this.bytes.s64(value);
    return this;
  }

  /** A load or store with its constant offset. No alignment is promised. */
  memory(opcode: W | V, offset = 0): this {
    this.op(opcode);
    this.bytes.u8(0);
    this.bytes.u32(offset);
    return this;
  }

  // --- structured control ---------------------------------------------------

  private open(opcode: W.BLOCK | W.LOOP | W.IF, result: Type | undefined): Label {
    this.bytes.u8(opcode);
    this.bytes.u8(result ?? 0x40);
    return ++this.depth as Label;
  }

  block(result?: Type): Label {
    return this.open(W.BLOCK, result);
  }

  loop(): Label {
    return this.open(W.LOOP, undefined);
  }

  if(result?: Type): Label {
    return this.open(W.IF, result);
  }

  else(): this {
    this.bytes.u8(W.ELSE);
    return this;
  }

  end(): this {
    this.bytes.u8(W.END);
    this.depth--;
    return this;
  }

  br(label: Label): this {
    this.bytes.u8(W.BR);
    this.bytes.u32(this.depth - label);
    return this;
  }

  brIf(label: Label): this {
    this.bytes.u8(W.BR_IF);
    this.bytes.u32(this.depth - label);
    return this;
  }

  brTable(labels: readonly Label[], otherwise: Label): this {
    this.bytes.u8(W.BR_TABLE);
    this.bytes.u32(labels.length);
    for (const label of labels) this.bytes.u32(this.depth - label);
    this.bytes.u32(this.depth - otherwise);
    return this;
  }

  call(functionIndex: number): this {
    this.bytes.u8(W.CALL);
    this.bytes.u32(functionIndex);
    return this;
  }

  callIndirect(typeIndex: number): this {
    this.bytes.u8(W.CALL_INDIRECT);
    this.bytes.u32(typeIndex);
    this.bytes.u8(0);
    return this;
  }

  /** The entry of the code section: size, locals in runs of one type, code. */
  writeTo(out: Bytes): void {
    const head = new Bytes(64);
    const runs: [number, Type][] = [];
    for (const type of this.locals) {
      const last = runs[runs.length - 1];
      if (last && last[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    head.u32(runs.length);
    for (const [count, type] of runs) {
      head.u32(count);
      head.u8(type);
    }
    out.u32(head.length + this.bytes.length + 1);
    out.append(head);
    out.append(this.bytes);
    out.u8(W.END);
  }
}

/** A function signature. */
export interface Signature {
  parameters: readonly Type[];
  results: readonly Type[];
}

/** What a module is made of: it always imports memory "e" "m". */
export interface ModuleParts {
  signatures: readonly Signature[];
  /** Imports table "e" "t". */
  table?: boolean;
  /** Functions imported from "e"; they have the first numbers. */
  imports?: readonly { name: string; signature: number }[];
  functions: readonly { signature: number; code: Code; export?: string }[];
}

const enum Section {
  TYPE = 1,
  IMPORT = 2,
  FUNCTION = 3,
  EXPORT = 7,
  CODE = 10,
}

/** A module in the binary format. Functions are numbered in the order given, after the imported ones. */
export function encodeModule(parts: ModuleParts): Uint8Array<ArrayBuffer> {
  const out = new Bytes(4096);
  for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.u8(byte);
  const section = (id: Section, write: (body: Bytes) => void): void => {
    const body = new Bytes();
    write(body);
    out.u8(id);
    out.u32(body.length);
    out.append(body);
  };
  section(Section.TYPE, (b) => {
    b.u32(parts.signatures.length);
    for (const { parameters, results } of parts.signatures) {
      b.u8(0x60);
      for (const types of [parameters, results]) {
        b.u32(types.length);
        for (const type of types) b.u8(type);
      }
    }
  });
  const imports = parts.imports ?? [];
  section(Section.IMPORT, (b) => {
    b.u32((parts.table ? 2 : 1) + imports.length);
    b.name('e');
    b.name('m');
    b.u8(2);
    b.u8(0); // no maximum
    b.u32(1);
    if (parts.table) {
      b.name('e');
      b.name('t');
      b.u8(1);
      b.u8(0x70); // funcref
      b.u8(0);
      b.u32(1);
    }
    for (const { name, signature } of imports) {
      b.name('e');
      b.name(name);
      b.u8(0);
      b.u32(signature);
    }
  });
  section(Section.FUNCTION, (b) => {
    b.u32(parts.functions.length);
    for (const { signature } of parts.functions) b.u32(signature);
  });
  section(Section.EXPORT, (b) => {
    const named = parts.functions.map((f, i) => [f.export, i] as const).filter(([n]) => n !== undefined);
    b.u32(named.length);
    for (const [name, index] of named) {
      b.name(name!);
      b.u8(0);
      b.u32(imports.length + index);
    }
  });
  section(Section.CODE, (b) => {
    b.u32(parts.functions.length);
    for (const { code } of parts.functions) code.writeTo(b);
  });
  return out.finish();
}
