import { Slot } from '@hyperstep/engine';
import type { Node } from './variables';
import type { RegisterView } from './view';

/** Where the processor is among rings, modes and VMX operation. */
export function modeNodes(view: RegisterView): Node[] {
  const s = view.snapshot();
  const { machine } = view.target;
  const operation = !s.vmx ? 'VMX off' : s.root ? 'VMX root operation' : 'VMX non-root operation';
  const facts: [string, string][] = [
    ['ring', String(s.cpl)],
    ['CPU mode', s.mode],
    ['operation', operation],
    ['context', view.context],
    ['runs now', view.context === view.target.context ? 'yes' : 'no'],
    ['activity', s.activity],
    ['interruptibility', interruptibility(view)],
    ['instruction count', String(machine.count)],
    ['time (ticks)', String(machine.cpu.clock)],
  ];
  return facts.map(([name, value]) => ({ name, value }));
}

/** What keeps interrupts out at this boundary (SDM 3A 6.8, 3C 25.4.2). */
function interruptibility(view: RegisterView): string {
  const open = view.snapshot().rflags & 0x200n ? 'interrupts on' : 'interrupts off (IF = 0)';
  if (view.context !== view.target.context) return open;
  const { cpu } = view.target.machine;
  const words = [open];
  if (cpu.state.number(Slot.SHADOW_STI) === cpu.icount && cpu.icount > 0) words.push('blocked by STI');
  if (cpu.state.number(Slot.SHADOW_SS) === cpu.icount && cpu.icount > 0) words.push('blocked by MOV SS');
  if (cpu.state.low(Slot.NMI_BLOCKED)) words.push('NMI blocked');
  return words.join(', ');
}
