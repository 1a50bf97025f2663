import type { ContextId } from '@hyperstep/engine';
import { RequestError } from '../errors';
import { parseNumber } from '../evaluate/lexer';

/** What a DAP memory reference means. */
export type MemoryReference =
  | { space: 'linear'; context: ContextId; address: bigint }
  | { space: 'physical'; address: bigint };

/** `gla:host:0x1000`, `gla:vmcs:5000:0x1000`: a linear address of one context. */
export function linearReference(context: ContextId, address: bigint): string {
  return `gla:${context}:0x${BigInt.asUintN(64, address).toString(16)}`;
}

/** `hpa:0x1000`: a host-physical address. */
export function physicalReference(address: bigint): string {
  return `hpa:0x${address.toString(16)}`;
}

/** Reads a reference; a plain number is a linear address of `current`. */
export function parseReference(text: string, current: ContextId, offset = 0): MemoryReference {
  const match = /^(?:gla:(host|vmcs:[0-9a-f]+):|(hpa):)?(-?\w+)$/i.exec(text.trim());
  const number = match ? parseNumber(match[3]) : undefined;
  if (!match || number === undefined) {
    throw new RequestError(
      `'${text}' is not a memory reference: expected a number, gla:host:0x…, gla:vmcs:…:0x… or hpa:0x….`,
    );
  }
  const address = BigInt.asUintN(64, number + BigInt(offset));
  if (match[2]) return { space: 'physical', address };
  return { space: 'linear', context: (match[1]?.toLowerCase() as ContextId | undefined) ?? current, address };
}
