import { baseName } from '@hyperstep/assembler';
import type { ContextId, ExceptionRecord, ExitRecord, StopReason } from '@hyperstep/engine';
import { hex } from '../evaluate/format';
import { outerLine, type SourceIndex } from '../sources/source-index';
import type { StopReport } from '../stepping/stop-report';
import { vectorMnemonic, vectorName } from './vectors';

/** `0x101000 in handler+0x3 (kernel.asm:12)`: an address with everything known about it. */
export function describeAddress(index: SourceIndex, context: ContextId, address: bigint): string {
  const name = index.describe(context, address);
  const place = index.find(context, address);
  const line = place && outerLine(place);
  const where = line ? ` (${baseName(line.path)}:${line.line})` : '';
  return `${hex(address)}${name ? ` in ${name}` : ''}${where}`;
}

/** `#PF(0x2) Page fault at 0x101000 in main (k.asm:3), address 0x8: not present`. */
export function describeException(index: SourceIndex, record: ExceptionRecord): string {
  const code = record.errorCode === undefined ? '' : `(${hex(record.errorCode)})`;
  const address = record.address === undefined ? '' : `, address ${hex(record.address)}`;
  const why = record.explanation ? `: ${record.explanation}` : '';
  const at = describeAddress(index, record.context, record.rip);
  return `${vectorMnemonic(record.vector)}${code} ${vectorName(record.vector)} at ${at}${address}${why}`;
}

/** `VM exit: EPT violation, write, not present (guest at 0x…)`. */
export function describeTransition(index: SourceIndex, record: ExitRecord): string {
  const detail = record.detail ? `, ${record.detail}` : '';
  const guest = record.kind === 'exit' ? record.from : record.to === 'host' ? record.from : record.to;
  const at = ` (guest at ${describeAddress(index, guest, record.guestRip)})`;
  if (record.kind === 'entry-failure') {
    return `VM entry failed: ${record.failure ?? record.reasonName}${detail}${at}`;
  }
  return `${record.kind === 'exit' ? 'VM exit: ' : ''}${record.reasonName}${detail}${at}`;
}

/** How a stop is told that the machine itself, not the debugger's steps, brought about. */
export function reportOf(index: SourceIndex, reason: StopReason, context: ContextId): StopReport | undefined {
  const exception = (id: string, description: string, details?: string): StopReport => ({
    reason: 'exception',
    context,
    description: id,
    text: details ? `${description}\n${details}` : description,
    exception: { id, description, details },
  });
  switch (reason.kind) {
    case 'exception': {
      const { vector, errorCode } = reason.record;
      const id = `${vectorMnemonic(vector)}${errorCode === undefined ? '' : `(${hex(errorCode)})`}`;
      return exception(id, describeException(index, reason.record));
    }
    case 'transition': {
      const { kind, reasonName } = reason.record;
      const id = kind === 'entry-failure' ? 'VM entry failed' : `VM exit: ${reasonName}`;
      return exception(id, describeTransition(index, reason.record));
    }
    case 'halted':
      return exception('Halted', reason.explanation);
    case 'unsupported':
      return exception('Not implemented', reason.explanation);
    case 'triple-fault': {
      const chain = reason.chain.map((record, i) => `${i + 1}. ${describeException(index, record)}`);
      return exception('Triple fault', reason.explanation, chain.join('\n'));
    }
    default:
      return undefined;
  }
}
