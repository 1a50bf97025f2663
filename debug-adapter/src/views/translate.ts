import type { ContextId, WalkResult, WalkStep } from '@hyperstep/engine';
import type { Core } from '../core';
import { RequestError } from '../errors';
import type { Evaluator } from '../evaluate/evaluator';
import { hex } from '../evaluate/format';
import { parseReference, physicalReference } from '../memory/references';
import type {
  TranslateArguments,
  TranslateFault,
  TranslateResponse,
  TranslateStep,
  TranslateSuccess,
} from './protocol';

const ACCESSES = ['read', 'write', 'execute'] as const;

/** `hyperstep.translate`: the walk of a linear address with every entry of both levels. */
export class TranslateView {
  constructor(
    private readonly core: Core,
    private readonly evaluator: Evaluator,
  ) {}

  translate(args: TranslateArguments): TranslateResponse {
    const target = this.core.stopped();
    const access = args.access ?? 'read';
    if (!ACCESSES.includes(access))
      throw new RequestError(`The access must be one of ${ACCESSES.join(', ')}.`);
    const { context, address } = this.locate(args);
    target.checkContext(context);
    const info = target.machine.contexts().find((one) => one.id === context)!;
    const { steps, result } = target.machine.walk(address, access, context);
    return {
      address: hex(address),
      access,
      context,
      contextName: info.name,
      steps: steps.map(stepOf),
      result: resultOf(result, (kind) => target.machine.walk(address, kind, context).result.ok),
    };
  }

  private locate(args: TranslateArguments): { context: ContextId; address: bigint } {
    if (args.address.trim() === '') {
      throw new RequestError('Which address? Give a number, a register or an expression.');
    }
    if (/^\s*(gla|hpa):/i.test(args.address)) {
      const at = parseReference(args.address, this.core.stopped().context);
      if (at.space === 'physical') throw new RequestError('A host-physical address has no walk.');
      return at;
    }
    const context = args.context as ContextId | undefined;
    return this.evaluator.addressOf(args.address, args.frameId, context);
  }
}

function stepOf(step: WalkStep): TranslateStep {
  return {
    ...step,
    entryAddress: hex(step.entryAddress),
    entryHostAddress: hex(step.entryHostAddress),
    value: hex(step.value, step.size * 2),
  };
}

/** `allows` walks the address for another access: a page that is not dirty yet may well be written. */
function resultOf(
  result: WalkResult,
  allows: (access: (typeof ACCESSES)[number]) => boolean,
): TranslateSuccess | TranslateFault {
  if (result.ok) {
    return {
      ok: true,
      guestPhysical: hex(result.guestPhysical),
      hostPhysical: hex(result.hostPhysical),
      pageSize: result.pageSize,
      read: allows('read'),
      write: allows('write'),
      execute: allows('execute'),
      memoryReference: physicalReference(result.hostPhysical),
    };
  }
  if (result.stage === 'guest') {
    return {
      ok: false,
      stage: 'guest',
      fault: `#PF(${hex(result.errorCode)})`,
      explanation: result.explanation,
    };
  }
  return {
    ok: false,
    stage: 'nested',
    fault: `EPT ${result.kind}`,
    guestPhysical: hex(result.guestPhysical),
    explanation: result.explanation,
  };
}
