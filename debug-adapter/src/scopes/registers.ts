import { FLAGS, GENERAL, partsOf, SEGMENT_NAMES } from './register-names';
import type { Node } from './variables';
import { partNode, type RegisterView, registerNode } from './view';

/** General registers, RIP and RFLAGS as the mode knows them; a general register unfolds into its parts. */
export function registerNodes(view: RegisterView): Node[] {
  const long = view.snapshot().mode === '64-bit';
  // Outside 64-bit mode neither the upper halves nor R8–R15 can be reached.
  const wholes = long ? GENERAL : GENERAL.slice(0, 8);
  return [
    ...wholes.map((whole) => {
      const [half, ...smaller] = partsOf(whole);
      const name = long ? whole : half;
      const parts = long ? [half, ...smaller] : smaller;
      return registerNode(view, name, { children: () => parts.map((part) => registerNode(view, part)) });
    }),
    registerNode(view, long ? 'rip' : 'eip'),
    registerNode(view, long ? 'rflags' : 'eflags', { children: () => flagNodes(view) }),
  ];
}

/** RFLAGS bit by bit. */
export function flagNodes(view: RegisterView): Node[] {
  return FLAGS.map(([name, shift, bits, title]) =>
    partNode(
      view,
      { name: name.toUpperCase(), type: title, evaluateName: `rflags.${name}` },
      { whole: 'rflags', shift, bits },
    ),
  );
}

/** Segment registers with their hidden parts, and the two descriptor-table registers. */
export function segmentNodes(view: RegisterView): Node[] {
  const { segments } = view.snapshot();
  const nodes = SEGMENT_NAMES.map((name, i) => {
    const segment = segments[i];
    const text = segment ? describeAccess(segment.access) : '';
    return registerNode(view, name, {
      value: segment
        ? `0x${segment.selector.toString(16)} base 0x${segment.base.toString(16)} limit 0x${segment.limit.toString(16)} ${text}`
        : 'unknown',
      children: () => [
        registerNode(view, name, { name: 'selector', children: undefined }),
        registerNode(view, `${name}.base`, { name: 'base' }),
        registerNode(view, `${name}.limit`, { name: 'limit' }),
        { ...registerNode(view, `${name}.access`, { name: 'access rights' }), type: text },
      ],
    });
  });
  const tables = ['gdtr', 'idtr'].map((name) => {
    const table = view.snapshot()[name as 'gdtr' | 'idtr'];
    return {
      name,
      value: `base 0x${table.base.toString(16)} limit 0x${table.limit.toString(16)}`,
      children: () => [
        registerNode(view, `${name}.base`, { name: 'base' }),
        registerNode(view, `${name}.limit`, { name: 'limit' }),
      ],
    };
  });
  return [...nodes, ...tables];
}

/** System-segment types in use (SDM 3A Table 3-2). */
const SYSTEM_TYPES: Readonly<Record<number, string>> = {
  1: '16-bit TSS',
  2: 'LDT',
  3: 'busy 16-bit TSS',
  9: 'TSS',
  11: 'busy TSS',
};

/** Access rights in words: `code DPL 3 64-bit`. */
export function describeAccess(access: number): string {
  if (access & 0x10000) return 'unusable';
  const words: string[] = [];
  if (access & 0x10) {
    if (access & 8)
      words.push('code', access & 4 ? 'conforming' : '', access & 2 ? 'readable' : 'execute-only');
    else words.push('data', access & 4 ? 'expand-down' : '', access & 2 ? 'writable' : 'read-only');
  } else words.push(SYSTEM_TYPES[access & 15] ?? `system type ${access & 15}`);
  words.push(`DPL ${(access >> 5) & 3}`);
  if (!(access & 0x80)) words.push('not present');
  if (access & 0x10 && access & 8)
    words.push(access & 0x2000 ? '64-bit' : access & 0x4000 ? '32-bit' : '16-bit');
  return words.filter((word) => word !== '').join(' ');
}
