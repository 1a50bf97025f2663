import { formatValue, hex } from '../evaluate/format';
import { describeAddress } from '../exceptions/describe';
import { linearReference } from '../memory/references';
import { guestOf } from '../views/vm-exits';
import type { Node } from './variables';
import type { RegisterView } from './view';

/** The last VM exit: of this guest, or of any when seen from the VMM. */
export function lastExitNodes(view: RegisterView): Node[] {
  const { machine, index } = view.target;
  const record = machine.exitLog.lastExit(view.context === 'host' ? undefined : view.context);
  if (!record) return [];
  const guest = guestOf(record);
  const nodes: Node[] = [
    {
      name: 'reason',
      value: record.reason < 0 ? record.reasonName : `${record.reasonName} (${record.reason})`,
    },
    { name: 'guest', value: machine.contexts().find((one) => one.id === guest)?.name ?? guest },
    {
      name: 'qualification',
      value: `${hex(record.qualification)}${record.detail ? ` ${record.detail}` : ''}`,
    },
    { name: 'instruction length', value: String(record.instructionLength) },
    {
      name: 'guest RIP',
      value: describeAddress(index, guest, record.guestRip),
      memoryReference: linearReference(guest, record.guestRip),
    },
  ];
  if (record.guestLinear !== undefined) {
    nodes.push({
      name: 'guest linear address',
      value: formatValue(record.guestLinear),
      memoryReference: linearReference(guest, record.guestLinear),
    });
  }
  if (record.guestPhysical !== undefined) {
    nodes.push({ name: 'guest physical address', value: formatValue(record.guestPhysical) });
  }
  if (record.interruption !== undefined) {
    nodes.push({ name: 'interruption information', value: hex(record.interruption >>> 0) });
  }
  nodes.push({ name: 'instruction count', value: String(record.count) });
  if (record.failure) nodes.push({ name: 'failed check', value: record.failure });
  return nodes;
}
