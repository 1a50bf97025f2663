import { strict as assert } from 'node:assert';
import { assemble } from '@hyperstep/assembler';
import { Machine, type StopReason } from '@hyperstep/engine';

/** A Multiboot header with address fields for a flat image at 1 MiB whose entry is `start`. */
const HEADER = `
                org     0x100000
                bits    32
header:         dd      0x1badb002, 1 << 16, -(0x1badb002 + (1 << 16))
                dd      header, 0x100000, 0, 0, start
`;

/** Symbols by name of a program made by {@link boot}. */
export interface Booted {
  machine: Machine;
  symbols: Map<string, bigint>;
}

/** Assembles 32-bit code that begins at `start:` and puts it into a fresh machine. */
export function boot(code: string): Booted {
  const text = new TextEncoder().encode(HEADER + code);
  const { image, diagnostics, map } = assemble({
    main: '/test.asm',
    files: { read: (path) => (path === '/test.asm' ? text : undefined) },
  });
  assert.ok(image, diagnostics.map((d) => `${d.range.line}: ${d.message}`).join('\n'));
  const machine = new Machine({ memoryMiB: 8 });
  assert.equal(machine.loadMultiboot(image).error, undefined);
  return { machine, symbols: new Map(map.symbols.map((s) => [s.name, s.value])) };
}

/** Runs to the end, in slices of `slice` instructions. */
export function finish(machine: Machine, slice = 100_000, limit = 10_000_000): StopReason {
  for (;;) {
    const stop = machine.run({ limit: Math.min(machine.count + slice, limit) });
    if (stop.kind !== 'limit' || machine.count >= limit) return stop;
  }
}
