import { RequestError } from '../errors';
import type { Target } from '../target';
import { REGISTER_PARTS, type RegisterPart, WEAK_PARTS } from './register-names';
import { readSnapshot } from './snapshot';

/** Sets a register, or a part of one, of the context that runs. */
export function writeRegister(target: Target, name: string, value: bigint): void {
  const lower = name.toLowerCase();
  const part = REGISTER_PARTS.get(lower) ?? WEAK_PARTS.get(lower);
  if (!part) throw new RequestError(`'${name}' is not a register.`);
  writePart(target, part, value);
}

/** Names under which the engine sets what has another name here. */
const ENGINE_NAMES: Readonly<Record<string, string>> = { 'fs.base': 'fs_base', 'gs.base': 'gs_base' };

/** Sets some bits of a register of the context that runs. */
export function writePart(target: Target, part: RegisterPart, value: bigint): void {
  const bits = BigInt.asUintN(part.bits, value);
  if (bits !== value && BigInt.asUintN(64, BigInt.asIntN(part.bits, value)) !== BigInt.asUintN(64, value)) {
    throw new RequestError(`0x${value.toString(16)} does not fit into ${part.bits} bits.`);
  }
  const before = readSnapshot(target.registers(target.context), part.whole);
  if (before === undefined) throw new RequestError(`'${part.whole}' cannot be read.`);
  // A write to a 32-bit half clears the upper one, as an instruction's would (SDM 1 3.4.1.1).
  const keep = part.clears ? 0n : before & ~(((1n << BigInt(part.bits)) - 1n) << BigInt(part.shift));
  const error = target.machine.setRegister(
    ENGINE_NAMES[part.whole] ?? part.whole,
    keep | (bits << BigInt(part.shift)),
  );
  if (error) throw new RequestError(error);
}
