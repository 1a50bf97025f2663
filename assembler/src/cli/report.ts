import type { Diagnostic } from '../api';
import type { Command } from './options';

/** A diagnostic's text behind its place. */
export function messageOf(d: Diagnostic): string {
  const severity = d.code === 'user-fatal' ? 'fatal' : d.severity;
  const error = d.severity === 'error';
  const suffix = d.warning === undefined ? '' : ` [-w+${error ? 'error=' : ''}${d.warning}]`;
  return `${severity}: ${d.message}${suffix}`;
}

/** Diagnostics as text, and whether any is an error. */
export interface Report {
  text: string;
  failed: boolean;
}

/** Writes diagnostics in NASM's formats `gnu` (`file:line: error: …`) and `vc` (`file(line) : error: …`). */
export function report(
  diagnostics: readonly Diagnostic[],
  command: Pick<Command, 'style' | 'input'>,
): Report {
  let failed = false;
  let text = '';
  const line = (file: string, number: number, rest: string) => {
    // What the options put before the source has no line.
    if (file.startsWith('<')) text += `${command.input}: ${rest}\n`;
    else text += command.style === 'gnu' ? `${file}:${number}: ${rest}\n` : `${file}(${number}) : ${rest}\n`;
  };
  for (const d of diagnostics) {
    const shown = messageOf(d);
    if (d.severity === 'error') failed = true;
    // NASM names the line of the source first, then what the macros made of it.
    const calls = d.related.filter((r) => r.macro);
    const outer = d.named ?? (calls.length > 0 ? calls[calls.length - 1].range : d.range);
    line(outer.file, outer.line, shown);
    for (let i = calls.length - 1; i >= 0; i--) {
      const inside = i > 0 ? calls[i - 1].range : d.range;
      line(inside.file, inside.line, `... from macro \`${calls[i].macro}' defined here`);
    }
  }
  return { text, failed };
}
