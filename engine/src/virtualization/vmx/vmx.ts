import type { Cpu } from '../../cpu/cpu';
import type { PagingContext } from '../../memory/walk-types';
import type { ExitRecord } from '../../records';
import {
  exitFromVmcs,
  type GuestContext,
  NO_PAGING,
  type SavedState,
  savedGuestState,
  savedHostPagingContext,
  savedHostState,
  savedPagingContext,
} from './debugger';
import { VmxIntercepts } from './intercepts';
import { Vmcs } from './vmcs';

/** The processor's VMX, and what a debugger wants to know of it. */
export class Vmx extends VmxIntercepts {
  /** Guests: VMCSs made current since VMXON and not cleared since. */
  guestContexts(): GuestContext[] {
    const contexts: GuestContext[] = [];
    for (const [address, { id, loaded }] of this.core.known) {
      if (!loaded) continue;
      const pointer = BigInt(address);
      contexts.push({ id, pointer, launched: this.vmcsAt(pointer)?.launched ?? false });
    }
    return contexts;
  }

  /** Registers of a guest that does not run; undefined when `pointer` is not in memory. */
  savedGuestState(pointer: bigint): SavedState | undefined {
    const vmcs = this.vmcsAt(pointer);
    return vmcs && savedGuestState(vmcs);
  }

  /** Registers with which the host goes on at the next exit; undefined when no VMCS is current. */
  savedHostState(): SavedState | undefined {
    return this.core.hasCurrent ? savedHostState(this.core.vmcs) : undefined;
  }

  /** How a guest that does not run walks addresses. */
  savedPagingContext(pointer: bigint): PagingContext {
    const vmcs = this.vmcsAt(pointer);
    return vmcs ? savedPagingContext(vmcs) : NO_PAGING;
  }

  /** How the host walks addresses while a guest runs. */
  savedHostPagingContext(): PagingContext {
    return this.core.hasCurrent ? savedHostPagingContext(this.cpu, this.core.vmcs) : NO_PAGING;
  }

  /** The last exit or failed entry of a guest. */
  lastExit(pointer: bigint): ExitRecord | undefined {
    const vmcs = this.vmcsAt(pointer);
    if (!vmcs) return undefined;
    const known = this.core.exits.lastExit(`vmcs:${pointer.toString(16)}`);
    return known && known.count >= vmcs.lastCount ? known : exitFromVmcs(vmcs);
  }

  /** Why the last VMX instruction that failed did so, in words. */
  get lastFailure(): string | undefined {
    return this.core.lastFailure;
  }

  /** Derives again what is kept outside the register file and memory: after a snapshot has been put back. */
  reload(): void {
    this.core.reload();
  }

  private vmcsAt(pointer: bigint): Vmcs | undefined {
    const vmcs = new Vmcs(this.cpu.mmu.physical, Number(pointer));
    return vmcs.inMemory ? vmcs : undefined;
  }
}

/** Gives the processor VMX: from now on VMXON works and a guest's events can exit. */
export function installVmx(cpu: Cpu, memory: WebAssembly.Memory): Vmx {
  const vmx = new Vmx(cpu, memory);
  cpu.intercepts = vmx;
  return vmx;
}
