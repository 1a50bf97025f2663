import type { Diagnostic } from '../api';
import type { Command } from './options';

/** NASM's warning classes of our diagnostic codes; others are `other`. */
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

/** What becomes of a warning of this class: later options win, `all` and prefixes cover groups. */
function fate(name: string, warnings: Command['warnings']): 'on' | 'off' | 'error' {
  let enabled = true;
  let promoted = false;
  for (const w of warnings) {
    if (w.name !== 'all' && w.name !== name && !name.startsWith(`${w.name}-`)) continue;
    if (w.set === 'on' || w.set === 'off') enabled = w.set === 'on';
    else promoted = w.set === 'error';
    if (w.set === 'error' && w.name !== 'all') enabled = true;
  }
  if (!enabled) return 'off';
  return promoted ? 'error' : 'on';
}

/** Diagnostics as text, and whether any is an error. */
export interface Report {
  text: string;
  failed: boolean;
}

/** Writes diagnostics in NASM's formats `gnu` (`file:line: error: …`) and `vc` (`file(line) : error: …`). */
export function report(
  diagnostics: readonly Diagnostic[],
  command: Pick<Command, 'style' | 'warnings'>,
): Report {
  let failed = false;
  let text = '';
  const line = (file: string, number: number, rest: string) => {
    text += command.style === 'gnu' ? `${file}:${number}: ${rest}\n` : `${file}(${number}) : ${rest}\n`;
  };
  for (const d of diagnostics) {
    let { severity } = d;
    let suffix = '';
    if (severity === 'warning') {
      const name = CLASSES[d.code] ?? 'other';
      const what = fate(name, command.warnings);
      if (what === 'off') continue;
      if (what === 'error') severity = 'error';
      suffix = ` [-w+${what === 'error' ? 'error=' : ''}${name}]`;
    }
    if (severity === 'error') failed = true;
    line(d.range.file, d.range.line, `${severity}: ${d.message}${suffix}`);
    for (const r of d.related) line(r.range.file, r.range.line, `... ${r.message}`);
  }
  return { text, failed };
}
