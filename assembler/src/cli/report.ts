import type { Diagnostic } from '../api';
import type { Command } from './options';
import { warningClass } from './warning-class';

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

/** A diagnostic's text behind its place; undefined when its warning class is off. */
export function messageOf(
  d: Diagnostic,
  warnings: Command['warnings'],
): { text: string; error: boolean } | undefined {
  if (d.severity !== 'warning') {
    const severity = d.code === 'user-fatal' ? 'fatal' : d.severity;
    return { text: `${severity}: ${d.message}`, error: d.severity === 'error' };
  }
  const name = warningClass(d.code);
  const what = fate(name, warnings);
  if (what === 'off') return undefined;
  const error = what === 'error';
  return {
    text: `${error ? 'error' : 'warning'}: ${d.message} [-w+${error ? 'error=' : ''}${name}]`,
    error,
  };
}

/** Diagnostics as text, and whether any is an error. */
export interface Report {
  text: string;
  failed: boolean;
}

/** Writes diagnostics in NASM's formats `gnu` (`file:line: error: …`) and `vc` (`file(line) : error: …`). */
export function report(
  diagnostics: readonly Diagnostic[],
  command: Pick<Command, 'style' | 'warnings' | 'input'>,
): Report {
  let failed = false;
  let text = '';
  const line = (file: string, number: number, rest: string) => {
    // What the options put before the source has no line.
    if (file.startsWith('<')) text += `${command.input}: ${rest}\n`;
    else text += command.style === 'gnu' ? `${file}:${number}: ${rest}\n` : `${file}(${number}) : ${rest}\n`;
  };
  for (const d of diagnostics) {
    const shown = messageOf(d, command.warnings);
    if (!shown) continue;
    if (shown.error) failed = true;
    // NASM names the line of the source first, then what the macros made of it.
    const calls = d.related.filter((r) => r.macro);
    const outer = d.named ?? (calls.length > 0 ? calls[calls.length - 1].range : d.range);
    line(outer.file, outer.line, shown.text);
    for (let i = calls.length - 1; i >= 0; i--) {
      const inside = i > 0 ? calls[i - 1].range : d.range;
      line(inside.file, inside.line, `... from macro \`${calls[i].macro}' defined here`);
    }
  }
  return { text, failed };
}
