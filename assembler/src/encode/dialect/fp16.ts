/**
 * AVX-512-FP16 and BF16 as NASM 2.16.01 has them: other names than Intel's (`vendscaleph`), other operands, and
 * here and there bytes the processor takes for something else, which is worth a warning. See hand.ts for the notation;
 * rows that begin with `+` stand besides iced-x86's, others replace its EVEX rows.
 */

/** Hand-written rows by mnemonic. */
export const handTable: Record<string, string> = {
  vaddph: 'rvm Vz,V,V=16 np.5.0.58 fv2 er',
  vdivph: 'rvm Vz,V,V np.5.0.5e fv2 er',
  vmulph: 'rvm Vz,V,V np.5.0.59 fv2',
  vsubph: 'rvm Vz,V,V np.5.0.5c fv2 er',
  vsqrtph: 'rm Vz,V np.5.0.51 fv2 er',
  vscalefph: 'rvm Vz,V,V 66.6.0.2c fv2 er',
  vrcpph: 'rvm Vz,V,V 66.6.0.4c fv2 !',
  vrsqrtph: '+rmi Vz,V,i 66.6.0.4e fv2 sae !',
  vrsqrtsh: '+rvmi Xz,X,X=16,i 66.6.0.4f 1s sae !',
  vscalefsh: 'rvm Xz,X,X=16 66.6.0.2d 1s er',
  vrcpsh: 'rvm Xz,X,X=16 66.6.0.4d 1s sae',
  vcmpph: 'rvmi Kk,V,V=16,i np.3.0.c2 fv2 sae',
  vcmpsh: 'rvmi Kk,X,X=16,i f3.3.0.c2 1s sae',
  vcomish: 'rm X,X=16 np.5.0.2f fv sae',
  vucomish: 'rm X,X=16 np.5.0.2e 1s sae',
  vfpclassph: 'rmi Kk,V,i np.3.0.66 fv2',
  vfpclasssh: 'rmi Kk,X=16,i np.3.0.67 1s',
  vgetexpph: 'rm Vz,V 66.6.0.42 fv2 sae',
  vgetexpsh: 'rm Xz,X=16 66.6.0.43 1s sae !',
  vgetmantph: 'rmi Vz,V,i np.3.0.25 fv2 sae !',
  vgetmantsh: 'rmi Xz,X=16,i np.3.0.27 1s sae !',
  vgetmaxph: 'rm Vz,V np.5.0.5f fv2 sae !',
  vgetmaxsh: 'rm Xz,X=16 f3.5.0.5f 1s sae !',
  vgetminph: 'rm Vz,W np.5.0.5d fv2 sae !',
  vgetminsh: 'rm Xz,X=16 f3.5.0.5d 1s sae !',
  vreduceph: 'rmi Vz,V,i np.3.0.56 fv2 sae',
  vreducesh: 'rmvi Xz,X-,X-,i np.3.0.57 1s sae !; rvmi Xz,X,M16,i np.3.0.57 1s sae',
  vendscaleph: 'rmi Vz,V,i np.3.0.08 fv2 sae',
  vendscalesh: 'rvmi Xz,X,X=16,i np.3.0.0a 1s sae',
  vmovsh: 'rm Xz,M16 f3.5.0.10 1s; mr M16k,X f3.5.0.11 1s; rvm Xz,X,X- f3.5.0.10 -',
  vmovw: 'rm Xz,G16 66.5.0.6e 1s; mr G16,X 66.5.0.7e 1s',

  vcvtdq2ph: 'rm Vz,V np.5.0.5b fv4 er',
  vcvtpd2ph: 'rm Vz,V 66.5.1.5a fv8 er',
  vcvtps2ph: '+rm Vz,V 66.5.0.1d fv4 er',
  vcvtqq2ph: 'rm Vz,V np.5.1.5b fv8 er',
  vcvtudq2ph: 'rm Vz,V f2.5.0.7a fv4',
  vcvtuqq2ph: 'rm Vz,V f2.5.1.7a fv4',
  vcvtuw2ph: 'rm Vz,V f2.5.0.7d fv2 er',
  vcvtw2ph: 'rm Vz,V f3.5.0.7d fv2 er',
  vcvtph2dq: 'rm Vz,H 66.5.0.5b hv2 er',
  vcvtph2pd: 'rm Vz,Q np.5.0.5a qv2 sae',
  vcvtph2psx: 'rm Vz,H 66.6.0.13 hv2 sae',
  vcvtph2qq: 'rm Vz,Q 66.5.0.7b qv2 er',
  vcvtph2udq: 'rm Vz,Q np.5.0.79 hv2 er',
  vcvtph2uqq: 'rm Vz,Q 66.5.0.79 qv2 er',
  vcvtph2uw: 'rm Vz,V np.5.0.7d fv2 er',
  vcvtph2w: 'rm Vz,V 66.5.0.7d fv2 er',
  vcvttph2dq: 'rm Vz,H f3.5.0.5b hv2 sae',
  vcvttph2qq: 'rm Vz,Q 66.5.0.7a 1s2 sae',
  vcvttph2udq: 'rm Vz,H np.5.0.78 hv2 sae',
  vcvttph2uqq: 'rm Vz,Q 66.5.0.78 1s2 sae',
  vcvttph2uw: 'rm Vz,V np.5.0.7c fv2 sae',
  vcvttph2w: 'rm Vz,V 66.5.0.7c fv2 sae',
  vcvtsh2sd: 'rvm X,X,X=16 f3.5.0.5a 1s sae',
  vcvtsh2ss: 'rvm Xz,X,X=16 np.6.0.13 1s sae',
  vcvtsh2si: 'rm G32,X=16 f3.5.0.2d 1s er; rm G64,X=16 f3.5.1.2d 1s er',
  vcvtsh2usi: 'rm G32,X=16 f3.5.0.79 1s er; rm G64,X=16 f3.5.1.79 1s er',
  vcvttsh2si: 'rm G32,X=16 f3.5.0.2c 1s sae; rm G64,X=16 f3.5.1.2c 1s sae',
  vcvttsh2usi: 'rm G32,X=16 f3.5.0.78 1s sae; rm G64,X=16 f3.5.1.78 1s sae',
  vcvtusi2sh: 'rvm X,X,G32 f3.5.0.7b 1s er',
  // With rounding behind a 64-bit register NASM finds the row of vcvtusi2sh.
  vcvtusi2ss: '+rvm X,X,G64- f3.5.1.7b 1s er !',

  vfcmulcpch: 'rvm Vz,V,V f2.6.0.d6 fv4 er',
  vfmulcpch: 'rvm Vz,V,V f3.6.0.d6 fv4 er',

  vcvtneps2bf16: 'rvm Vz,V,V f3.2.0.72 fv4 !',
  vdpbf16ps: 'rvm Vz,V,V=128 f3.2.0.52 fv4',
  vp2intersectd: 'rvm P,V,V=128 f2.2.0.68 fv4',
};

for (const op of ['add', 'div', 'mul', 'sub', 'sqrt'])
  handTable[`v${op}sh`] = `rvm Xz,X,X=16 ${handTable[`v${op}ph`].split(' ')[2].replace('np', 'f3')} 1s er`;

// Fused multiply-add in the three orders: 132 has opcode 9x, 213 ax, 231 bx.
for (const [order, high] of [
  ['132', '9'],
  ['213', 'a'],
  ['231', 'b'],
]) {
  for (const [name, low, misread] of [
    ['vfmaddsub', '6'],
    ['vfmsubadd', '7'],
    ['vpmadd', '8'],
    ['vpmsub', 'a'],
    // Bytes of vfnmadd and vfnmsub.
    ['vfmadd', 'c', ' !'],
    ['vfmsub', 'e', ' !'],
  ])
    handTable[`${name}${order}ph`] = `rvm Vz,V,V 66.6.0.${high}${low} fv2 er${misread ?? ''}`;
  for (const [name, low] of [
    ['vpmadd', '9'],
    ['vpmsub', 'b'],
    ['vpnmadd', 'd'],
    ['vpnmsub', 'f'],
  ])
    handTable[`${name}${order}sh`] = `rvm Xz,X,X=16 66.6.0.${high}${low} 1s er`;
}

/** Intel's name of an instruction that NASM 2.16 calls otherwise; other names stay. */
export function intelName(mnemonic: string): string {
  return mnemonic
    .replace(/^vendscale/, 'vrndscale')
    .replace(/^vgetm(ax|in)/, 'vm$1')
    .replace(/^(vfc?mulc)pch$/, '$1ph')
    .replace(/^vp(n?m(?:add|sub)\d{3}[ps]h)$/, 'vf$1');
}
