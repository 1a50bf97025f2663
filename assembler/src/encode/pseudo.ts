/**
 * Mnemonics that stand for another one with a fixed last immediate: `cmpeqps`
 * is `cmpps` with 0 (SDM vol. 2, CMPPS, tables 3-1 and 3-9).
 */
import type { Form } from './form';

const compare = ['eq', 'lt', 'le', 'unord', 'neq', 'nlt', 'nle', 'ord'];
const vectorCompare: Record<string, number> = {};
[
  'eq_oq lt_os le_os unord_q neq_uq nlt_us nle_us ord_q eq_uq nge_us ngt_us false_oq neq_oq ge_os gt_os true_uq',
  'eq_os lt_oq le_oq unord_s neq_us nlt_uq nle_uq ord_s eq_us nge_uq ngt_uq false_os neq_os ge_oq gt_oq true_us',
]
  .join(' ')
  .split(' ')
  .forEach((name, i) => {
    vectorCompare[name] = i;
  });
'eq lt le unord neq nlt nle ord'.split(' ').forEach((name, i) => {
  vectorCompare[name] = i;
});
Object.assign(vectorCompare, { nge: 9, ngt: 10, false: 11, ge: 13, gt: 14, true: 15 });
const integerCompare: Record<string, number> = {
  eq: 0,
  lt: 1,
  le: 2,
  neq: 4,
  nlt: 5,
  nle: 6,
  ge: 5,
  gt: 6,
  nge: 1,
  ngt: 2,
};
const xopCompare = ['lt', 'le', 'gt', 'ge', 'eq', 'neq', 'false', 'true'];
const multiply: Record<string, number> = { lqlq: 0x00, hqlq: 0x01, lqhq: 0x10, hqhq: 0x11 };

const PSEUDO = /^(v?p?cmp|vpcom|v?pclmul)/;

/** Could this be the name of a pseudo-operation? */
export function isPseudo(name: string): boolean {
  return PSEUDO.test(name);
}

/** The plain mnemonic and its immediate. */
function expand(name: string): [string, number] | undefined {
  let m = /^cmp([a-z]+)(p[sd]|s[sd])$/.exec(name);
  if (m && compare.includes(m[1])) return [`cmp${m[2]}`, compare.indexOf(m[1])];
  m = /^vcmp([a-z_]+?)(p[sd]|s[sd])$/.exec(name);
  if (m && Object.hasOwn(vectorCompare, m[1])) return [`vcmp${m[2]}`, vectorCompare[m[1]]];
  m = /^vpcmp([a-z]+?)(u?[bwdq])$/.exec(name);
  if (m && Object.hasOwn(integerCompare, m[1])) return [`vpcmp${m[2]}`, integerCompare[m[1]]];
  m = /^vpcom([a-z]+?)(u?[bwdq])$/.exec(name);
  if (m && xopCompare.includes(m[1])) return [`vpcom${m[2]}`, xopCompare.indexOf(m[1])];
  m = /^(v?)pclmul([lh]q[lh]q)dq$/.exec(name);
  if (m && m[2] in multiply) return [`${m[1]}pclmulqdq`, multiply[m[2]]];
  return undefined;
}

/** The forms of a pseudo-operation, empty for other names. */
export function pseudoForms(name: string, formsOf: (name: string) => Form[] | undefined): Form[] {
  const plain = isPseudo(name) ? expand(name) : undefined;
  if (!plain) return [];
  return (formsOf(plain[0]) ?? [])
    .filter((f) => f.slots.at(-1)?.place === 'imm')
    .map((f) => ({
      ...f,
      slots: f.slots.slice(0, -1),
      impliedImmediate: plain[1],
      memorySize: plain[0] === 'cmpsd' ? 64 : f.memorySize,
    }));
}
