/**
 * Of the x87: the instructions with which systems initialize and save it. Its
 * arithmetic is not implemented and stops the machine (LiftContext.unsupported).
 */
import { Mnemonic } from 'iced-x86';
import { Slot } from '../cpu/state';
import type { HelperName } from '../helpers';
import type { LiftContext, LiftFunction, LiftTable } from './context';

/** Units as `coprocessorCheck` numbers them. */
const X87 = 1;
const MMX = 2;

function control(name: HelperName, unit = X87): LiftFunction {
  return (c) => {
    c.helper('coprocessorCheck', unit);
    c.helper(name);
  };
}

/** FNSTCW and FNSTSW: a word from a slot. */
function store(slot: Slot): LiftFunction {
  return (c) => {
    c.helper('coprocessorCheck', X87);
    c.write(0, slot);
  };
}

function fldcw(c: LiftContext): void {
  c.helper('coprocessorCheck', X87);
  c.helper('fldcw', c.readLow(0));
}

/** FXSAVE and FXRSTOR; where segments are not flat only the area's beginning is checked against the limit. */
function area(name: 'fxsave' | 'fxrstor', wide: 0 | 1): LiftFunction {
  return (c) => c.helper(name, c.linear(16, name === 'fxsave'), wide);
}

/** By mnemonic. */
export const x87Lifters: LiftTable = new Map<number, LiftFunction>([
  [Mnemonic.Fninit, control('fninit')],
  [Mnemonic.Fnclex, control('fnclex')],
  [Mnemonic.Fldcw, fldcw],
  [Mnemonic.Fnstcw, store(Slot.FCW)],
  [Mnemonic.Fnstsw, store(Slot.FSW)],
  [Mnemonic.Emms, control('emms', MMX)],
  [Mnemonic.Fxsave, area('fxsave', 0)],
  [Mnemonic.Fxsave64, area('fxsave', 1)],
  [Mnemonic.Fxrstor, area('fxrstor', 0)],
  [Mnemonic.Fxrstor64, area('fxrstor', 1)],
]);
