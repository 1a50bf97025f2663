/** NASM's warning classes (`-w+class`) of our diagnostic codes; others are `other`. */
const CLASSES: Readonly<Record<string, string>> = {
  'label-orphan': 'label-orphan',
  'number-overflow': 'number-overflow',
  'immediate-range': 'number-overflow',
  'displacement-range': 'number-overflow',
  'float-overflow': 'float-overflow',
  'data-empty': 'db-empty',
  zeroing: 'zeroing',
  'user-warning': 'user',
  'relocation-extended': 'zext-reloc',
  'macro-redefined': 'pp-macro-redef-multi',
  'macro-parameters': 'pp-macro-params-multi',
};

/** The class of a diagnostic's code. */
export function warningClass(code: string): string {
  return CLASSES[code] ?? 'other';
}
