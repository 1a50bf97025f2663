import { CpuidFeature, type Instruction } from 'iced-x86';

/** Which unit executes an instruction: 1 x87, 2 MMX, SSE or AVX, 0 neither. */
export function coprocessorOf(insn: Instruction): 0 | 1 | 2 {
  for (const feature of insn.cpuidFeatures()) {
    const name = CpuidFeature[feature];
    if (name.startsWith('FPU')) return 1;
    if (/^(MMX|SSE|SSSE|AVX|FMA|F16C|AES|PCLMUL)/.test(name)) return 2;
  }
  return 0;
}
