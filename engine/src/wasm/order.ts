/**
 * The order of a region's blocks: a reverse postorder, so that a backward edge
 * is one that closes a loop. In order of addresses it would not do: compilers
 * put the end of a loop before its start and enter it in the middle, and a loop
 * with several entries has to ask at every turn where it is entered.
 */

/**
 * Numbers 0 … n − 1 in the order wanted; `edges` are the blocks after each, and
 * the numbers are in order of addresses. The search begins where nothing leads
 * to, then at the lowest address that is left: what is entered from outside, and
 * the start of an outer loop, are there rather than at the block that became hot.
 */
export function reversePostorder(edges: readonly (readonly number[])[]): number[] {
  const reached = new Set(edges.flat());
  const roots = [...edges.keys()].filter((block) => !reached.has(block));
  const loops = findBodies(roots, edges);
  const common = (a: number, b: number): number =>
    loops.reduce((n, l) => n + Number(l.has(a) && l.has(b)), 0);
  // What is visited first comes last: leave a loop before going on in it, and take the nearest successor last.
  const visits = edges.map((to, from) =>
    to
      .map((block, i) => ({ block, common: common(from, block), i }))
      .sort((x, y) => x.common - y.common || x.i - y.i)
      .map((x) => x.block),
  );
  const done: number[] = [];
  depthFirst(roots, visits, undefined, (block) => done.push(block));
  return done.reverse();
}

/** Bodies of the loops that a depth-first search finds: all that leads to the backward edge without passing the start. */
function findBodies(roots: readonly number[], edges: readonly (readonly number[])[]): Set<number>[] {
  const before: number[][] = edges.map(() => []);
  edges.forEach((to, from) => {
    for (const block of to) before[block].push(from);
  });
  const bodies = new Map<number, Set<number>>();
  depthFirst(roots, edges, (from, start) => {
    let body = bodies.get(start);
    if (!body) bodies.set(start, (body = new Set([start])));
    const open = [from];
    for (let block = open.pop(); block !== undefined; block = open.pop()) {
      if (body.has(block)) continue;
      body.add(block);
      open.push(...before[block]);
    }
  });
  return [...bodies.values()];
}

function depthFirst(
  roots: readonly number[],
  edges: readonly (readonly number[])[],
  backward?: (from: number, to: number) => void,
  finished?: (block: number) => void,
): void {
  const state = new Uint8Array(edges.length); // 1: on the path, 2: finished
  for (const root of [...roots, ...edges.keys()]) {
    if (state[root] !== 0) continue;
    state[root] = 1;
    const path = [{ block: root, next: 0 }];
    while (path.length > 0) {
      const top = path[path.length - 1];
      const to = edges[top.block][top.next++];
      if (to === undefined) {
        state[top.block] = 2;
        finished?.(top.block);
        path.pop();
      } else if (state[to] === 0) {
        state[to] = 1;
        path.push({ block: to, next: 0 });
      } else if (state[to] === 1) backward?.(top.block, to);
    }
  }
}
