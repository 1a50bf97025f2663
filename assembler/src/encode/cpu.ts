/** Processors of the directive `cpu` (NASM manual 7.10); `Form.cpu` says which one an encoding needs. */

/** NASM's levels, oldest first. */
export const LEVELS = [
  '8086',
  '186',
  '286',
  '386',
  '486',
  'pentium',
  'p6',
  'katmai',
  'willamette',
  'prescott',
  'x64',
  'nehalem',
  'westmere',
  'sandybridge',
  'future',
  'ia64',
];

/** No restriction. */
export const EVERY_CPU = 99;

/** What `cpu` takes, in NASM's order: the first name that begins as written counts. */
const NAMES: readonly (readonly [string, string])[] = [
  ['default', ''],
  ['8086', '8086'],
  ['186', '186'],
  ['286', '286'],
  ['386', '386'],
  ['486', '486'],
  ['586', 'pentium'],
  ['pentium', 'pentium'],
  ['pentiummmx', 'pentium'],
  ['686', 'p6'],
  ['p6', 'p6'],
  ['ppro', 'p6'],
  ['pentiumpro', 'p6'],
  ['p2', 'p6'],
  ['pentiumii', 'p6'],
  ['p3', 'katmai'],
  ['katmai', 'katmai'],
  ['p4', 'willamette'],
  ['willamette', 'willamette'],
  ['prescott', 'prescott'],
  ['x64', 'x64'],
  ['x86-64', 'x64'],
  ['ia64', 'ia64'],
  ['ia-64', 'ia64'],
  ['itanium', 'ia64'],
  ['itanic', 'ia64'],
  ['merced', 'ia64'],
  ['nehalem', 'nehalem'],
  ['westmere', 'westmere'],
  ['sandybridge', 'sandybridge'],
  ['ivybridge', 'future'],
  ['any', ''],
  ['all', ''],
];

/** Names for completion and messages. */
export const CPU_NAMES: readonly string[] = NAMES.map(([name]) => name);

/** Switches of encodings, which are taken and change nothing here. */
const FLAGS = ['latevex', 'evex', 'vex'];

/** The level `word` names, −1 for a switch of encodings, undefined for anything else. */
export function cpuLevel(word: string): number | undefined {
  const lower = word.toLowerCase();
  if (lower === '') return undefined;
  const found = NAMES.find(([name]) => name.startsWith(lower));
  if (found) return found[1] === '' ? EVERY_CPU : LEVELS.indexOf(found[1]);
  const flag = lower.replace(/^no(?=.)/, '');
  return FLAGS.some((name) => name.startsWith(flag)) ? -1 : undefined;
}

/** A level's name. */
export function cpuName(level: number): string {
  return LEVELS[level] ?? 'default';
}
