import type { Program } from '../workspace/program';

/** Programs that take longer are not assembled for a hover. */
const MAX_MS = 500;

/** Lines of an expansion that are shown. */
const MAX_LINES = 40;

/** The last answers: hovering asks for the same line again and again. */
const known = new WeakMap<object, Map<string, string[]>>();

/** The lines that a macro call became; undefined when the line calls none. */
export function expansionOf(program: Program, path: string, line: number): string[] | undefined {
  const result = program.current;
  // To see an expansion the program is assembled once more, and everybody waits for it.
  if (program.duration > MAX_MS) return undefined;
  let lines = known.get(result);
  if (!lines) known.set(result, (lines = new Map()));
  const key = `${path}:${line}`;
  const before = lines.get(key);
  if (before) return before;
  let pass = 0;
  let found: string[] = [];
  program.trace((traced, number) => {
    if (number !== pass) {
      pass = number;
      found = [];
    }
    if (traced.line !== line || traced.file !== path || traced.depth === 0) return;
    if (found.length < MAX_LINES) found.push(traced.text);
    else if (found.length === MAX_LINES) found.push('; …');
  });
  lines.set(key, found);
  return found;
}
