import type { ContextId, RegisterSnapshot } from '@hyperstep/engine';
import { formatValue, hex } from '../evaluate/format';
import { linearReference } from '../memory/references';
import type { Target } from '../target';
import { REGISTER_PARTS, type RegisterPart } from './register-names';
import { readSnapshot } from './snapshot';
import type { Node } from './variables';
import { writePart } from './write-register';

/** What the scopes show: one context's registers in one frame. */
export interface RegisterView {
  target: Target;
  context: ContextId;
  /** Read anew for every request, so that changed values show. */
  snapshot(): RegisterSnapshot;
  /** The registers are the processor's own and may be changed. */
  live: boolean;
}

const UNKNOWN = 'unknown while this context does not run';

/** A register or a part of one as a line of the view. */
export function registerNode(view: RegisterView, name: string, extra: Partial<Node> = {}): Node {
  const part = REGISTER_PARTS.get(name) ?? { whole: name, shift: 0, bits: 64 };
  return partNode(view, { name, evaluateName: name, ...extra }, part);
}

/** Some bits of a register under any name. */
export function partNode(
  view: RegisterView,
  extra: Partial<Node> & { name: string },
  part: RegisterPart,
): Node {
  const whole = readSnapshot(view.snapshot(), part.whole);
  if (whole === undefined) return { name: extra.name, value: UNKNOWN };
  const value = BigInt.asUintN(part.bits, whole >> BigInt(part.shift));
  const wide = part.bits >= 32;
  return {
    value:
      part.bits === 1
        ? String(value)
        : wide
          ? `${formatValue(value, part.bits)}${label(view, value)}`
          : hex(value),
    type: `${part.bits} bit${part.bits === 1 ? '' : 's'}`,
    memoryReference: part.bits === 64 ? linearReference(view.context, value) : undefined,
    set: view.live ? (changed) => writePart(view.target, part, changed) : undefined,
    ...extra,
  };
}

/** ` <main.loop+0x4>` after values that are addresses of something. */
function label(view: RegisterView, value: bigint): string {
  const name = view.target.index.describe(view.context, value);
  return name ? ` <${name}>` : '';
}
