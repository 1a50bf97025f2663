import type { Program } from '../workspace/program';

/** Programs that take longer are not assembled for a hover: nobody waits so long. */
const MAX_MS = 3000;

/** Lines of an expansion that are shown. */
const MAX_LINES = 40;

/** The last answers: hovering asks for the same line again and again. */
const known = new WeakMap<object, Map<string, string[]>>();

/** The lines that a macro call became; undefined when the line calls none. To see them the program is assembled once more, in steps. */
export function* expansionOf(
  program: Program,
  path: string,
  line: number,
): Generator<void, string[] | undefined> {
  const result = program.current;
  if (program.duration > MAX_MS) return undefined;
  let lines = known.get(result);
  if (!lines) known.set(result, (lines = new Map()));
  const key = `${path}:${line}`;
  const before = lines.get(key);
  if (before) return before;
  // What can be answered at once does not come as far as here.
  yield;
  let pass = 0;
  let found: string[] = [];
  yield* program.trace((traced, number) => {
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
