import type { LiftContext, LiftFunction, LiftTable } from './context';
import { systemLifters } from './system';
import { vmxLifters } from './vmx';

/** One table a family. A mnemonic stands in exactly one of them. */
const FAMILIES: readonly LiftTable[] = [systemLifters, vmxLifters];

const lifters: (LiftFunction | undefined)[] = [];
for (const family of FAMILIES) {
  for (const [mnemonic, lift] of family) lifters[mnemonic] = lift;
}

/** Appends the IR of the context's instruction; the context's `begin` has been called. */
export function liftInstruction(c: LiftContext): void {
  const mnemonic = c.insn.mnemonic;
  const lift = lifters[mnemonic];
  if (lift) lift(c);
  else unsupported(c, mnemonic);
}

/** An instruction this machine does not have: the machine stops and says which. */
function unsupported(c: LiftContext, mnemonic: number): void {
  c.helper('unsupportedInstruction', mnemonic);
  c.end();
}
