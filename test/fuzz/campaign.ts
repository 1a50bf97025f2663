import { Clock } from './clock';
import { programOf } from './grammar';
import { mutant } from './mutate';
import { Random, seedOf } from './random';
import { exercise } from './targets';

/** Processor time one piece of work may take: everything in the assembler is bounded by counted work. */
export const MAX_SECONDS = 1;

/** Something an input has shown. */
export interface Finding {
  index: number;
  kind: 'exception' | 'slow';
  message: string;
  source: string;
}

/** One in this many inputs is a program of the grammar, the others are mutants of real sources. */
const GRAMMAR_SHARE = 4;

/** The source of an input. */
export function sourceOf(seed: number, index: number, sources: readonly string[]): string {
  const random = new Random(seedOf(seed, index));
  return random.below(GRAMMAR_SHARE) === 0 ? programOf(seedOf(seed, index)) : mutant(sources, random);
}

/** Tries one input. */
export function attempt(seed: number, index: number, sources: readonly string[]): Finding | undefined {
  const source = sourceOf(seed, index, sources);
  const once = (): number => {
    const clock = new Clock();
    exercise(source, new Random(seedOf(~seed, index)), clock);
    return clock.longest;
  };
  try {
    let took = once();
    // Collecting garbage or compiling may have fallen into it: a slow input is slow again.
    if (took > MAX_SECONDS) took = Math.min(took, once());
    if (took <= MAX_SECONDS) return undefined;
    return { index, kind: 'slow', message: `${took.toFixed(2)} s`, source };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { index, kind: 'exception', message, source };
  }
}
