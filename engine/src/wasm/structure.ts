/**
 * A region's control flow as nested Wasm blocks and loops. Forward edges are
 * direct branches and a loop's backward edges go to its start; whoever comes from
 * outside, or into the middle of a loop, has the block's number + 1 in a local
 * that is 0 otherwise and is asked for where a loop begins.
 */
import type { Code, Label } from './encoder';
import { W } from './opcodes';
import type { Region } from './region';

/** One level of nesting: the function's body or a loop's. */
interface Level {
  first: number;
  last: number;
  /** Labels before the units that come later on this level, by the unit's first block. */
  labels: Map<number, Label>;
  /** Units of this level: single blocks and loops. */
  units: { first: number; last: number }[];
  /** Of a loop: its start. */
  again?: Label;
}

/** Emits the structure; {@link emit} is called for the code of each block, in order. */
export class Structure {
  private readonly levels: Level[] = [];
  /** Blocks that are reached by their number: entries, and what is jumped to across a loop's start. */
  private readonly dispatched = new Set<number>();
  private dispatch!: Label;

  /** @param entry the local for a block's number + 1 */
  constructor(
    private readonly c: Code,
    private readonly region: Region,
    private readonly entry: number,
    private readonly emit: (block: number) => void,
  ) {
    const { blocks, loops } = region;
    blocks.forEach((b, i) => {
      if (b.entry) this.dispatched.add(i);
      for (const to of b.successors) {
        if (loops.some((l) => i < l.first && to > l.first && to <= l.last)) this.dispatched.add(to);
      }
    });
  }

  /** All blocks; control does not reach the end. */
  all(): void {
    const { c } = this;
    this.dispatch = c.loop();
    this.level(0, this.region.blocks.length - 1, undefined);
    c.end().op(W.UNREACHABLE);
  }

  /** Blocks first … last; `again` is the loop that they are the body of. */
  private level(first: number, last: number, again: Label | undefined): void {
    const { c } = this;
    const units: Level['units'] = [];
    for (let i = first; i <= last; ) {
      const loop = this.region.loops.find(
        (l) => l.first === i && l.last <= last && !(again !== undefined && i === first && l.first === first),
      );
      units.push(loop ?? { first: i, last: i });
      i = (loop?.last ?? i) + 1;
    }
    const labels = new Map<number, Label>();
    for (const unit of [...units].reverse()) labels.set(unit.first, c.block());
    const byBlock: Label[] = [];
    let dispatches = false;
    for (const unit of units) {
      for (let i = unit.first; i <= unit.last; i++) {
        const possible = this.dispatched.has(i);
        dispatches ||= possible && i > first;
        byBlock.push(labels.get(possible ? unit.first : first)!);
      }
    }
    if (dispatches) {
      // Turns of a loop look once whether anybody has come from outside.
      c.get(this.entry);
      if (again !== undefined) {
        c.if();
        c.get(this.entry);
      }
      c.i32(first + 1).op(W.I32_SUB);
      c.brTable(byBlock, labels.get(first)!);
      if (again !== undefined) c.end();
    }
    this.levels.push({ first, last, labels, units, again });
    for (const unit of units) {
      c.end();
      labels.delete(unit.first);
      if (this.isLoop(unit, again, first)) {
        const label = c.loop();
        this.level(unit.first, unit.last, label);
        c.end();
      } else {
        if (this.dispatched.has(unit.first)) c.i32(0).set(this.entry);
        this.emit(unit.first);
      }
    }
    this.levels.pop();
    c.op(W.UNREACHABLE);
  }

  private isLoop(unit: { first: number; last: number }, again: Label | undefined, first: number): boolean {
    if (again !== undefined && unit.first === first) return false;
    return this.region.loops.some((l) => l.first === unit.first && l.last === unit.last);
  }

  /** Goes to block `to` of the region from block `from`. */
  goTo(from: number, to: number): void {
    const { c, levels } = this;
    for (let n = levels.length - 1; n >= 0; n--) {
      const level = levels[n];
      if (to === level.first && to <= from && level.again !== undefined) {
        c.br(level.again);
        return;
      }
      const unit = level.units.find((u) => to >= u.first && to <= u.last);
      const label = unit && level.labels.get(unit.first);
      if (label === undefined) continue;
      if (to !== unit!.first) c.i32(to + 1).set(this.entry);
      c.br(label);
      return;
    }
    // Backward to what is no loop's start cannot be: every backward edge made one.
    c.i32(to + 1)
      .set(this.entry)
      .br(this.dispatch);
  }

  /** Goes to the block whose number + 1 is in the local; `direct`: by a table of labels of its own. */
  goToEntry(direct: boolean): void {
    const { c } = this;
    if (!direct) {
      c.br(this.dispatch);
      return;
    }
    c.get(this.entry);
    c.brTable(
      [undefined, ...this.region.blocks].map((b, i) => (b?.entry ? this.labelTo(i - 1) : this.dispatch)),
      this.dispatch,
    );
  }

  /** The nearest label from which block `to` is reached, its number being in the local. */
  private labelTo(to: number): Label {
    for (let n = this.levels.length - 1; n >= 0; n--) {
      const { first, last, units, labels, again } = this.levels[n];
      if (to < first || to > last) continue;
      const forward = labels.get(units.find((u) => to >= u.first && to <= u.last)!.first);
      return forward ?? again ?? this.dispatch;
    }
    return this.dispatch;
  }
}
