import type { Command } from './options';

/** Longest line before NASM breaks it. */
const WIDTH = 62;

/** Escapes what make would take for its own. */
export function quoteForMake(name: string): string {
  return name.replaceAll('$', '$$$$').replaceAll(/([ \t#\\])/g, '\\$1');
}

/** A rule for make: the target and everything it was made from. */
export function dependencyRule(target: string, files: readonly string[], depend: Command['depend']): string {
  const name = depend.target ?? target;
  const shown = depend.quote || depend.target === undefined ? quoteForMake(name) : name;
  let text = `${shown} :`;
  let column = text.length;
  for (const file of files.map(quoteForMake)) {
    if (column + file.length > WIDTH && column > 1) {
      text += ' \\\n ';
      column = 1;
    }
    text += ` ${file}`;
    column += file.length + 1;
  }
  text += '\n\n';
  if (depend.phony) for (const file of files) text += `${quoteForMake(file)} :\n\n`;
  return text;
}
