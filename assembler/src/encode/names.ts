/** Mnemonics that NASM and iced-x86 spell differently, and those only iced-x86 has. */

/** NASM name → iced-x86 name with the same forms. */
export const aliases: Record<string, string> = {
  sal: 'shl',
  fwait: 'wait',
  xlat: 'xlatb',
  retn: 'ret',
  icebp: 'int1',
  int01: 'int1',
  int03: 'int3',
  loopz: 'loope',
  loopnz: 'loopne',
  ud2a: 'ud2',
  ud2b: 'ud1',
  v4dpwssd: 'vp4dpwssd',
  v4dpwssds: 'vp4dpwssds',
  kunpck: 'kunpckbw',
  vbcstnebf16ps: 'vbcstnebf162ps',
};

/** Condition names that iced-x86 does not use → the one it uses. */
const conditionAliases: Record<string, string> = {
  z: 'e',
  nz: 'ne',
  c: 'b',
  nae: 'b',
  nb: 'ae',
  nc: 'ae',
  na: 'be',
  nbe: 'a',
  pe: 'p',
  po: 'np',
  nge: 'l',
  nl: 'ge',
  ng: 'le',
  nle: 'g',
};
for (const [alias, name] of Object.entries(conditionAliases)) {
  for (const stem of ['j', 'set', 'cmov']) aliases[stem + alias] = stem + name;
}

// The compare-and-add family, whose conditions iced-x86 names the other way round.
const exchange: Record<string, string> = {
  a: 'nbe',
  ae: 'nb',
  c: 'b',
  e: 'z',
  g: 'nle',
  ge: 'nl',
  na: 'be',
  nae: 'b',
  nc: 'nb',
  ne: 'nz',
  ng: 'le',
  nge: 'l',
  pe: 'p',
  po: 'np',
};
for (const [alias, name] of Object.entries(exchange)) aliases[`cmp${alias}xadd`] = `cmp${name}xadd`;

// Fused multiply-add with the two factors named in the other order (NASM manual, appendix B).
for (const op of ['fmadd', 'fmaddsub', 'fmsub', 'fmsubadd', 'fnmadd', 'fnmsub']) {
  for (const type of ['ps', 'pd', 'ss', 'sd']) {
    for (const [alias, order] of [
      ['312', '132'],
      ['123', '213'],
      ['321', '231'],
    ]) {
      aliases[`v${op}${alias}${type}`] = `v${op}${order}${type}`;
    }
  }
}

// AVX-512 mask instructions without a size letter mean bytes.
for (const op of [
  'kmov',
  'knot',
  'kortest',
  'kand',
  'kandn',
  'kor',
  'kxor',
  'kxnor',
  'kadd',
  'kshiftl',
  'kshiftr',
  'ktest',
])
  aliases[op] = `${op}b`;

/**
 * iced-x86 names that are no mnemonics here: NASM does not know them, and as
 * old, undocumented or processor-internal instructions they would only take
 * good names away from labels. (Documented instructions newer than NASM 2.16
 * stay available.)
 */
export const unknown = new Set<string>(
  (
    'invalid sysretq sysexitq altinst ccs_encrypt ccs_hash cl1invmb clevict0 clevict1 delay ' +
    'fnsetpm fnstdw fnstsg frichop frinear frint2 frstpm fstdw fstpnce fstsg ftstp getsecq jknzd jkzd kandnr kconcath ' +
    'kconcatl kextract kmerge2l1h kmerge2l1l rdudbg reservednop spflt storeall tzcnti undoc vprefetch0 vprefetch1 vprefetch2 ' +
    'vprefetche0 vprefetche1 vprefetche2 vprefetchenta vprefetchnta wrudbg xsha512 xsha512_alt xstore_alt tcmmimfp16ps ' +
    'tcmmrlfp16ps vpcmpestri64 vpcmpestrm64 pcmpestri64 pcmpestrm64 seamops zero_bytes'
  ).split(' '),
);
