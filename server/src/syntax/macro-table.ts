import { Kind, type SourceLine } from '@hyperstep/assembler';

/** The entry of a file that has a `%push`. */
const PUSH = '%push';

/** The macros of a program, as far as they decide what a line is. */
export class MacroTable {
  private readonly names = new Set<string>();
  private readonly labels = new Map<string, number>();

  /** @param entries what {@link macroEntries} gave for the files of a program */
  constructor(entries: Iterable<string> = []) {
    for (const entry of entries) {
      const [name, parameter] = entry.split('\u0001');
      this.names.add(name);
      if (parameter !== undefined) this.labels.set(name, Number(parameter));
    }
  }

  /** Does anything push contexts? */
  get pushes(): boolean {
    return this.names.has(PUSH);
  }

  /** May a line begin with this word because it is a macro? */
  readonly has = (name: string): boolean => this.names.has(name) || this.names.has(`\0${name.toLowerCase()}`);

  /** The number of the parameter that the macro makes a label of: `%1:` in its body. */
  labelParameter(name: string): number | undefined {
    if (this.labels.size === 0) return undefined;
    return this.labels.get(name) ?? this.labels.get(`\0${name.toLowerCase()}`);
  }
}

/**
 * The macros that lines define, as texts that can be compared: the name (in
 * lower case behind a NUL when case does not matter), and behind `\u0001` the
 * parameter that becomes a label.
 */
export function macroEntries(lines: readonly SourceLine[]): string[] {
  const entries = new Set<string>();
  let open: string | undefined;
  for (const line of lines) {
    const first = line.tokens[0];
    if (first.kind !== Kind.Preprocessor) continue;
    const { directive } = line;
    if (directive === undefined) {
      const parameter = /^%(\d+)$/.exec(first.text);
      if (open !== undefined && parameter && line.tokens[1]?.is(':')) {
        entries.delete(open);
        entries.add(`${open}\u0001${parameter[1]}`);
      }
      continue;
    }
    if (directive === 'push') entries.add(PUSH);
    if (/^endm(acro)?$/.test(directive)) open = undefined;
    const name = line.tokens[1];
    if (name?.kind !== Kind.Identifier) continue;
    if (!/macro$|define$|assign$|def(str|tok)$/.test(directive) || /^(un|exit|end|if|elif)/.test(directive))
      continue;
    const key = directive.startsWith('i') ? `\0${name.lower}` : name.text;
    entries.add(key);
    if (directive.endsWith('macro')) open = key;
  }
  return [...entries];
}
