import type { Command } from './options';

/** Longest line before NASM breaks it. */
const WIDTH = 62;

/** Escapes what make would take for its own. */
export function quoteForMake(name: string): string {
  return name.replaceAll('$', '$$$$').replaceAll(/([ \t#\\])/g, '\\$1');
}

/** Escapes what Watcom's make would take for its own. */
function quoteForWatcom(name: string): string {
  const text = name.replaceAll(/[$#]/g, '$$$&').replaceAll('"', '""');
  return /[ \t&"]/.test(name) ? `"${text}"` : text;
}

/** A rule for make: the target and everything it was made from. */
export function dependencyRule(target: string, files: readonly string[], depend: Command['depend']): string {
  const { watcom } = depend;
  const quote = watcom ? quoteForWatcom : quoteForMake;
  const name = depend.target ?? target;
  const shown = depend.quote || depend.target === undefined ? quote(name) : name;
  let text = `${shown} :`;
  let column = text.length;
  for (const file of files.map(quote)) {
    if (column + file.length > WIDTH && column > 1) {
      text += watcom ? ' &\n ' : ' \\\n ';
      column = 1;
    }
    text += ` ${file}`;
    column += file.length + 1;
  }
  text += '\n\n';
  if (depend.phony) for (const file of files) text += `${quote(file)} :\n${watcom ? '\t%null\n' : ''}\n`;
  return text;
}
