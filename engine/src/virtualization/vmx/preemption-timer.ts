/** The VMX-preemption timer (SDM 3C 26.5.1): counts down by one whenever bit 5 of the time-stamp counter changes. */
import { Slot } from '../../cpu/state';
import { PREEMPTION_RATE } from './capabilities';
import { Exit, Pin } from './controls';
import type { VmxCore } from './core';
import { F } from './fields';

const RATE = BigInt(PREEMPTION_RATE);

/** On VM entry: when, on the machine's clock, the timer will be zero. */
export function startPreemptionTimer(core: VmxCore): void {
  const { cpu, vmcs, controls } = core;
  const s = cpu.state;
  if (!(controls.pin & Pin.PREEMPTION_TIMER)) {
    s.u32[Slot.PREEMPTION_DEADLINE * 2] = 0xffffffff;
    s.u32[Slot.PREEMPTION_DEADLINE * 2 + 1] = 0xffffffff;
    return;
  }
  const value = vmcs.low(F.PREEMPTION_TIMER);
  if (value === 0) {
    s.setNumber(Slot.PREEMPTION_DEADLINE, cpu.clock);
    return;
  }
  const now = cpu.tsc;
  const end = ((now >> RATE) + BigInt(value)) << RATE;
  s.u64[Slot.PREEMPTION_DEADLINE] = BigInt(cpu.clock) + (end - now);
}

/** True once the timer has counted down to zero. */
export function preemptionTimerExpired(core: VmxCore): boolean {
  const s = core.cpu.state;
  return (
    s.u32[Slot.PREEMPTION_DEADLINE * 2 + 1] !== 0xffffffff &&
    s.number(Slot.PREEMPTION_DEADLINE) <= core.cpu.clock
  );
}

/** On VM exit: saves what is left, if the controls say so. Loading the host's state stops the timer. */
export function savePreemptionTimer(core: VmxCore): void {
  const { cpu, vmcs, controls } = core;
  const s = cpu.state;
  if (controls.exit & Exit.SAVE_PREEMPTION_TIMER && controls.pin & Pin.PREEMPTION_TIMER) {
    const now = cpu.tsc;
    const end = now + (s.u64[Slot.PREEMPTION_DEADLINE] - BigInt(cpu.clock));
    const left = (end >> RATE) - (now >> RATE);
    vmcs.setLow(F.PREEMPTION_TIMER, left > 0n ? Number(left & 0xffffffffn) : 0);
  }
}
