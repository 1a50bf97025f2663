import { MSRS } from './register-names';
import type { Node } from './variables';
import { partNode, type RegisterView, registerNode } from './view';

type Bits = readonly (readonly [name: string, bit: number])[];

/** Named bits (SDM 3A 2.5 and 2.2.1, 3B 18.2). */
const CR0: Bits = [
  ['PE', 0],
  ['MP', 1],
  ['EM', 2],
  ['TS', 3],
  ['ET', 4],
  ['NE', 5],
  ['WP', 16],
  ['AM', 18],
  ['NW', 29],
  ['CD', 30],
  ['PG', 31],
];
const CR4: Bits = [
  ['VME', 0],
  ['PVI', 1],
  ['TSD', 2],
  ['DE', 3],
  ['PSE', 4],
  ['PAE', 5],
  ['MCE', 6],
  ['PGE', 7],
  ['PCE', 8],
  ['OSFXSR', 9],
  ['OSXMMEXCPT', 10],
  ['UMIP', 11],
  ['VMXE', 13],
  ['SMXE', 14],
  ['FSGSBASE', 16],
  ['PCIDE', 17],
  ['OSXSAVE', 18],
  ['SMEP', 20],
  ['SMAP', 21],
];
const EFER: Bits = [
  ['SCE', 0],
  ['LME', 8],
  ['LMA', 10],
  ['NXE', 11],
];

/** Control and debug registers and the MSRs that steer the processor; bits by name when unfolded. */
export function controlNodes(view: RegisterView): Node[] {
  const debug = ['dr0', 'dr1', 'dr2', 'dr3', 'dr6', 'dr7'];
  return [
    withBits(view, 'cr0', CR0),
    registerNode(view, 'cr2'),
    registerNode(view, 'cr3'),
    withBits(view, 'cr4', CR4),
    registerNode(view, 'cr8'),
    withBits(view, 'efer', EFER),
    ...debug.map((name) => registerNode(view, name)),
    ...MSRS.map((name) => registerNode(view, name)),
  ];
}

function withBits(view: RegisterView, whole: string, bits: Bits): Node {
  const node = registerNode(view, whole);
  const value = view.snapshot().system[whole];
  if (value === undefined) return node;
  const set = bits.filter(([, bit]) => (value >> BigInt(bit)) & 1n).map(([name]) => name);
  return {
    ...node,
    value: `0x${value.toString(16)} ${set.join(' ')}`.trimEnd(),
    children: () => bits.map(([name, shift]) => partNode(view, { name }, { whole, shift, bits: 1 })),
  };
}
