/** x87: implied operands. */
import { add, tweaks } from './rows';

// x87: `fadd st1` is `fadd st0,st1`, `faddp` is `faddp st1,st0`, `fxch` is `fxch st1`.
for (const op of ['Fadd', 'Fmul', 'Fsub', 'Fsubr', 'Fdiv', 'Fdivr']) {
  const lower = op.toLowerCase();
  add(lower, `${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(lower, `${op}_sti_st0`, { to: true }, ([sti]) => [sti]);
  tweaks[`${op}_sti_st0`] = { rank: 5 };
  add(`${lower}p`, `${op}p_sti_st0`, {}, ([sti]) => [sti]);
  add(`${lower}p`, `${op}p_sti_st0`, { opcodeOffset: 1 }, () => []);
  add(lower, `${op}p_sti_st0`, { opcodeOffset: 1 }, () => []);
}
for (const op of ['Fcom', 'Fcomp', 'Fucom', 'Fucomp', 'Fcomi', 'Fcomip', 'Fucomi', 'Fucomip', 'Fxch']) {
  const lower = op.toLowerCase();
  add(lower, `${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(lower, `${op}_st0_sti`, { opcodeOffset: 1 }, () => []);
}
for (const op of ['b', 'e', 'be', 'u', 'nb', 'ne', 'nbe', 'nu']) {
  add(`fcmov${op}`, `Fcmov${op}_st0_sti`, {}, ([, sti]) => [sti]);
  add(`fcmov${op}`, `Fcmov${op}_st0_sti`, { opcodeOffset: 1 }, () => []);
}
for (const op of ['Fst', 'Fstp', 'Fld']) {
  add(op.toLowerCase(), `${op}_sti`, { opcodeOffset: 1 }, () => []);
}
add('ffree', 'Ffree_sti', { opcodeOffset: 1 }, () => []);
add('ffreep', 'Ffreep_sti', { opcodeOffset: 1 }, () => []);
add('fxch', 'Fxch_st0_sti', {}, ([st0, sti]) => [sti, st0]);
tweaks.Fsetpm = { wait: false };
