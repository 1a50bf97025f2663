import type { Machine } from '@hyperstep/engine';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Core } from '../core';
import { RequestError } from '../errors';
import type { Target } from '../target';
import { type MemoryReference, parseReference } from './references';

/** One answer's most bytes. */
const MAX_READ = 1 << 20;

/** `readMemory` and `writeMemory`. */
export class Memory {
  constructor(private readonly core: Core) {}

  read(args: DebugProtocol.ReadMemoryArguments): DebugProtocol.ReadMemoryResponse['body'] {
    const target = this.core.stopped();
    const at = parseReference(args.memoryReference, target.context, args.offset);
    if (at.space === 'linear') target.checkContext(at.context);
    const wanted = Math.min(args.count, MAX_READ);
    const bytes = readReference(target, at, wanted);
    return {
      address: `0x${at.address.toString(16)}`,
      data: toBase64(bytes),
      unreadableBytes: wanted - bytes.length,
    };
  }

  write(args: DebugProtocol.WriteMemoryArguments): DebugProtocol.WriteMemoryResponse['body'] {
    const target = this.core.stopped();
    const at = parseReference(args.memoryReference, target.context, args.offset);
    if (at.space === 'linear') target.checkContext(at.context);
    const bytes = fromBase64(args.data);
    const written =
      at.space === 'physical'
        ? writePhysical(target.machine, at.address, bytes)
        : target.machine.writeLinear(at.address, bytes, at.context);
    if (written < bytes.length && !args.allowPartial) {
      throw new RequestError(
        `Only ${written} of ${bytes.length} bytes were written: the rest is not mapped.`,
      );
    }
    this.core.changed();
    return { offset: 0, bytesWritten: written };
  }
}

/** Bytes at a place; fewer where memory ends. */
export function readReference(target: Target, at: MemoryReference, length: number): Uint8Array {
  return at.space === 'physical'
    ? readPhysical(target.machine, at.address, length)
    : target.read(at.context, at.address, length);
}

/** RAM only: devices are not read for show. */
function readPhysical(machine: Machine, address: bigint, length: number): Uint8Array {
  const size = machine.physical.ram.length;
  if (address >= BigInt(size)) return new Uint8Array();
  return machine.physical.readBytes(Number(address), Math.min(length, size - Number(address)));
}

function writePhysical(machine: Machine, address: bigint, bytes: Uint8Array): number {
  const size = machine.physical.ram.length;
  if (address >= BigInt(size)) return 0;
  const part = bytes.subarray(0, size - Number(address));
  machine.physical.writeBytes(Number(address), part);
  return part.length;
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    throw new RequestError('The data is not base64.');
  }
}
