/** Condition codes in words (SDM vol. 1, appendix B). */
const CONDITIONS: Readonly<Record<string, string>> = {
  o: 'overflow (OF = 1)',
  no: 'no overflow (OF = 0)',
  b: 'below, unsigned (CF = 1)',
  ae: 'above or equal, unsigned (CF = 0)',
  e: 'equal (ZF = 1)',
  ne: 'not equal (ZF = 0)',
  be: 'below or equal, unsigned (CF = 1 or ZF = 1)',
  a: 'above, unsigned (CF = 0 and ZF = 0)',
  s: 'negative (SF = 1)',
  ns: 'not negative (SF = 0)',
  p: 'parity even (PF = 1)',
  np: 'parity odd (PF = 0)',
  l: 'less, signed (SF ≠ OF)',
  ge: 'greater or equal, signed (SF = OF)',
  le: 'less or equal, signed (ZF = 1 or SF ≠ OF)',
  g: 'greater, signed (ZF = 0 and SF = OF)',
};
const SYNONYMS: Readonly<Record<string, string>> = {
  c: 'b',
  nae: 'b',
  nc: 'ae',
  nb: 'ae',
  z: 'e',
  nz: 'ne',
  na: 'be',
  nbe: 'a',
  pe: 'p',
  po: 'np',
  nge: 'l',
  nl: 'ge',
  ng: 'le',
  nle: 'g',
};

/** A condition code, or a synonym of one, in words. */
export function conditionText(code: string): string | undefined {
  const name = Object.hasOwn(SYNONYMS, code) ? SYNONYMS[code] : code;
  return Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined;
}
