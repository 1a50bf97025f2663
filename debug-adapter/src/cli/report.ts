import type { LabImage } from '@hyperstep/assembler';
import type { ContextId, ExitRecord, StopReason, WalkResult, WalkStep } from '@hyperstep/engine';
import { IndexedProgram, kindOf } from '../sources/source-index';

/** Why the machine stopped, in a sentence. */
export function describeStop(stop: StopReason): string {
  switch (stop.kind) {
    case 'exit':
      return `The guest wrote the exit port: code ${stop.code}.`;
    case 'triple-fault':
      return [
        `Triple fault: ${stop.explanation}`,
        ...stop.chain.map(
          (r) =>
            `  vector ${r.vector} at 0x${r.rip.toString(16)}${r.explanation ? `: ${r.explanation}` : ''}`,
        ),
      ].join('\n');
    case 'halted':
    case 'unsupported':
      return stop.explanation;
    case 'limit':
      return 'The limit of instructions is reached.';
    default:
      return `Stopped: ${stop.kind}.`;
  }
}

/** The programs of a lab with their maps, ready to be asked for addresses. */
export function indexLab(images: readonly LabImage[]): IndexedProgram[] {
  return images.map(
    ({ program, result }) =>
      new IndexedProgram({
        name: program.name,
        kind: program.runs === 'vmm' ? 'host' : 'guest',
        map: result.map,
      }),
  );
}

/** `file.asm:12` of a linear address in a context, where a program's map knows it. */
export function sourceOf(
  programs: readonly IndexedProgram[],
  context: ContextId,
  address: bigint,
): string | undefined {
  const kind = kindOf(context);
  for (const indexed of programs) {
    const { program } = indexed;
    if (program.kind !== kind) continue;
    const entry = indexed.entryAt(address);
    if (!entry?.code) continue;
    return `${program.map.files[entry.file].split('/').at(-1)}:${entry.line}`;
  }
  return undefined;
}

/** One VM transition on a line. */
export function transitionLine(
  record: ExitRecord,
  name: (id: ContextId) => string,
  source: string | undefined,
): string {
  const what =
    record.kind === 'exit' ? record.reasonName : record.kind === 'entry' ? 'VM entry' : 'failed VM entry';
  const from = `${name(record.from)} → ${name(record.to)}`;
  const detail = [record.detail, record.failure].filter(Boolean).join('; ');
  return `${record.count.toLocaleString('en').padStart(12)}  ${from.padEnd(18)} ${what.padEnd(22)} ${(source ?? '').padEnd(18)} ${detail}`.trimEnd();
}

/** A walk, an entry a line: nested entries indented beneath what they serve. */
export function walkLines(title: string, steps: readonly WalkStep[], result: WalkResult): string[] {
  const lines = [title];
  for (const step of steps) {
    const indent = step.stage === 'nested' ? '      ' : '  ';
    const bad = step.verdict === 'next' || step.verdict === 'page' ? '' : `  ← ${step.verdict}`;
    lines.push(
      `${indent}${step.name.padEnd(10)} at ${hex(step.entryHostAddress)} = ${hex(step.value, 16)}  ${step.flags.join(' ')}${bad}`,
    );
  }
  if (result.ok) {
    lines.push(
      `  GPA ${hex(result.guestPhysical)} → HPA ${hex(result.hostPhysical)}, page of ${result.pageSize / 1024} KiB`,
    );
  } else lines.push(`  ${result.explanation}`);
  return lines;
}

function hex(value: bigint, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
