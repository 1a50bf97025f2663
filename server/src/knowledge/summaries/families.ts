/** Element types of vector instructions by their suffix. */
const TYPES: Readonly<Record<string, string>> = {
  ps: 'packed single-precision values',
  pd: 'packed double-precision values',
  ss: 'a single-precision value',
  sd: 'a double-precision value',
  ph: 'packed half-precision values',
  sh: 'a half-precision value',
};
const INTEGERS: Readonly<Record<string, string>> = {
  b: 'bytes',
  w: 'words',
  d: 'doublewords',
  q: 'quadwords',
  dq: 'halves',
};

const FLOAT_VERBS: readonly [RegExp, string][] = [
  [/^add/, 'Adds'],
  [/^subadd|^addsub/, 'Alternately subtracts and adds'],
  [/^sub/, 'Subtracts'],
  [/^mul/, 'Multiplies'],
  [/^div/, 'Divides'],
  [/^sqrt/, 'Square root of'],
  [/^rsqrt/, 'Approximate reciprocal square root of'],
  [/^rcp/, 'Approximate reciprocal of'],
  [/^min/, 'Minimum of'],
  [/^max/, 'Maximum of'],
  [/^cmp/, 'Compares (by a predicate)'],
  [/^round/, 'Rounds'],
  [/^h?add/, 'Adds neighbouring'],
  [/^hsub/, 'Subtracts neighbouring'],
  [/^unpckl/, 'Interleaves the low halves of'],
  [/^unpckh/, 'Interleaves the high halves of'],
  [/^blend/, 'Selects elements of'],
  [/^fn?m(add|sub)/, 'Fused multiply-add or -subtract of'],
  [/^dp/, 'Dot product of'],
  [/^perm/, 'Rearranges'],
  [/^gather/, 'Gathers from memory by indexes'],
  [/^scatter/, 'Scatters to memory by indexes'],
  [/^getexp/, 'Exponents of'],
  [/^getmant/, 'Mantissas of'],
  [/^range/, 'Range restriction of'],
  [/^reduce/, 'Reduction of'],
  [/^scalef/, 'Scales by a power of two'],
  [/^compress/, 'Packs the selected of'],
  [/^expand/, 'Spreads'],
];
const INTEGER_VERBS: readonly [RegExp, string][] = [
  [/^padds/, 'Adds with signed saturation, packed'],
  [/^paddus/, 'Adds with unsigned saturation, packed'],
  [/^padd/, 'Adds packed'],
  [/^psubs/, 'Subtracts with signed saturation, packed'],
  [/^psubus/, 'Subtracts with unsigned saturation, packed'],
  [/^psub/, 'Subtracts packed'],
  [/^pmull/, 'Multiplies, keeping the low halves, packed'],
  [/^pmulh/, 'Multiplies, keeping the high halves, packed'],
  [/^pmul/, 'Multiplies packed'],
  [/^pmadd/, 'Multiplies and adds neighbouring packed'],
  [/^pcmpeq/, 'Compares for equality packed'],
  [/^pcmpgt/, 'Compares for greater, signed, packed'],
  [/^pcmp/, 'Compares packed'],
  [/^pmin/, 'Minimum of packed'],
  [/^pmax/, 'Maximum of packed'],
  [/^pavg/, 'Rounded average of packed'],
  [/^pabs/, 'Absolute values of packed'],
  [/^psign/, 'Applies signs to packed'],
  [/^psll/, 'Shifts left packed'],
  [/^psrl/, 'Shifts right packed'],
  [/^psra/, 'Shifts right, keeping the sign, packed'],
  [/^prol/, 'Rotates left packed'],
  [/^pror/, 'Rotates right packed'],
  [/^punpckl/, 'Interleaves the low halves of packed'],
  [/^punpckh/, 'Interleaves the high halves of packed'],
  [/^pack/, 'Narrows with saturation packed'],
  [/^pmovsx/, 'Extends with sign packed'],
  [/^pmovzx/, 'Extends with zeros packed'],
  [/^pextr/, 'Extracts one of packed'],
  [/^pinsr/, 'Inserts one of packed'],
  [/^pbroadcast/, 'Fills the vector with one of'],
  [/^pshuf/, 'Rearranges packed'],
  [/^pblend/, 'Selects elements of packed'],
  [/^perm/, 'Rearranges packed'],
  [/^phadd/, 'Adds neighbouring packed'],
  [/^phsub/, 'Subtracts neighbouring packed'],
  [/^psad/, 'Sums absolute differences of packed'],
  [/^pgather/, 'Gathers by indexes packed'],
  [/^pscatter/, 'Scatters by indexes packed'],
  [/^pcompress/, 'Packs the selected of'],
  [/^pexpand/, 'Spreads'],
  [/^pternlog/, 'Combines bits of three vectors by a truth table:'],
  [/^pconflict/, 'Finds equal elements among packed'],
  [/^plzcnt/, 'Counts leading zeros of packed'],
  [/^popcnt/, 'Counts 1 bits of packed'],
  [/^ptestn?m/, 'Tests and makes a mask from packed'],
];
const EXTRA_VERBS: readonly [RegExp, string][] = [
  [/^broadcast[fi]?\d+/, 'Fills the vector with a part of the source.'],
  [/^broadcasts/, 'Fills the vector with one floating-point value.'],
  [/^extract[fi]\d+/, 'Extracts a part of a vector.'],
  [/^insert[fi]\d+/, 'Inserts a part into a vector.'],
  [/^shuf[fi]\d+/, 'Rearranges 128-bit parts of vectors.'],
  [/^align[dq]/, 'Shifts two joined vectors right by elements.'],
  [/^maskmov|^pmaskmov/, 'Loads or stores the elements that a mask selects.'],
  [/^pmov\w+2m$/, 'Makes a mask of the top bits.'],
  [/^pmovm2/, 'Spreads a mask over a vector.'],
  [/^pmov(u?s)?(qb|qw|qd|db|dw|wb)$/, 'Narrows packed integers.'],
  [/^p?4?p?dp(?![ps][sd])|^dpbf16/, 'Multiplies and accumulates neighbouring packed values.'],
  [/^psh[lr]d/, 'Shifts joined packed integers.'],
  [/^prot|^psh[al]/, 'Rotates or shifts packed integers (AMD XOP).'],
  [/^pcom|^pcmov|^pmac|^pmadcs|^pperm|^frcz/, 'Packed operation of AMD XOP.'],
  [/^rndscale/, 'Rounds to a number of fraction bits.'],
  [/^fpclass/, 'Makes a mask of values of certain classes.'],
  [/^fixupimm/, 'Repairs special floating-point values.'],
  [/^exp2/, 'Approximate power of two.'],
  [/^fc?m(ul|add)c/, 'Multiplies complex half-precision values.'],
  [/^4fn?madd/, 'Multiplies and accumulates over four registers.'],
  [/^(gather|scatter)pf/, 'Prefetches by indexes.'],
  [/^sha512/, 'Helps to compute SHA-512.'],
  [/^sm[34]/, 'Helps to compute the Chinese hash or cipher SM3, SM4.'],
  [/^cvt|^bcst/, 'Converts between number formats.'],
  [/^u?comis/, 'Compares scalars; the result goes to ZF, PF and CF.'],
  [/^pf|^pi2|^pswapd/, 'Packed operation of AMD 3DNow!.'],
];

/** What an instruction of a family with regular names does: its verb and the type of its elements. */
export function vector(name: string): string | undefined {
  const convert = /^cvt(t?)(\w+)2(\w+)$/.exec(name);
  if (convert) return `Converts ${convert[2]} to ${convert[3]}${convert[1] ? ', truncating' : ''}.`;
  const float = /(ps|pd|ss|sd|ph|sh)$/.exec(name);
  if (float) {
    const verb = FLOAT_VERBS.find(([pattern]) => pattern.test(name));
    if (verb) return `${verb[1]} ${TYPES[float[1]]}.`;
  }
  const integer = INTEGER_VERBS.find(([pattern]) => pattern.test(name));
  if (integer) {
    const element = /(dq|[bwdq])$/.exec(name);
    return `${integer[1]} ${element ? INTEGERS[element[1]] : 'integers'}.`;
  }
  return EXTRA_VERBS.find(([pattern]) => pattern.test(name))?.[1];
}
