import type { Block } from '../ir/block';

/** Compiled regions. */
export interface Regions {
  compile(block: Block): void;
  drop(block: Block): void;
}
