import type { ContextId } from '@hyperstep/engine';
import type { SourceIndex } from '../sources/source-index';
import type { Symbols } from './compile';

/** Symbols as they look from a place: its program's first, `.local` names under the function around it. */
export function symbolsAt(index: SourceIndex, context: ContextId, address: bigint | undefined): Symbols {
  return (name) => index.symbols(name, context, address)[0]?.symbol.value;
}
