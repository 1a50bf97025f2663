import { Code, Decoder, DecoderOptions, type Instruction } from 'iced-x86';

/** Longest instruction (SDM 2A 2.3.11). */
export const MAX_INSTRUCTION = 15;

/**
 * Decodes the instruction at the start of `bytes` and hands it to `use`;
 * undefined when there is no valid instruction. iced-x86's objects live in its
 * Wasm memory and are freed here.
 */
export function withInstruction<T>(
  bytes: Uint8Array,
  bits: 16 | 32 | 64,
  address: bigint,
  use: (instruction: Instruction) => T,
): T | undefined {
  if (bytes.length === 0) return undefined;
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  try {
    decoder.ip = BigInt.asUintN(64, address);
    const instruction = decoder.decode();
    try {
      return instruction.code === Code.INVALID ? undefined : use(instruction);
    } finally {
      instruction.free();
    }
  } finally {
    decoder.free();
  }
}
