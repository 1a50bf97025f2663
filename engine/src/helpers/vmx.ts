import type { HelperTable } from './types';

/** Helpers of this area; see types.ts for the calling convention. */
export const vmxHelpers = {} as const satisfies HelperTable;
