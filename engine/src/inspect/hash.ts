import { type CpuState, Slot } from '../cpu/state';
import { getFlags } from '../ir/flags';

/** Slots that hold no state between instructions. */
const SCRATCH: readonly number[] = [Slot.CC_RESULT, Slot.CC_A, Slot.CC_B, Slot.CC_KIND, Slot.VMX_UNCHECKED];

/**
 * A 64-bit fingerprint (FNV-1a over 32-bit words, two lanes) of registers, RAM
 * and devices. Flags count by what they are, not by how they are kept.
 */
export function hashState(state: CpuState, ram: Uint8Array, devices: unknown): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  const mix = (word: number): void => {
    a = Math.imul(a ^ word, 0x01000193);
    b = Math.imul((b ^ word) + 0x9e3779b9, 0x85ebca6b) ^ (b >>> 15);
  };
  for (let slot = 0; slot < Slot.TEMP; slot++) {
    if (SCRATCH.includes(slot)) continue;
    mix(state.u32[slot * 2]);
    mix(state.u32[slot * 2 + 1]);
  }
  mix(getFlags(state));
  const words = new Uint32Array(ram.buffer, ram.byteOffset, ram.byteLength >> 2);
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    // Zero words only move the position, which keeps empty memory cheap.
    if (word !== 0) {
      mix(i);
      mix(word);
    }
  }
  for (const character of JSON.stringify(devices)) mix(character.charCodeAt(0));
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}
