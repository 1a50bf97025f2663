/** The text that encode/iced.ts writes; scripts/bundle.mjs puts it here. */
declare module 'hyperstep:opcode-table' {
  const table: string;
  export default table;
}
