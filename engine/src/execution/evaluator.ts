import { Abort, type Cpu, Vector } from '../cpu/cpu';
import { segmentCheck } from '../cpu/segmentation';
import { type CpuState, Slot } from '../cpu/state';
import { HELPER_FUNCTIONS, HELPERS } from '../helpers';
import type { Block } from '../ir/block';
import { carryFlag, condition, getFlags, setFlags } from '../ir/flags';
import { Op, WORDS } from '../ir/ops';
import { FLOAT_FUNCTIONS, FLOAT_GETS, FLOAT_SETS } from '../ir/vector-float';
import { VECTOR_FUNCTIONS } from '../ir/vector-rows';
import { VECTOR_GETS, VECTOR_SETS } from '../ir/vector-transfers';
import type { SoftMmu } from '../memory/soft-mmu';
import { loadVector, storeVector } from './vector-memory';

const RIP_LOW = Slot.RIP * 2;

/**
 * The reference evaluator: executes a block's micro-ops one after the other on
 * the register file. It is the oracle the fast tier is compared with, so it is
 * plain; it only avoids BigInt where halves are as clear.
 */
export class Evaluator {
  private readonly u32: Uint32Array;
  private readonly u64: BigUint64Array;
  private readonly state: CpuState;
  /** Asked at a BREAK micro-op with RIP at the instruction; true stops (it has called requestStop). */
  onBreak: (linearLow: number, linearHigh: number) => boolean = () => false;

  constructor(
    private readonly cpu: Cpu,
    private readonly mmu: SoftMmu,
  ) {
    this.state = cpu.state;
    this.u32 = cpu.state.u32;
    this.u64 = cpu.state.u64;
  }

  /**
   * Runs `block` until it ends, aborts (`cpu.abort`), reaches `cpu.deadline` or
   * has begun `count` instructions. RIP is then exact.
   * @param from index of the word to begin with: of an INSN or BREAK, at which RIP stands
   * @returns index of the INSN or BREAK to go on with, or −1 when the block has been left
   */
  run(block: Block, from = 0, count = Number.POSITIVE_INFINITY): number {
    const { cpu, mmu, state, u32, u64 } = this;
    const code = block.code;
    const ripLow = (u32[RIP_LOW] - code[from + 1]) >>> 0;
    const ripHigh = u32[RIP_LOW + 1];
    const end = cpu.icount + count;
    let at = from;

    for (;;) {
      const word = code[at];
      const d = code[at + 1];
      const a = code[at + 2];
      const b = code[at + 3];
      at += WORDS;
      switch (word & 0xff) {
        case Op.INSN:
          u32[RIP_LOW] = ripLow + d;
          if (cpu.icount >= cpu.deadline || cpu.icount >= end) return at - WORDS;
          cpu.icount++;
          cpu.instructionLength = a;
          break;
        case Op.BREAK:
          u32[RIP_LOW] = ripLow + d;
          // At the deadline the machine stops anyway; the breakpoint is met when it goes on.
          if (cpu.icount >= cpu.deadline || cpu.icount >= end) return at - WORDS;
          if (this.onBreak((ripLow + d) >>> 0, ripHigh)) return at - WORDS;
          at += b * WORDS;
          break;

        case Op.MOV:
          u32[d * 2] = u32[a * 2];
          u32[d * 2 + 1] = u32[a * 2 + 1];
          break;
        case Op.CONST:
          u32[d * 2] = a;
          u32[d * 2 + 1] = b;
          break;
        case Op.RIP:
          this.relative(d, ripLow, ripHigh, a, word >>> 8);
          break;

        case Op.ADD64: {
          const low = u32[a * 2] + u32[b * 2];
          u32[d * 2 + 1] = u32[a * 2 + 1] + u32[b * 2 + 1] + (low > 0xffffffff ? 1 : 0);
          u32[d * 2] = low;
          break;
        }
        case Op.SUB64: {
          const low = u32[a * 2] - u32[b * 2];
          u32[d * 2 + 1] = u32[a * 2 + 1] - u32[b * 2 + 1] - (low < 0 ? 1 : 0);
          u32[d * 2] = low;
          break;
        }
        case Op.AND64:
          u32[d * 2] = u32[a * 2] & u32[b * 2];
          u32[d * 2 + 1] = u32[a * 2 + 1] & u32[b * 2 + 1];
          break;
        case Op.OR64:
          u32[d * 2] = u32[a * 2] | u32[b * 2];
          u32[d * 2 + 1] = u32[a * 2 + 1] | u32[b * 2 + 1];
          break;
        case Op.XOR64:
          u32[d * 2] = u32[a * 2] ^ u32[b * 2];
          u32[d * 2 + 1] = u32[a * 2 + 1] ^ u32[b * 2 + 1];
          break;
        case Op.MUL64:
          u64[d] = u64[a] * u64[b];
          break;
        case Op.ADD32:
          u32[d * 2] = u32[a * 2] + u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.SUB32:
          u32[d * 2] = u32[a * 2] - u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.AND32:
          u32[d * 2] = u32[a * 2] & u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.OR32:
          u32[d * 2] = u32[a * 2] | u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.XOR32:
          u32[d * 2] = u32[a * 2] ^ u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.MUL32:
          u32[d * 2] = Math.imul(u32[a * 2], u32[b * 2]);
          u32[d * 2 + 1] = 0;
          break;
        case Op.MULHU64:
          u64[d] = (u64[a] * u64[b]) >> 64n;
          break;
        case Op.MULHS64:
          u64[d] = BigInt.asUintN(64, (BigInt.asIntN(64, u64[a]) * BigInt.asIntN(64, u64[b])) >> 64n);
          break;

        case Op.SHL64:
          u64[d] = u64[a] << BigInt(u32[b * 2] & 63);
          break;
        case Op.SHR64:
          u64[d] = u64[a] >> BigInt(u32[b * 2] & 63);
          break;
        case Op.SAR64:
          u64[d] = BigInt.asUintN(64, BigInt.asIntN(64, u64[a]) >> BigInt(u32[b * 2] & 63));
          break;
        case Op.SHL32:
          u32[d * 2] = u32[a * 2] << u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.SHR32:
          u32[d * 2] = u32[a * 2] >>> u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.SAR32:
          u32[d * 2] = (u32[a * 2] | 0) >> u32[b * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.ROTL64:
          this.rotateLeft64(d, a, u32[b * 2] & 63);
          break;
        case Op.ROTR64:
          this.rotateLeft64(d, a, -u32[b * 2] & 63);
          break;
        case Op.ROTL32: {
          const n = u32[b * 2] & 31;
          const v = u32[a * 2];
          u32[d * 2] = (v << n) | (v >>> (-n & 31));
          u32[d * 2 + 1] = 0;
          break;
        }
        case Op.ROTR32: {
          const n = u32[b * 2] & 31;
          const v = u32[a * 2];
          u32[d * 2] = (v >>> n) | (v << (-n & 31));
          u32[d * 2 + 1] = 0;
          break;
        }

        case Op.ADDI64: {
          const low = u32[a * 2] + (b >>> 0);
          u32[d * 2 + 1] = u32[a * 2 + 1] + (b >> 31) + (low > 0xffffffff ? 1 : 0);
          u32[d * 2] = low;
          break;
        }
        case Op.ANDI64:
          u32[d * 2] = u32[a * 2] & b;
          u32[d * 2 + 1] = u32[a * 2 + 1] & (b >> 31);
          break;
        case Op.ADDI32:
          u32[d * 2] = u32[a * 2] + b;
          u32[d * 2 + 1] = 0;
          break;
        case Op.ANDI32:
          u32[d * 2] = u32[a * 2] & b;
          u32[d * 2 + 1] = 0;
          break;
        case Op.SHLI64: {
          const n = b & 63;
          const low = u32[a * 2];
          const high = u32[a * 2 + 1];
          if (n === 0) {
            u32[d * 2] = low;
            u32[d * 2 + 1] = high;
          } else if (n < 32) {
            u32[d * 2] = low << n;
            u32[d * 2 + 1] = (high << n) | (low >>> (32 - n));
          } else {
            u32[d * 2] = 0;
            u32[d * 2 + 1] = low << (n - 32);
          }
          break;
        }
        case Op.SHRI64: {
          const n = b & 63;
          const low = u32[a * 2];
          const high = u32[a * 2 + 1];
          if (n === 0) {
            u32[d * 2] = low;
            u32[d * 2 + 1] = high;
          } else if (n < 32) {
            u32[d * 2] = (low >>> n) | (high << (32 - n));
            u32[d * 2 + 1] = high >>> n;
          } else {
            u32[d * 2] = high >>> (n - 32);
            u32[d * 2 + 1] = 0;
          }
          break;
        }
        case Op.SARI64:
          u64[d] = BigInt.asUintN(64, BigInt.asIntN(64, u64[a]) >> BigInt(b & 63));
          break;
        case Op.SHLI32:
          u32[d * 2] = u32[a * 2] << b;
          u32[d * 2 + 1] = 0;
          break;
        case Op.SHRI32:
          u32[d * 2] = u32[a * 2] >>> b;
          u32[d * 2 + 1] = 0;
          break;
        case Op.SARI32:
          u32[d * 2] = (u32[a * 2] | 0) >> b;
          u32[d * 2 + 1] = 0;
          break;
        case Op.ADDSHL64: {
          const n = word >>> 8; // 0 … 3
          const shifted = u32[b * 2] << n;
          const carried = n === 0 ? 0 : u32[b * 2] >>> (32 - n);
          const low = u32[a * 2] + (shifted >>> 0);
          u32[d * 2 + 1] = u32[a * 2 + 1] + ((u32[b * 2 + 1] << n) | carried) + (low > 0xffffffff ? 1 : 0);
          u32[d * 2] = low;
          break;
        }
        case Op.ADDSHL32:
          u32[d * 2] = u32[a * 2] + (u32[b * 2] << (word >>> 8));
          u32[d * 2 + 1] = 0;
          break;

        case Op.ZEXT8:
          u32[d * 2] = u32[a * 2] & 0xff;
          u32[d * 2 + 1] = 0;
          break;
        case Op.ZEXT16:
          u32[d * 2] = u32[a * 2] & 0xffff;
          u32[d * 2 + 1] = 0;
          break;
        case Op.ZEXT32:
          u32[d * 2] = u32[a * 2];
          u32[d * 2 + 1] = 0;
          break;
        case Op.SEXT8: {
          const v = (u32[a * 2] << 24) >> 24;
          u32[d * 2] = v;
          u32[d * 2 + 1] = v >> 31;
          break;
        }
        case Op.SEXT16: {
          const v = (u32[a * 2] << 16) >> 16;
          u32[d * 2] = v;
          u32[d * 2 + 1] = v >> 31;
          break;
        }
        case Op.SEXT32: {
          const v = u32[a * 2];
          u32[d * 2] = v;
          u32[d * 2 + 1] = (v | 0) >> 31;
          break;
        }
        case Op.ZEXT8H:
          u32[d * 2] = (u32[a * 2] >>> 8) & 0xff;
          u32[d * 2 + 1] = 0;
          break;
        case Op.INS8:
          u32[d * 2] = (u32[a * 2] & ~0xff) | (u32[b * 2] & 0xff);
          u32[d * 2 + 1] = u32[a * 2 + 1];
          break;
        case Op.INS8H:
          u32[d * 2] = (u32[a * 2] & ~0xff00) | ((u32[b * 2] & 0xff) << 8);
          u32[d * 2 + 1] = u32[a * 2 + 1];
          break;
        case Op.INS16:
          u32[d * 2] = (u32[a * 2] & ~0xffff) | (u32[b * 2] & 0xffff);
          u32[d * 2 + 1] = u32[a * 2 + 1];
          break;
        case Op.CLZ64: {
          const high = u32[a * 2 + 1];
          this.state.setLow(d, high !== 0 ? Math.clz32(high) : 32 + Math.clz32(u32[a * 2]));
          break;
        }
        case Op.CTZ64: {
          const low = u32[a * 2];
          this.state.setLow(d, low !== 0 ? trailingZeros(low) : 32 + trailingZeros(u32[a * 2 + 1]));
          break;
        }
        case Op.POPCNT64:
          this.state.setLow(d, ones(u32[a * 2]) + ones(u32[a * 2 + 1]));
          break;
        case Op.BSWAP32:
          u32[d * 2] = swap(u32[a * 2]);
          u32[d * 2 + 1] = 0;
          break;
        case Op.BSWAP64: {
          const low = u32[a * 2];
          u32[d * 2] = swap(u32[a * 2 + 1]);
          u32[d * 2 + 1] = swap(low);
          break;
        }
        case Op.EQ64:
          state.setLow(d, u32[a * 2] === u32[b * 2] && u32[a * 2 + 1] === u32[b * 2 + 1] ? 1 : 0);
          break;
        case Op.LTU64:
          state.setLow(d, u64[a] < u64[b] ? 1 : 0);
          break;
        case Op.LTS64:
          state.setLow(d, BigInt.asIntN(64, u64[a]) < BigInt.asIntN(64, u64[b]) ? 1 : 0);
          break;
        case Op.EQZ64:
          state.setLow(d, (u32[a * 2] | u32[a * 2 + 1]) === 0 ? 1 : 0);
          break;
        case Op.CMOVNZ:
          if ((u32[a * 2] | u32[a * 2 + 1]) !== 0) {
            u32[d * 2] = u32[b * 2];
            u32[d * 2 + 1] = u32[b * 2 + 1];
          }
          break;

        case Op.LOAD8:
        case Op.LOAD16:
        case Op.LOAD32:
        case Op.LOAD64: {
          const size = (1 << ((word & 0xff) - Op.LOAD8)) as 1 | 2 | 4 | 8;
          const low = u32[a * 2] + (b >>> 0);
          const high = (u32[a * 2 + 1] + (b >> 31) + (low > 0xffffffff ? 1 : 0)) >>> 0;
          if (!mmu.load(cpu, low >>> 0, high, size, word >>> 8)) return -1;
          u32[d * 2] = mmu.valueLo;
          u32[d * 2 + 1] = mmu.valueHi;
          break;
        }
        case Op.STORE8:
        case Op.STORE16:
        case Op.STORE32:
        case Op.STORE64: {
          const size = (1 << ((word & 0xff) - Op.STORE8)) as 1 | 2 | 4 | 8;
          const low = u32[a * 2] + (b >>> 0);
          const high = (u32[a * 2 + 1] + (b >> 31) + (low > 0xffffffff ? 1 : 0)) >>> 0;
          if (!mmu.store(cpu, low >>> 0, high, size, word >>> 8, u32[d * 2], u32[d * 2 + 1])) return -1;
          break;
        }
        case Op.SEGMENT: {
          const linear = segmentCheck(cpu, (word >>> 8) & 7, u64[a], b & 0xff, (b & 0x100) !== 0);
          if (linear === undefined) return -1;
          u64[d] = linear;
          break;
        }

        case Op.CANONICAL:
          // Bits 47 to 63 are equal.
          if ((u32[a * 2 + 1] + 0x8000) >>> 16 !== 0) {
            cpu.raise(Vector.GP, 0, `The branch target ${u64[a].toString(16)}h is not canonical.`);
            return -1;
          }
          break;

        case Op.DIVIDE:
          (word & 0x10000 ? HELPERS.idiv : HELPERS.div)(cpu, a, (word >>> 8) & 0xff);
          if (cpu.abort !== Abort.NONE) return -1;
          break;

        case Op.FLAGS:
          u32[Slot.CC_RESULT * 2] = u32[d * 2];
          u32[Slot.CC_RESULT * 2 + 1] = u32[d * 2 + 1];
          u32[Slot.CC_A * 2] = u32[a * 2];
          u32[Slot.CC_A * 2 + 1] = u32[a * 2 + 1];
          u32[Slot.CC_B * 2] = u32[b * 2];
          u32[Slot.CC_B * 2 + 1] = u32[b * 2 + 1];
          u32[Slot.CC_KIND * 2] = word >>> 8;
          break;
        case Op.SETFLAGS:
          setFlags(state, u32[a * 2]);
          break;
        case Op.GETFLAGS:
          state.setLow(d, getFlags(state));
          break;
        case Op.COND:
          state.setLow(d, word >>> 8 === 2 ? carryFlag(state) : condition(state, word >>> 8) ? 1 : 0);
          break;

        case Op.SKIPZ:
          if ((u32[a * 2] | u32[a * 2 + 1]) === 0) at += b * WORDS;
          break;
        case Op.SKIPNZ:
          if ((u32[a * 2] | u32[a * 2 + 1]) !== 0) at += b * WORDS;
          break;
        case Op.SKIP:
          at += b * WORDS;
          break;
        case Op.JUMPI:
          this.relative(Slot.RIP, ripLow, ripHigh, d, word >>> 8);
          return -1;
        case Op.JUMP:
          u32[RIP_LOW] = u32[a * 2];
          u32[RIP_LOW + 1] = u32[a * 2 + 1];
          return -1;
        case Op.JUMPCC:
          this.relative(
            Slot.RIP,
            ripLow,
            ripHigh,
            condition(state, (word >>> 8) & 15) ? d : a,
            (word >>> 12) & 0xff,
          );
          return -1;
        case Op.JUMPNZ:
          this.relative(Slot.RIP, ripLow, ripHigh, (u32[a * 2] | u32[a * 2 + 1]) !== 0 ? d : b, word >>> 8);
          return -1;
        case Op.END:
          return -1;
        case Op.RAISE:
          cpu.raise((word >>> 8) as Vector, a ? b : undefined);
          return -1;
        case Op.HELPER:
          HELPER_FUNCTIONS[word >>> 8](cpu, d, a, b);
          if (cpu.abort !== Abort.NONE) return -1;
          break;
        case Op.VMREAD:
          HELPERS.vmread(cpu, d, a);
          if (cpu.abort !== Abort.NONE) return -1;
          break;
        case Op.VMWRITE:
          HELPERS.vmwrite(cpu, d, a);
          if (cpu.abort !== Abort.NONE) return -1;
          break;
        case Op.BULK:
          HELPER_FUNCTIONS[word >>> 8](cpu, d, a, b);
          break;

        case Op.LOAD128:
        case Op.STORE128: {
          const low = u32[a * 2] + (b >>> 0);
          const high = (u32[a * 2 + 1] + (b >> 31) + (low > 0xffffffff ? 1 : 0)) >>> 0;
          const move = (word & 0xff) === Op.LOAD128 ? loadVector : storeVector;
          if (!move(cpu, mmu, d, low >>> 0, high, word >>> 8)) return -1;
          break;
        }
        case Op.VECTOR:
          VECTOR_FUNCTIONS[(word >>> 8) & 0xff](state, d, a, b, word >>> 16);
          break;
        case Op.VGET:
          VECTOR_GETS[((word >>> 8) & 0xff) as 0](state, d, a, word >>> 16);
          break;
        case Op.VSET:
          VECTOR_SETS[((word >>> 8) & 0xff) as 0](state, d, a, b, word >>> 16);
          break;
        case Op.FLOAT:
          if (!FLOAT_FUNCTIONS[(word >>> 8) & 0x7f](cpu, d, a, b, word >>> 16)) return -1;
          break;
        case Op.FGET:
          if (!FLOAT_GETS[(word >>> 8) & 0x7f](cpu, d, a, b, 0)) return -1;
          break;
        case Op.FSET:
          if (!FLOAT_SETS[(word >>> 8) & 0x7f](cpu, d, a, b, 0)) return -1;
          break;
      }
    }
  }

  /** slot ← base + delta, cut to `bits`. */
  private relative(slot: number, low: number, high: number, delta: number, bits: number): void {
    const sum = low + (delta >>> 0);
    this.u32[slot * 2] = bits === 16 ? sum & 0xffff : sum;
    this.u32[slot * 2 + 1] = bits === 64 ? high + (delta >> 31) + (sum > 0xffffffff ? 1 : 0) : 0;
  }

  private rotateLeft64(d: number, a: number, n: number): void {
    const v = this.u64[a];
    this.u64[d] = n === 0 ? v : (v << BigInt(n)) | (v >> BigInt(64 - n));
  }
}

function trailingZeros(v: number): number {
  return v === 0 ? 32 : 31 - Math.clz32(v & -v);
}

function ones(v: number): number {
  v -= (v >>> 1) & 0x55555555;
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function swap(v: number): number {
  return (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
}
