/**
 * A region's shape: which translated blocks of one page it takes in, where they
 * are cut, which loops they form, and what is known about the flags where a
 * block begins.
 */
import type { Block } from '../ir/block';
import { Op, WORDS } from '../ir/ops';
import { type Account, openAccounts } from './accounts';
import { type FlagsState, knowFlags } from './flags-flow';
import { reversePostorder } from './order';
import { isSlow } from './slow';

/** V8's optimizing compiler does badly with larger functions (docs/fast-tier.md). */
export const MAX_REGION_BLOCKS = 128;
export const MAX_REGION_INSTRUCTIONS = 500;

/** A block, or its part up to where another block of the region begins. */
export interface RegionBlock {
  block: Block;
  /** Offset of its first instruction in the page. */
  offset: number;
  /** Index of the word at which the compiled part ends. */
  end: number;
  /** Why: it ends as the block does, falls into another block, or its next instruction is the evaluator's. */
  ends: 'control' | 'cut' | 'slow';
  /** Instructions compiled. */
  instructions: number;
  /** Where control may go inside the region, as indices. */
  successors: number[];
  /** May be entered from outside and by indirect jumps. */
  entry: boolean;
  flagsIn: FlagsState;
}

/** Blocks first … last, entered again at the first: a Wasm loop. */
export interface Loop {
  first: number;
  last: number;
}

export interface Region {
  /** In the order of wasm/order.ts. */
  blocks: RegionBlock[];
  /** What each block pays for. */
  accounts: Account[];
  /** By first, outer before inner; properly nested. */
  loops: Loop[];
  mode: number;
}

/** Takes the region around `hot` out of the page's blocks; `warm` are offsets of those that are executed often. */
export function formRegion(
  hot: Block,
  hotOffset: number,
  available: ReadonlyMap<number, Block>,
  warm: readonly number[],
): Region {
  const chosen = choose(hot, hotOffset, available, warm);
  const blocks = order([...chosen].sort(([a], [b]) => a - b));
  const loops = findLoops(blocks);
  chooseEntries(blocks, loops, hotOffset);
  knowFlags(blocks);
  return { blocks, loops, accounts: openAccounts(blocks), mode: hot.mode };
}

/** Cuts the blocks, given in order of addresses, and brings them into the region's order. */
function order(chosen: readonly (readonly [number, Block])[]): RegionBlock[] {
  const index = new Map(chosen.map(([offset], i) => [offset, i]));
  const parts = chosen.map(([offset, block]) => cut(block, offset, index));
  // After a call comes the place that it returns to.
  const returns = (b: RegionBlock): number[] =>
    returnAddresses(b).flatMap((offset) => index.get(offset) ?? []);
  const numbers = reversePostorder(parts.map((b) => [...returns(b), ...b.successors]));
  const places: number[] = [];
  numbers.forEach((number, place) => {
    places[number] = place;
  });
  return numbers.map((number) => ({
    ...parts[number],
    successors: parts[number].successors.map((to) => places[to]),
  }));
}

/** Page offsets that a block's call returns to. */
function returnAddresses({ block, offset }: RegionBlock): number[] {
  const { code } = block;
  const found: number[] = [];
  for (let at = 0; at < code.length; at += WORDS) {
    const op = code[at] & 0xff;
    if (op === Op.BREAK) at += code[at + 3] * WORDS;
    else if (op === Op.RIP) found.push(offset + code[at + 2]);
  }
  return found;
}

/**
 * Breadth first from the hot block along known targets and return addresses.
 * Indirect jumps may lead to any block that is warm. A block that begins inside
 * another is none of these by itself: execution once stopped there, and cutting
 * the other one for it would only make two accounts of one.
 */
function choose(
  hot: Block,
  hotOffset: number,
  available: ReadonlyMap<number, Block>,
  warm: readonly number[],
): Map<number, Block> {
  const chosen = new Map([[hotOffset, hot]]);
  let instructions = hot.instructions;
  let jumps = false;
  const add = (target: number): void => {
    const next = available.get(target);
    if (!next || chosen.has(target)) return;
    if (chosen.size >= MAX_REGION_BLOCKS || instructions + next.instructions > MAX_REGION_INSTRUCTIONS)
      return;
    instructions += next.instructions;
    chosen.set(target, next);
  };
  // A Map's iteration also visits what is added meanwhile.
  for (const [offset, block] of chosen) {
    targets(block, offset).forEach(add);
    if (!jumps && (block.code[block.code.length - WORDS] & 0xff) === Op.JUMP) {
      jumps = true;
      warm.forEach(add);
    }
  }
  return chosen;
}

/** Page offsets that control may reach from a block, inside its page or not. */
function targets(block: Block, offset: number): number[] {
  const { code } = block;
  const found: number[] = [];
  for (let at = 0; at < code.length; at += WORDS) {
    switch (code[at] & 0xff) {
      case Op.BREAK:
        at += code[at + 3] * WORDS;
        break;
      case Op.RIP: // a return address
      case Op.JUMPI:
        found.push(offset + code[at + ((code[at] & 0xff) === Op.RIP ? 2 : 1)]);
        break;
      case Op.JUMPCC:
        found.push(offset + code[at + 1], offset + code[at + 2]);
        break;
      case Op.JUMPNZ:
        found.push(offset + code[at + 1], offset + code[at + 3]);
        break;
    }
  }
  return found;
}

function cut(block: Block, offset: number, index: ReadonlyMap<number, number>): RegionBlock {
  const { code } = block;
  let instructions = 0;
  let at = 0;
  const done = (ends: RegionBlock['ends'], to: number[]): RegionBlock => {
    const successors = to.map((t) => index.get(t)).filter((i) => i !== undefined);
    return { block, offset, end: at, ends, instructions, successors, entry: true, flagsIn: 'unknown' };
  };
  for (; at < code.length; at += WORDS) {
    const op = code[at] & 0xff;
    if (op === Op.BREAK || op === Op.INSN) {
      const here = offset + code[at + 1];
      const before = at > 0 ? code[at - WORDS] & 0xff : Op.BREAK;
      const inside = before !== Op.BREAK && before !== Op.BREAKNZ;
      if (inside && index.has(here)) return done('cut', [here]);
      if (op === Op.BREAK) {
        if (code[at + 3] === 0) return done('slow', []);
        continue;
      }
      if (isSlow(code, at)) return done('slow', []);
      instructions++;
    }
  }
  at = code.length;
  const last = at - WORDS;
  switch (code[last] & 0xff) {
    case Op.JUMPI:
      return done('control', [offset + code[last + 1]]);
    case Op.JUMPCC:
      return done('control', [offset + code[last + 1], offset + code[last + 2]]);
    case Op.JUMPNZ:
      return done('control', [offset + code[last + 1], offset + code[last + 3]]);
    default:
      return done('control', []);
  }
}

/** An interval for each target of a backward edge, made larger until they nest. */
function findLoops(blocks: readonly RegionBlock[]): Loop[] {
  const lastOf = new Map<number, number>();
  blocks.forEach((block, i) => {
    for (const to of block.successors) if (to <= i) lastOf.set(to, Math.max(lastOf.get(to) ?? 0, i));
  });
  const loops = [...lastOf].map(([first, last]) => ({ first, last })).sort((a, b) => a.first - b.first);
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < loops.length; i++) {
      for (let k = i + 1; k < loops.length; k++) {
        if (loops[k].first <= loops[i].last && loops[k].last > loops[i].last) {
          loops[i].last = loops[k].last;
          changed = true;
        }
      }
    }
  }
  return loops;
}

/**
 * An entry in the middle of a loop costs the loop: only the hot block, loops'
 * starts, return addresses and blocks that nothing in the region leads to may
 * be entered. What is entered elsewhere is interpreted up to the next of them.
 */
function chooseEntries(blocks: RegionBlock[], loops: readonly Loop[], hotOffset: number): void {
  const wanted = new Set<number>(loops.map((l) => blocks[l.first].offset)).add(hotOffset);
  const reached = new Set<number>();
  for (const b of blocks) {
    for (const to of b.successors) reached.add(to);
    for (const offset of returnAddresses(b)) wanted.add(offset);
  }
  blocks.forEach((b, i) => {
    if (reached.has(i) && !wanted.has(b.offset)) b.entry = false;
  });
}
