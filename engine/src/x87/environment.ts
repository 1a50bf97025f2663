/** The x87's state in memory: FSTENV's and FSAVE's images (SDM 1 8.1.10, Figures 8-9 to 8-12). */
import type { Cpu } from '../cpu/cpu';
import { Slot } from '../cpu/state';
import { Control, Status, summarize } from './unit';

const enum Tag {
  VALID,
  ZERO,
  SPECIAL,
  EMPTY,
}

/** The full tag word: two bits a register. */
export function tagWord(cpu: Cpu): number {
  const s = cpu.state;
  let word = 0;
  for (let n = 7; n >= 0; n--) {
    const slot = Slot.ST0 + 2 * n;
    const exponent = s.low(slot + 1) & 0x7fff;
    const significand = s.u64[slot];
    let tag = Tag.VALID;
    if ((s.low(Slot.FTW) & (1 << n)) === 0) tag = Tag.EMPTY;
    else if (exponent === 0 && significand === 0n) tag = Tag.ZERO;
    else if (exponent === 0 || exponent === 0x7fff || significand >> 63n === 0n) tag = Tag.SPECIAL;
    word = (word << 2) | tag;
  }
  return word & 0xffff;
}

/** The image's seven words or doublewords: `bytes` 14 or 28; `real`: as real-address mode has it. */
export function environmentImage(cpu: Cpu, bytes: 14 | 28, real: boolean): number[] {
  const s = cpu.state;
  const ip = s.low(Slot.FIP);
  const dp = s.low(Slot.FDP);
  const opcode = s.low(Slot.FOP) & 0x7ff;
  const control = s.low(Slot.FCW);
  const status = s.low(Slot.FSW);
  const tags = tagWord(cpu);
  // Selectors of instruction and operand read as zero, as on processors that deprecate them (CPUID.7.0:EBX[13]).
  if (bytes === 28) {
    // Unused upper halves read as ones.
    const high = 0xffff0000;
    const words = [(control | high) >>> 0, (status | high) >>> 0, (tags | high) >>> 0];
    if (real)
      return [
        ...words,
        ((ip & 0xffff) | high) >>> 0,
        (((ip >>> 16) << 12) | opcode) >>> 0,
        ((dp & 0xffff) | high) >>> 0,
        ((dp >>> 16) << 12) >>> 0,
      ];
    return [...words, ip, (opcode << 16) >>> 0, dp, high];
  }
  const words = [control, status, tags];
  if (real) return [...words, ip & 0xffff, ((ip >>> 4) & 0xf000) | opcode, dp & 0xffff, (dp >>> 4) & 0xf000];
  return [...words, ip & 0xffff, 0, dp & 0xffff, 0];
}

/** The reverse: from the image's words. */
export function loadEnvironment(cpu: Cpu, words: readonly number[], bytes: 14 | 28, real: boolean): void {
  const s = cpu.state;
  s.setLow(Slot.FSW, words[1] & 0xffff);
  let tags = 0;
  for (let n = 0; n < 8; n++) if (((words[2] >> (2 * n)) & 3) !== Tag.EMPTY) tags |= 1 << n;
  s.setLow(Slot.FTW, tags);
  const wide = bytes === 28;
  let ip = wide && !real ? words[3] : words[3] & 0xffff;
  let dp = wide && !real ? words[5] : words[5] & 0xffff;
  if (real) {
    ip |= wide ? (words[4] & 0xffff000) << 4 : (words[4] & 0xf000) << 4;
    dp |= wide ? (words[6] & 0xffff000) << 4 : (words[6] & 0xf000) << 4;
  }
  s.setLow(Slot.FIP, ip >>> 0);
  s.setLow(Slot.FDP, dp >>> 0);
  s.setLow(Slot.FOP, (wide && !real ? words[4] >>> 16 : real ? words[4] : 0) & 0x7ff);
  setControl(cpu, words[0]);
}

/** FNINIT. The registers keep their contents, all tagged empty. */
export function initialize(cpu: Cpu): void {
  const s = cpu.state;
  s.setLow(Slot.FCW, Control.RESET);
  for (const slot of [Slot.FSW, Slot.FTW, Slot.FOP, Slot.FIP, Slot.FDP]) s.setLow(slot, 0);
}

/** FLDCW: an exception that stops being masked is pending at once. */
export function setControl(cpu: Cpu, word: number): void {
  cpu.state.setLow(Slot.FCW, (word & Control.EXISTING) | Control.ALWAYS);
  summarize(cpu);
}

/** FNCLEX. */
export function clearExceptions(cpu: Cpu): void {
  cpu.state.setLow(
    Slot.FSW,
    cpu.state.low(Slot.FSW) & ~(Status.EXCEPTIONS | Status.SF | Status.ES | Status.B),
  );
}
