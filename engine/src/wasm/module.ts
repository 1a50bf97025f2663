/**
 * The module for everything that is not compiled: interpreter, driver and
 * translator. It is the only importer of the table of regions (a V8 instance
 * copies its table's entries).
 */
import { coldFunction } from './cold';
import { driveFunction } from './driver';
import { type Code, encodeModule } from './encoder';
import { byKind, conditionFunction } from './flag-functions';
import { pushCondition, pushFlags } from './flags';
import { Fn } from './functions';
import { interpretFunction } from './interpreter';
import { Type } from './opcodes';
import { translateFunction } from './translate';
import { vectorFunction } from './vector-interpreter';

/** Signatures by number. */
const SIGNATURES = [
  { parameters: [], results: [Type.I32] },
  { parameters: [Type.I32], results: [Type.I32] },
  { parameters: [Type.I32, Type.I32], results: [Type.I32] },
  { parameters: [Type.I32, Type.I32, Type.I32, Type.I32], results: [Type.I32] },
] as const;

/**
 * The interpreter's and driver's module; exports "drive": (address or 0) → {@link Answer} or an address, and "translate"
 * (wasm/translate.ts). Its imports
 * are "help": (address of the INSN, of a micro-op without code), and "access": (address of the INSN, of a load or
 * store, linear address in halves). They answer a {@link Called}.
 */
export function interpreterModule(): Uint8Array<ArrayBuffer> {
  const functions: { signature: number; code: Code; export?: string }[] = [];
  for (let pair = 0; pair < 8; pair++) {
    functions.push({ signature: 0, code: byKind((o, s) => pushCondition(o, s, pair * 2)) });
  }
  functions.push({ signature: 0, code: byKind(pushFlags) });
  functions.push({ signature: 1, code: conditionFunction() });
  functions.push({ signature: 1, code: interpretFunction() });
  functions.push({ signature: 1, code: driveFunction(), export: 'drive' });
  functions.push({ signature: 1, code: vectorFunction() });
  functions.push({ signature: 3, code: translateFunction(), export: 'translate' });
  functions.push({ signature: 0, code: coldFunction(Fn.TRANSLATE, Fn.INTERPRET) });
  const imports = [
    { name: 'help', signature: 2 },
    { name: 'access', signature: 3 },
  ];
  return encodeModule({ signatures: SIGNATURES, table: true, imports, functions });
}
