/** Numbers of the functions in the module (wasm/module.ts); those imported from TypeScript (execution/callouts.ts) are the first. */
export const enum Fn {
  HELP = 0,
  ACCESS = 1,
  /** Eight of them. */
  CONDITION_PAIR = 2,
  FLAGS = 10,
  CONDITION = 11,
  INTERPRET = 12,
  DRIVE = 13,
  VECTOR = 14,
  TRANSLATE = 15,
  COLD = 16,
}
