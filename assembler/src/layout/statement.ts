import { Complaint, rangeOf } from '../diagnostics';
import { MAX_IMAGE_BYTES } from '../limits';
import { BYTE_ORDER_MARK, hintFor } from '../parse/hints';
import type { Body, Statement } from '../parse/statement';
import type { Token } from '../text/token';
import { makeData } from './data';
import { assembleInstruction } from './instruction';
import type { Layout } from './layout';

/** Reads a file for `incbin`. */
export type ReadBinary = (path: string, at: Token) => Uint8Array | undefined;

/**
 * Assembles one statement. Throws a {@link Complaint} when it cannot, and so do
 * the steps it may leave to be done of a long `times`.
 */
export function assembleStatement(
  layout: Layout,
  statement: Statement,
  readBinary: ReadBinary,
): Generator<void, void> | undefined {
  layout.mark();
  layout.ordinal++;
  const { label, body } = statement;
  if (label && body.kind !== 'equ') {
    layout.label(label);
    if (statement.orphan) {
      const message = label.text.startsWith('\ufeff')
        ? BYTE_ORDER_MARK
        : `label \`${label.text}\` alone on its line without a colon: a misspelt instruction?${hintFor(label.text)}`;
      layout.reporter.report('warning', 'label-orphan', message, rangeOf(label));
    }
  }
  if (statement.complaint) throw statement.complaint;
  const count = statement.times ? repetitions(layout, statement) : 1;
  if (count === 0 && body.kind !== 'equ') return undefined;
  if (body.kind === 'instruction') return assembleInstruction(layout, statement, body, count);
  run(layout, statement, body, count, readBinary);
  return undefined;
}

/** The count of `times`: its symbols have to be defined before, unless only their difference counts. */
function repetitions(layout: Layout, statement: Statement): number {
  const e = statement.times!;
  const { value, unknown } = layout.evaluator.scalar(e);
  if (unknown) throw new Complaint('critical-expression', '`times` needs symbols defined before it', e.at);
  if (value < 0n) throw new Complaint('count-negative', `\`times\` repeats ${value} times`, e.at);
  // NASM keeps 32 bits of it. x86inc.asm depends on that: `times ((x-$)>>31)+1` is 0 or 1.
  const count = Number(BigInt.asIntN(32, value));
  if (count > MAX_IMAGE_BYTES) {
    throw new Complaint('limit', `\`times\` repeats ${count} times; the limit is ${MAX_IMAGE_BYTES}`, e.at);
  }
  return Math.max(0, count);
}

function run(layout: Layout, statement: Statement, body: Body, count: number, readBinary: ReadBinary): void {
  switch (body.kind) {
    case 'none':
    case 'instruction':
      return;
    case 'equ':
      if (body.offset)
        throw new Complaint(
          'equ-far',
          'there are no `segment:offset` constants in this output format',
          statement.first,
        );
      layout.equ(statement.label!, layout.evaluator.linear(body.value));
      return;
    case 'data':
      data(layout, statement, body, count);
      return;
    case 'reserve':
      reserve(layout, statement, body, count);
      return;
    case 'incbin':
      layout.listing?.binary();
      layout.emit(binary(layout, body, readBinary), count, false, statement.first);
      return;
  }
}

function data(
  layout: Layout,
  statement: Statement,
  body: Extract<Body, { kind: 'data' }>,
  count: number,
): void {
  const warn = (code: string, message: string) => {
    layout.reporter.report('warning', code, message, rangeOf(statement.first, statement.last));
  };
  if (body.items.length === 0) warn('data-empty', 'no operand for the data declaration');
  const rest = body.ignored[0];
  if (rest) {
    const message = `\`${rest.text}\` is ignored: is a comma missing before it?`;
    layout.reporter.report('note', 'data-rest', message, rangeOf(rest));
  }
  const made = makeData(body.items, {
    evaluator: layout.evaluator,
    resolve: (linear) => layout.resolve(linear),
    ...(layout.traced ? { reference: (linear) => layout.reference(linear) } : {}),
    warn,
  });
  layout.format?.element(body.width);
  if (made.reserved) {
    if (!layout.absolute && !layout.section.nobits) zeroed(layout, statement);
    limit(made.bytes.length * count, statement);
    layout.reserve(made.bytes.length * count, statement.first);
  } else {
    if (made.partly && !layout.section.nobits) zeroed(layout, statement);
    limit(made.bytes.length * count, statement);
    layout.emit(made.bytes, count, false, statement.first, made.fields);
  }
}

function limit(bytes: number, statement: Statement): void {
  if (bytes > MAX_IMAGE_BYTES) {
    throw new Complaint(
      'limit',
      `${bytes} bytes exceed the limit of ${MAX_IMAGE_BYTES}`,
      statement.first,
      statement.last,
    );
  }
}

function zeroed(layout: Layout, statement: Statement): void {
  const message = `space reserved in section \`${layout.section.name}\`, which has content: it is filled with zeros`;
  layout.reporter.report('warning', 'zeroing', message, rangeOf(statement.first, statement.last));
}

function reserve(
  layout: Layout,
  statement: Statement,
  body: Extract<Body, { kind: 'reserve' }>,
  count: number,
): void {
  const { value, unknown } = layout.evaluator.scalar(body.count);
  if (unknown) return;
  layout.format?.element(body.width);
  if (value < 0n) throw new Complaint('count-negative', `cannot reserve ${value} elements`, body.count.at);
  const bytes =
    value > BigInt(MAX_IMAGE_BYTES) ? Number.MAX_SAFE_INTEGER : Number(value) * body.width * count;
  // Nothing is stored for an absolute section: its offsets may be large.
  if (!layout.absolute) {
    limit(bytes, statement);
    if (!layout.section.nobits && bytes > 0) {
      zeroed(layout, statement);
    }
    layout.reserve(bytes, statement.first);
    return;
  }
  layout.listing?.reserve(Number(layout.absolute.value), bytes);
  layout.absolute = { ...layout.absolute, value: layout.absolute.value + value * BigInt(body.width * count) };
}

function binary(layout: Layout, body: Extract<Body, { kind: 'incbin' }>, readBinary: ReadBinary): Uint8Array {
  const content = readBinary(body.path, body.at);
  if (!content) throw new Complaint('file-missing', `\`incbin\`: cannot find \`${body.path}\``, body.at);
  const number = (e: typeof body.skip, otherwise: number) => {
    if (!e) return otherwise;
    const { value } = layout.evaluator.scalar(e, true);
    if (value < 0n) throw new Complaint('count-negative', '`incbin`: a negative offset or length', e.at);
    return value > BigInt(content.length) ? content.length : Number(value);
  };
  const skip = number(body.skip, 0);
  return content.subarray(skip, Math.min(content.length, skip + number(body.length, content.length)));
}
