import { Complaint } from '../diagnostics';
import type { EncodedField, Reference } from '../encode/statement';
import { MAX_IMAGE_BYTES } from '../limits';
import type { DataItem } from '../parse/data';
import type { Evaluator, Linear } from '../parse/evaluate';
import { type FloatWarn, floatBits } from '../text/float';
import { fillOn } from './section';

/** What data needs of the layout. */
export interface DataSink {
  evaluator: Evaluator;
  /** The number a linear form stands for, section addresses applied. */
  resolve(linear: Linear): bigint;
  /** What an address is relative to, where that has to be noted. */
  reference?(linear: Linear): Reference;
  warn(code: string, message: string, item: DataItem): void;
}

/** Where statements are put together, one after the other. */
let scratch = new Uint8Array(4096);
const LARGEST_SCRATCH = 1 << 16;

/** A growing list of bytes. */
class Bytes {
  buffer = scratch;
  length = 0;
  fields: EncodedField[] | undefined;

  room(count: number): void {
    if (this.length + count > MAX_IMAGE_BYTES) {
      throw new Complaint('limit', `the data is larger than ${MAX_IMAGE_BYTES} bytes`);
    }
    if (this.length + count <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
    if (larger.length <= LARGEST_SCRATCH) scratch = larger;
  }
}

/** What a data statement gives. */
export interface DataBytes {
  bytes: Uint8Array;
  /** All of it was `?`: reserved, not initialised. */
  reserved: boolean;
  /** Some of it was `?`. */
  partly: boolean;
  /** Addresses among the bytes. */
  fields: EncodedField[] | undefined;
}

/** Evaluates the elements of a data statement. */
export function makeData(items: readonly DataItem[], sink: DataSink): DataBytes {
  const out = new Bytes();
  const seen = { initialised: false, reserved: false };
  emitItems(items, sink, out, seen);
  return {
    bytes: out.buffer.slice(0, out.length),
    reserved: seen.reserved && !seen.initialised,
    partly: seen.reserved,
    fields: out.fields,
  };
}

function emitItems(
  items: readonly DataItem[],
  sink: DataSink,
  out: Bytes,
  seen: { initialised: boolean; reserved: boolean },
): void {
  for (const item of items) {
    switch (item.kind) {
      case 'bytes':
        seen.initialised = true;
        putString(item.bytes, item.width, out);
        break;
      case 'reserve':
        seen.reserved = true;
        out.room(item.width);
        out.buffer.fill(0, out.length, out.length + item.width);
        out.length += item.width;
        break;
      case 'float': {
        seen.initialised = true;
        const warn: FloatWarn = (code, message) => sink.warn(code, message, item);
        const bits = floatBits(item.text, item.negative, item.width, sink.evaluator.float, warn);
        if (bits === undefined) {
          throw new Complaint('float-invalid', `no floating-point constant of ${item.width} bytes`, item.at);
        }
        putNumber(bits, item.width, out);
        break;
      }
      case 'value':
        seen.initialised = true;
        putValue(item, sink, out);
        break;
      case 'repeat':
        putRepeat(item, sink, out, seen);
        break;
    }
  }
}

function putString(bytes: string, width: number, out: Bytes): void {
  const length = Math.ceil(bytes.length / width) * width;
  out.room(length);
  for (let i = 0; i < length; i++) out.buffer[out.length + i] = i < bytes.length ? bytes.charCodeAt(i) : 0;
  out.length += length;
}

function putNumber(value: bigint, width: number, out: Bytes): void {
  out.room(width);
  if (width <= 4) {
    let v = Number(BigInt.asIntN(32, value));
    for (let i = 0; i < width; i++) {
      out.buffer[out.length++] = v & 0xff;
      v >>= 8;
    }
    return;
  }
  let v = value;
  for (let done = 0; done < width; done += 4) {
    let part = Number(BigInt.asIntN(32, v));
    v >>= 32n;
    for (let i = done; i < width && i < done + 4; i++) {
      out.buffer[out.length++] = part & 0xff;
      part >>= 8;
    }
  }
}

function putValue(item: Extract<DataItem, { kind: 'value' }>, sink: DataSink, out: Bytes): void {
  const linear = sink.evaluator.linear(item.value);
  if (linear.terms.some((t) => typeof t.key === 'string')) {
    throw new Complaint('register-unexpected', 'a register cannot be data', item.value.at);
  }
  if (item.width > 8) {
    throw new Complaint(
      'data-size',
      `an integer constant cannot be ${item.width} bytes of data`,
      item.value.at,
    );
  }
  const value = sink.resolve(linear);
  if (sink.reference && linear.terms.length > 0) {
    out.fields ??= [];
    out.fields.push({
      offset: out.length,
      size: item.width,
      value: { value, forward: linear.unknown !== 0, address: true },
      reference: sink.reference(linear),
      relative: false,
      signed: false,
      segment: false,
    });
  }
  if (item.width < 8 && linear.terms.length === 0) {
    const limit = 2 ** (item.width * 8);
    const number = Number(value);
    if (number >= limit || number < -limit) {
      sink.warn(
        'number-overflow',
        `${value} does not fit into ${item.width} byte${item.width > 1 ? 's' : ''}`,
        item,
      );
    }
  }
  putNumber(value, item.width, out);
}

function putRepeat(
  item: Extract<DataItem, { kind: 'repeat' }>,
  sink: DataSink,
  out: Bytes,
  seen: { initialised: boolean; reserved: boolean },
): void {
  const count = sink.evaluator.scalar(item.count);
  if (count.unknown)
    throw new Complaint('critical-expression', '`dup` needs symbols defined before it', item.count.at);
  if (count.value < 0n)
    throw new Complaint('count-negative', `\`dup\` repeats ${count.value} times`, item.count.at);
  if (count.value > BigInt(MAX_IMAGE_BYTES)) {
    throw new Complaint(
      'limit',
      `\`dup\` repeats ${count.value} times; the limit is ${MAX_IMAGE_BYTES}`,
      item.count.at,
    );
  }
  const times = Number(count.value);
  if (times === 0) return;
  const start = out.length;
  const firstField = out.fields?.length ?? 0;
  emitItems(item.items, sink, out, seen);
  const size = out.length - start;
  if (size === 0) return;
  if (start + size * times > MAX_IMAGE_BYTES) {
    throw new Complaint('limit', `the data is larger than ${MAX_IMAGE_BYTES} bytes`, item.count.at);
  }
  const fields = out.fields?.slice(firstField) ?? [];
  for (let i = 1; i < times && fields.length > 0; i++)
    for (const f of fields) out.fields!.push({ ...f, offset: f.offset + i * size });
  out.room(size * (times - 1));
  fillOn(out.buffer, start, size, start + size * times);
  out.length += size * (times - 1);
}
