import { intelName } from '@hyperstep/assembler';
import { conditionText } from './conditions';
import { EXTENSIONS } from './extensions';
import { vector } from './families';
import { FLOATING } from './floating';
import { GENERAL } from './general';

/**
 * One sentence for every instruction. Each line of the tables names
 * instructions, then says what they do; families with regular names
 * (conditions, vector types) are put together from their parts.
 */
const summaries = new Map<string, string>();
for (const line of [GENERAL, FLOATING, EXTENSIONS].join('\n').split('\n')) {
  const cut = line.indexOf(': ');
  if (cut < 0) continue;
  for (const name of line.slice(0, cut).split(' ')) summaries.set(name, line.slice(cut + 2));
}

const MASKS: Readonly<Record<string, string>> = {
  kmov: 'Moves a mask',
  kand: 'Bitwise AND of masks',
  kandn: 'Bitwise AND NOT of masks',
  kor: 'Bitwise OR of masks',
  kxor: 'Bitwise exclusive OR of masks',
  kxnor: 'Bitwise equivalence of masks',
  knot: 'Inverts a mask',
  kadd: 'Adds masks',
  kortest: 'Sets ZF and CF by the OR of two masks',
  ktest: 'Sets ZF and CF by AND and AND NOT of two masks',
  kshiftl: 'Shifts a mask left',
  kshiftr: 'Shifts a mask right',
  kunpck: 'Joins two masks',
};

const MASK = new RegExp(`^(${Object.keys(MASKS).join('|')})(b|w|d|q|bw|wd|dq)$`);

/** What the instruction does, in one sentence; undefined where nobody has written it down. */
export function summaryOf(name: string): string | undefined {
  const mnemonic = intelName(name);
  const known = summaries.get(mnemonic);
  if (known) return known;
  if (/^hint_nop\d+$/.test(mnemonic)) return 'Does nothing; a no-operation that is reserved for hints.';
  const conditional = /^(j|set|cmov)(\w+)$/.exec(mnemonic);
  const condition = conditional && conditionText(conditional[2]);
  if (conditional && condition) {
    const verb = { j: 'Jumps', set: 'Sets the byte to 1, else to 0,', cmov: 'Copies' }[conditional[1]]!;
    return `${verb} if ${condition}.`;
  }
  if (Object.hasOwn(MASKS, mnemonic)) return `${MASKS[mnemonic]}.`;
  const mask = MASK.exec(mnemonic);
  if (mask) return `${MASKS[mask[1]]}.`;
  const exchange = /^cmp(\w+)xadd$/.exec(mnemonic);
  const added = exchange && conditionText(exchange[1]);
  if (added) return `Compares memory with a register and adds to memory if ${added}, atomically.`;
  const float = /^fcmov(\w+)$/.exec(mnemonic);
  const moved = float && conditionText(float[1].replace('u', 'p'));
  if (moved) return `Copies an x87 register to st0 if ${moved}.`;
  if (/^aes(enc|dec)|^encodekey/.test(mnemonic) && /kl$|^encodekey/.test(mnemonic))
    return 'AES with a Key Locker handle.';
  return vector(mnemonic.replace(/^v(?!m(?!ax|in|ask)[^ou]|err|erw)/, ''));
}
