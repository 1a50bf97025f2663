import { Formatter, FormatterSyntax, type Instruction, Register } from 'iced-x86';

let shared: Formatter | undefined;

/** NASM's syntax, in lower case with `0x` numbers. */
function formatter(): Formatter {
  if (shared) return shared;
  shared = new Formatter(FormatterSyntax.Nasm);
  shared.hexPrefix = '0x';
  shared.hexSuffix = '';
  shared.uppercaseHex = false;
  shared.spaceAfterOperandSeparator = true;
  shared.branchLeadingZeros = false;
  shared.showBranchSize = false;
  shared.smallHexNumbersInDecimal = true;
  return shared;
}

/** Text of an instruction; addresses of labels are given their names. */
export function formatInstruction(
  instruction: Instruction,
  labelOf: (address: bigint) => string | undefined,
): string {
  let text = formatter().format(instruction);
  const addresses = [instruction.nearBranchTarget];
  if (instruction.isIpRelMemoryOperand) addresses.push(instruction.ipRelMemoryAddress);
  else if (instruction.memoryBase === Register.None && instruction.memoryIndex === Register.None) {
    addresses.push(instruction.memoryDisplacement);
  }
  for (const address of addresses) {
    if (address === 0n) continue;
    const label = labelOf(address);
    if (label) text = text.replace(`0x${address.toString(16)}`, label);
  }
  return text;
}
