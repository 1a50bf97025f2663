import type { AssembleOptions, AssembleResult, Diagnostic, SourceMap } from './api';
import { Reporter } from './diagnostics';
import { bytesAt, remember } from './draft';
import { Files } from './layout/files';
import { finish } from './layout/finish';
import { Layout } from './layout/layout';
import { makeMap } from './layout/map';
import { Pass } from './layout/pass';
import { type Placement, place } from './layout/place';
import type { Program } from './layout/program';
import { Recorder } from './layout/recorder';
import { replay } from './layout/replay';
import {
  FREE_PASSES,
  MAX_PASSES,
  MAX_WORK,
  MAX_WORK_PASSES,
  WORK_ALL_PASSES_PER_SOURCE_LINE,
} from './limits';
import { makeObject } from './output/elf';
import { ListingWriter } from './output/listing';
import { allSteps } from './steps';
import { Warnings } from './warnings';

const EMPTY: SourceMap = { version: 1, files: [], lines: [], symbols: [], strucs: [], sections: [] };

/** Sections of an object file have no addresses: each counts from 0. */
const UNPLACED: Placement = { origin: 0n, length: 0, problems: [], moved: false };

/** Errors that only the first pass can see. */
const CRITICAL = new Set(['symbol-undefined', 'critical-expression']);

/**
 * Assembles `options.main` into a flat binary with its source map. Never
 * throws: whatever is wrong with the source is a diagnostic, and the map goes
 * as far as it can.
 */
export function assemble(options: AssembleOptions): AssembleResult {
  return allSteps(assembleInSteps(options));
}

/**
 * The same in steps of some milliseconds, for those who have to listen in
 * between. Until it has ended, nothing else may assemble the same
 * {@link AssembleOptions.sources}, and no token of them may change; it may be
 * left unfinished.
 */
export function* assembleInSteps(options: AssembleOptions): Generator<void, AssembleResult> {
  const files = new Files(
    options.files,
    options.includePaths ?? [],
    options.sources,
    options.workingFolderFirst,
  );
  const main = files.source(options.main);
  const top = { file: options.main, line: 1, column: 1, endLine: 1, endColumn: 1 };
  if (!main) {
    const message = `cannot read \`${options.main}\``;
    const diagnostics: Diagnostic[] = [
      { severity: 'error', code: 'file-missing', message, range: top, related: [] },
    ];
    return { origin: 0n, map: EMPTY, diagnostics, passes: 0, dependencies: [], bytesOf: () => undefined };
  }
  const object = makeObject(options);
  const listing = options.listing
    ? new ListingWriter(options.files, options.listing === true ? undefined : options.listing)
    : undefined;
  const layout = new Layout(object?.format, listing);
  layout.optimize = options.optimize;
  layout.limits = new Map(options.limits);
  layout.affixes = { ...options.affixes };
  if (object) object.format.layout = layout;
  let sticky: Diagnostic[] = [];
  const warnings = new Warnings(options.warnings);
  const newReporter = (): Reporter => {
    warnings.begin();
    return new Reporter(warnings);
  };
  let reporter = newReporter();
  let placement: Placement = UNPLACED;
  let sizes = '';
  // Recording what a pass does pays where nothing has to see every pass.
  const records = options.trace === undefined && options.optimize === undefined;
  let program: Program | undefined;
  let surprised = false;
  let work = 0;
  const moved = (before: string): boolean => {
    placement = object ? UNPLACED : place([...layout.sections.values()], layout.org);
    sizes = [...layout.sections.values()].map((s) => s.offset).join();
    return layout.symbols.changed || placement.moved || sizes !== before;
  };
  const grow = (number: number): void => {
    if (number < FREE_PASSES || layout.growing) return;
    layout.growing = true;
    layout.grown.clear();
  };
  for (let number = 1; ; number++) {
    grow(number);
    reporter = newReporter();
    if (listing && number > 1) reporter.listener = (d) => listing.diagnostic(d);
    const pass = new Pass(layout, files, options, reporter, number);
    if (records && !surprised && number <= 2) pass.recorder = new Recorder(layout);
    const { defaultRel } = layout;
    yield* pass.run(main);
    reporter.chain = () => [];
    reporter.named = () => undefined;
    reporter.listener = undefined;
    const moves = moved(sizes);
    // A critical expression may only use symbols defined before it: known in the first pass, valid for all.
    if (number === 1) sticky = reporter.list.filter((d) => CRITICAL.has(d.code));
    if (pass.cancelled) {
      reporter.report('error', 'cancelled', 'assembly was cancelled', top);
      break;
    }
    if (number > 1 && !moves) break;
    if (layout.stopped || reporter.list.some((d) => d.code === 'limit')) break;
    work += pass.spent;
    const most = MAX_WORK_PASSES * MAX_WORK + WORK_ALL_PASSES_PER_SOURCE_LINE * files.lines;
    if (number >= MAX_PASSES || work > most) {
      const message = `sizes and addresses still change after ${number} passes: some size depends on itself`;
      reporter.report('error', 'layout-unstable', message, top);
      break;
    }
    // A whole pass should have been the last one: what was recorded does not tell everything.
    if (program) surprised = true;
    program = pass.recorder?.program;
    const redefault = program?.inherits && defaultRel !== layout.defaultRel;
    if (!program || program.broken || redefault || surprised) {
      program = undefined;
      continue;
    }
    // A listing is written, and an object file's symbols are ordered, by whole passes only.
    if (reporter.reports === 0 && !object && !listing) {
      program.bytes = new Map([...layout.sections.values()].map((s) => [s, s.detach()]));
      layout.records.keep();
    }
    const cancelled = options.cancelled ?? (() => false);
    let settled = false;
    do {
      grow(++number);
      yield;
      if (!(yield* replay(program, layout, number, pass.readBinary, cancelled, pass.limit))) break;
      settled = !moved(sizes);
    } while (!settled && number < MAX_PASSES && work + program.spent <= most);
    work += program.spent;
    if (!settled || !program.bytes || layout.growing) continue;
    reporter = newReporter();
    if ((yield* finish(program, layout, ++number, reporter, pass.readBinary, cancelled)) && !moved(sizes))
      break;
  }
  for (const problem of placement.problems) reporter.report('error', problem.code, problem.message, top);
  const file = object?.write(layout, files, options, (problem) => reporter.caught(problem, top));
  const diagnostics = merge(sticky, reporter.list);
  let map: SourceMap | undefined;
  const result: AssembleResult = {
    origin: placement.origin,
    // Not everybody wants it, and it is as large as the source.
    get map() {
      map ??= makeMap(layout, files);
      return map;
    },
    diagnostics,
    passes: layout.pass,
    dependencies: files.dependencies,
    bytesOf: (entry) => bytesAt(layout, entry),
  };
  if (listing) result.listing = listing.text();
  remember(result, layout);
  if (!diagnostics.some((d) => d.severity === 'error')) result.image = file ?? link(layout, placement);
  return result;
}

function merge(sticky: Diagnostic[], last: Diagnostic[]): Diagnostic[] {
  const key = (d: Diagnostic) => `${d.code}:${d.range.file}:${d.range.line}:${d.range.column}`;
  const known = new Set(last.map(key));
  return [...sticky.filter((d) => !known.has(key(d))), ...last];
}

/** Puts the sections into the file. */
function link(layout: Layout, placement: Placement): Uint8Array {
  const image = new Uint8Array(placement.length);
  for (const section of layout.sections.values()) {
    if (!section.nobits && section.offset > 0) image.set(section.data, section.fileOffset);
  }
  return image;
}
