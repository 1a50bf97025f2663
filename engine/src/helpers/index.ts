import { arithmeticHelpers } from './arithmetic';
import { segmentsHelpers } from './segments';
import { sseHelpers } from './sse';
import { sse42Helpers } from './sse42';
import { stringHelpers } from './string';
import { systemHelpers } from './system';
import type { Helper } from './types';
import { vmxHelpers } from './vmx';
import { x87ArithmeticHelpers } from './x87-arithmetic';
import { x87ControlHelpers } from './x87-control';
import { x87FunctionHelpers } from './x87-functions';
import { x87TransferHelpers } from './x87-transfer';

/** Every helper by name. */
export const HELPERS = {
  ...arithmeticHelpers,
  ...segmentsHelpers,
  ...sseHelpers,
  ...sse42Helpers,
  ...stringHelpers,
  ...systemHelpers,
  ...vmxHelpers,
  ...x87ArithmeticHelpers,
  ...x87ControlHelpers,
  ...x87FunctionHelpers,
  ...x87TransferHelpers,
} as const;

export type HelperName = keyof typeof HELPERS;

/** Names in the order of their numbers. */
export const HELPER_NAMES = Object.keys(HELPERS) as HelperName[];

/** Functions by number: what the evaluator calls. */
export const HELPER_FUNCTIONS: readonly Helper[] = Object.values(HELPERS);

const NUMBERS = new Map<string, number>(HELPER_NAMES.map((name, number) => [name, number]));

/** The number a HELPER micro-op carries for `name`. */
export function helperNumber(name: HelperName): number {
  return NUMBERS.get(name)!;
}
