import { Kind, type SourceLine } from '@hyperstep/assembler';
import type { Shape } from './shape';

/** A line that pushes, pops or names contexts, or may do so: see syntax/contexts.ts. */
export interface ContextStep {
  line: SourceLine;
  shape: Shape;
  /** The preprocessor directive; `call` for what may be a macro, nothing for a line that only names locals. */
  what: string;
}

const EFFECTS = /^(push|pop|repl|if.*|elif.*|else|endif|i?r?macro|irmacro|endm(acro)?|exitmacro|include)$/;

/** Does the line name context locals? */
export function hasLocals(line: SourceLine): boolean {
  return line.tokens.some(({ kind, text }) => kind === Kind.Preprocessor && text.includes('$'));
}

/** The line as a step, if contexts depend on it. */
export function contextStep(line: SourceLine, shape: Shape): ContextStep | undefined {
  if (shape.kind === 'preprocessor' && EFFECTS.test(line.directive ?? ''))
    return { line, shape, what: line.directive! };
  if (shape.kind === 'call') return { line, shape, what: 'call' };
  return hasLocals(line) ? { line, shape, what: '' } : undefined;
}
