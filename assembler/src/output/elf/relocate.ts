import { Complaint } from '../../diagnostics';
import type { Relocation } from '../../layout/object';
import type { Base } from '../../parse/evaluate';
import { I386, X86_64 } from './constants';

/** An entry of a relocation table, its symbol still by name or base. */
export interface Entry {
  offset: number;
  type: number;
  addend: bigint;
  /** A section, an external symbol or the name of a global one; undefined: no symbol at all. */
  symbol: Base | string | undefined;
}

/** What a field becomes: its table entry, if it needs one, and what it holds itself. */
export interface Outcome {
  entry?: Entry;
  held: bigint;
}

/** Finds the global symbol at an offset of a section, or the last one before it unless `exact`. */
export type FindGlobal = (
  base: Base,
  offset: bigint,
  exact: boolean,
) => { symbol: Base | string; offset: bigint };

function unsupported(what: string): Complaint {
  return new Complaint('relocation-unsupported', what);
}

function typeOf(types: Readonly<Record<number, number>>, size: number): number {
  const type = types[size];
  if (type === undefined) throw unsupported(`there is no ${size * 8}-bit relocation of this kind in ELF`);
  return type;
}

/** Distance the addend of a PC-relative field has to make up for: it counts from the field, not from the next instruction. */
function pull(r: Relocation): bigint {
  return r.self ? BigInt(-r.offset) : BigInt(r.toEnd);
}

/** Relocations of x86-64; addends stand in the table and fields hold zero (psABI 4.4). */
export function relocateX86_64(r: Relocation, find: FindGlobal, word: 4 | 8): Outcome {
  const wrt = r.wrt?.name;
  const relative = r.relative || r.self;
  if (r.base === undefined) return { held: r.value - BigInt(r.toEnd) };
  if (word === 4 && relative && r.size === 8)
    throw unsupported('32-bit ELF has no 64-bit relative relocations');
  const simple = (type: number, addend: bigint): Outcome => ({
    entry: { offset: r.offset, type, addend, symbol: r.base },
    held: 0n,
  });
  const global = (type: number, exact: boolean): Outcome => {
    const found = find(r.base!, r.value, exact);
    const addend = found.offset - (relative ? pull(r) : 0n);
    return { entry: { offset: r.offset, type, addend, symbol: found.symbol }, held: 0n };
  };
  if (relative) {
    if (wrt === undefined) return simple(typeOf(X86_64.relative, r.size), r.value - pull(r));
    if (r.size < 4) throw unsupported(`there is no ${r.size * 8}-bit relocation \`wrt ${wrt}\``);
    if (wrt === '..plt' && r.size === 4) return global(X86_64.plt, true);
    if (wrt === '..gotpc' || wrt === '..got') return global(typeOf(X86_64.gotRelative, r.size), true);
    if (wrt === '..gottpoff' && r.size === 4) return global(X86_64.gottpoff, true);
    throw unsupported(`\`wrt ${wrt}\` cannot be relative to the instruction`);
  }
  const absolute = r.signed ? X86_64.signed : X86_64.absolute;
  switch (wrt) {
    case undefined:
      return simple(typeOf(absolute, r.size), r.value);
    case '..gotpc':
      // The source says "relative to $$"; ELF counts from the field.
      return simple(X86_64.gotpc, r.value + BigInt(r.offset));
    case '..gotoff':
      if (r.size !== 8 || word === 4) throw unsupported('`wrt ..gotoff` has to be a qword in ELF64');
      return simple(X86_64.gotoff, r.value);
    case '..got':
      return global(typeOf(X86_64.got, r.size), true);
    case '..sym':
      return global(typeOf(absolute, r.size), false);
    default:
      throw unsupported(`\`wrt ${wrt}\` cannot be absolute in ELF`);
  }
}

/** Relocations of i386; the field itself holds the addend (gABI "Rel"). */
export function relocateI386(r: Relocation, find: FindGlobal): Outcome {
  const wrt = r.wrt?.name;
  const relative = r.relative || r.self;
  const entry = (type: number, symbol: Base | string | undefined = r.base): Entry => ({
    offset: r.offset,
    type,
    addend: 0n,
    symbol,
  });
  if (relative) {
    const held = r.value - pull(r);
    if (wrt === undefined) return { entry: entry(typeOf(I386.relative, r.size)), held };
    if (wrt === '..plt' && r.size === 4) return { entry: entry(I386.plt), held };
    throw unsupported(`\`wrt ${wrt}\` cannot be relative to the instruction`);
  }
  const global = (type: number, exact: boolean): Outcome => {
    const found = find(r.base!, r.value, exact);
    return { entry: entry(type, found.symbol), held: BigInt.asUintN(size * 8, found.offset) };
  };
  // A 64-bit address is a 32-bit one with zeros behind it.
  const size = r.size === 8 ? 4 : r.size;
  if (wrt === undefined) {
    return { entry: entry(typeOf(I386.absolute, size)), held: BigInt.asUintN(size * 8, r.value) };
  }
  if (wrt === '..sym') return global(typeOf(I386.absolute, size), false);
  if (size !== 4) throw unsupported(`there is no ${size * 8}-bit relocation \`wrt ${wrt}\``);
  if (wrt === '..gotpc') return { entry: entry(I386.gotpc), held: r.value + BigInt(r.offset) };
  if (wrt === '..gotoff') return { entry: entry(I386.gotoff), held: r.value };
  if (wrt === '..got') return global(I386.got, true);
  if (wrt === '..tlsie') return global(I386.tlsie, true);
  throw unsupported(`\`wrt ${wrt}\` cannot be absolute in ELF`);
}
