import type { AssembleOptions, AssembleResult, LineEntry } from './api';
import { Reporter } from './diagnostics';
import { Files } from './layout/files';
import type { Layout } from './layout/layout';
import { makeMap } from './layout/map';
import { Pass } from './layout/pass';
import { place } from './layout/place';
import { allSteps } from './steps';

/** Drafts in a row before the passes have to be counted from the beginning again. */
const MAX_DRAFTS = 200;

/** What an assembly leaves behind for a draft of the next text. */
const layouts = new WeakMap<AssembleResult, Layout>();

/** Keeps the layout of a flat binary as long as its result lives. */
export function remember(result: AssembleResult, layout: Layout): void {
  if (!layout.format) layouts.set(result, layout);
}

/**
 * What {@link assemble} would say about a text that differs little from the one
 * `before` was made of, in a single pass that begins with the symbols known
 * from there: for editors, between keystrokes. The diagnostics are those of the
 * whole assembly except where something depends on an address that has moved
 * or on a symbol that must be defined before its use. There is no image.
 *
 * Undefined when only a whole assembly can tell: symbols have come or gone. In
 * either case `before` is used up: its bytes and the lines of its map are gone.
 */
export function assembleDraft(options: AssembleOptions, before: AssembleResult): AssembleResult | undefined {
  return allSteps(draftInSteps(options, before));
}

/**
 * The same in steps; see {@link assembleInSteps}. Left unfinished, `before` may
 * serve for another draft.
 */
export function* draftInSteps(
  options: AssembleOptions,
  before: AssembleResult,
): Generator<void, AssembleResult | undefined> {
  const layout = layouts.get(before);
  layouts.delete(before);
  if (!layout || layout.pass > MAX_DRAFTS) return undefined;
  const files = new Files(options.files, options.includePaths ?? [], options.sources);
  const main = files.source(options.main);
  if (!main) return undefined;
  const { generation } = layout.symbols;
  const reporter = new Reporter();
  const pass = new Pass(layout, files, options, reporter, layout.pass + 1);
  let left = true;
  try {
    yield* pass.run(main);
    left = false;
  } finally {
    if (left && layout.symbols.generation === generation) remember(before, layout);
  }
  reporter.chain = () => [];
  reporter.named = () => undefined;
  if (pass.cancelled || layout.stopped || layout.symbols.generation !== generation) return undefined;
  const { origin, problems } = place([...layout.sections.values()], layout.org);
  const top = { file: options.main, line: 1, column: 1, endLine: 1, endColumn: 1 };
  for (const problem of problems) reporter.report('error', problem.code, problem.message, top);
  const result: AssembleResult = {
    origin,
    map: makeMap(layout, files),
    diagnostics: reporter.list,
    passes: 1,
    dependencies: files.dependencies,
    bytesOf: (entry) => bytesAt(layout, entry),
  };
  remember(result, layout);
  return result;
}

/** The bytes of a line of the map: a section still has them when no image could be made. */
export function bytesAt(layout: Layout, { fileOffset, length }: LineEntry): Uint8Array | undefined {
  for (const section of layout.sections.values()) {
    const at = fileOffset - section.fileOffset;
    if (!section.nobits && fileOffset >= 0 && at >= 0 && at + length <= section.offset) {
      return section.data.subarray(at, at + length);
    }
  }
  return undefined;
}
