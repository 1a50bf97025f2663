import type { ContextId, ExitRecord } from '@hyperstep/engine';
import type { Core } from '../core';
import { hex } from '../evaluate/format';
import { outerLine } from '../sources/source-index';
import type { Target } from '../target';
import type { VmExit, VmExitsArguments, VmExitsResponse } from './protocol';

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 10_000;

/** `hyperstep.vmExits`: the machine's log of VM transitions, also while it runs. */
export function vmExits(core: Core, args: VmExitsArguments): VmExitsResponse {
  const target = core.launched();
  const since = args.since ?? 0;
  const limit = Math.min(args.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  const { exitLog } = target.machine;
  const records = exitLog.list(since, limit);
  const names = new Map(target.machine.contexts().map((context) => [context.id, context.name]));
  const first = exitLog.total - records.length;
  return { exits: records.map((record, i) => exitOf(target, record, first + i, names)), next: exitLog.total };
}

/** The guest that a transition enters or leaves. */
export function guestOf(record: ExitRecord): ContextId {
  return record.from === 'host' ? record.to : record.from;
}

function exitOf(target: Target, record: ExitRecord, number: number, names: Map<ContextId, string>): VmExit {
  const guest = guestOf(record);
  const place = target.index.find(guest, record.guestRip);
  const line = place && outerLine(place);
  const text = (value: bigint | undefined) => (value === undefined ? undefined : hex(value));
  return {
    number,
    kind: record.kind,
    from: record.from,
    to: record.to,
    guest: names.get(guest) ?? guest,
    reason: record.reason,
    reasonName: record.reasonName,
    qualification: hex(record.qualification),
    detail: record.detail,
    instructionLength: record.instructionLength,
    guestLinear: text(record.guestLinear),
    guestPhysical: text(record.guestPhysical),
    interruption: record.interruption === undefined ? undefined : hex(record.interruption >>> 0),
    guestRip: hex(record.guestRip),
    symbol: target.index.describe(guest, record.guestRip),
    location: line,
    count: record.count,
    failure: record.failure,
  };
}
