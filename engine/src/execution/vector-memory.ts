import { type Cpu, Vector } from '../cpu/cpu';
import { MemAux } from '../ir/ops';
import type { SoftMmu } from '../memory/soft-mmu';

/** The bits of {@link MemAux} that the MMU knows too. */
const ACCESS = MemAux.STACK | MemAux.WRAP32 | MemAux.WRITE_INTENT;

function aligned(cpu: Cpu, low: number, aux: number): boolean {
  if (!(aux & MemAux.ALIGNED) || (low & 15) === 0) return true;
  cpu.raise(Vector.GP, 0, 'The 16-byte memory operand is not aligned to 16 bytes.');
  return false;
}

/** Carry of adding to the low half of an address. */
function next(high: number, low: number): number {
  return low > 0xffffffff ? (high + 1) >>> 0 : high;
}

/** LOAD128: vector d ← 16 bytes at an address given in halves. False after a fault, with d as it was. */
export function loadVector(
  cpu: Cpu,
  mmu: SoftMmu,
  d: number,
  low: number,
  high: number,
  aux: number,
): boolean {
  if (!aligned(cpu, low, aux)) return false;
  const how = aux & ACCESS;
  if (!mmu.load(cpu, low, high, 8, how)) return false;
  const { valueLo, valueHi } = mmu;
  const second = low + 8;
  if (!mmu.load(cpu, second >>> 0, next(high, second), 8, how)) return false;
  const { u32 } = cpu.state;
  u32[d * 2] = valueLo;
  u32[d * 2 + 1] = valueHi;
  u32[d * 2 + 2] = mmu.valueLo;
  u32[d * 2 + 3] = mmu.valueHi;
  return true;
}

/** STORE128: 16 bytes at an address given in halves ← vector d. False after a fault, with nothing written. */
export function storeVector(
  cpu: Cpu,
  mmu: SoftMmu,
  d: number,
  low: number,
  high: number,
  aux: number,
): boolean {
  if (!aligned(cpu, low, aux)) return false;
  const how = aux & ACCESS;
  const second = low + 8;
  // Across pages: both must be writable before anything is written, the lower one being asked first.
  if ((low & 0xfff) > 0xff0) {
    const page = (low | 0xfff) >>> 0;
    if (!mmu.load(cpu, low, high, 1, how | MemAux.WRITE_INTENT)) return false;
    if (!mmu.load(cpu, (page + 1) >>> 0, next(high, page + 1), 1, how | MemAux.WRITE_INTENT)) return false;
  }
  const { u32 } = cpu.state;
  return (
    mmu.store(cpu, low, high, 8, how, u32[d * 2], u32[d * 2 + 1]) &&
    mmu.store(cpu, second >>> 0, next(high, second), 8, how, u32[d * 2 + 2], u32[d * 2 + 3])
  );
}
