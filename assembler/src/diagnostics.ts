import type { Diagnostic, Severity, SourceRange } from './api';
import { MAX_DIAGNOSTICS } from './limits';
import type { SourceFile } from './text/source';
import type { Token } from './text/token';
import { Warnings, warningClass } from './warnings';

/** What is wrong with a statement, thrown inside the front end and caught at the end of its line. */
export class Complaint {
  constructor(
    readonly code: string,
    readonly message: string,
    readonly at?: Token,
    /** Last token of the complaint's range. */
    readonly to?: Token,
  ) {}
}

/** The range of some tokens. */
export function rangeOf(first: Token, last: Token = first): SourceRange {
  const sameLine = last.file === first.file && (last.line > first.line || last.end >= first.column);
  const end = sameLine ? last : first;
  return {
    file: first.file.path,
    line: first.line,
    column: first.column,
    endLine: end.line,
    endColumn: end.end,
  };
}

/** From one line to another of the same text. */
export interface Move {
  file: SourceFile;
  from: number;
  to: number;
  /** Added to columns. */
  columns: number;
}

function moveRange(range: SourceRange, { file, from, to, columns }: Move): SourceRange {
  if (range.file !== file.path || range.line !== from || range.endLine !== from) return range;
  const column = range.column + columns;
  return { ...range, line: to, endLine: to, column, endColumn: range.endColumn + columns };
}

/** Collects the diagnostics of a pass. */
export class Reporter {
  readonly list: Diagnostic[] = [];
  errors = 0;
  /** Everything there was to say, also what nobody wants to hear. */
  said = 0;
  /** Everything reported, also what is not kept. */
  reports = 0;
  #seen = new Set<string>();

  constructor(
    /** Which warnings count. */
    readonly warnings: Warnings = new Warnings(),
  ) {}

  /** Tells the macro calls and includes that lead to the line in work, innermost first. */
  chain: () => Diagnostic['related'] = () => [];

  /** Tells what `%line` makes of the line in work. */
  named: () => Diagnostic['named'] = () => undefined;

  /** Set while a statement is assembled that was made of another line. */
  move: Move | undefined;

  /** Errors are no reason to stop, only worth a note, and warnings not even that: NASM says nothing at all. */
  hushed = false;

  /** Told about each diagnostic. */
  listener: ((diagnostic: Diagnostic) => void) | undefined;

  /** Adds a diagnostic; the same complaint about the same place counts once. */
  report(given: Severity, code: string, message: string, at: SourceRange): void {
    this.said++;
    const warning = given === 'warning' ? warningClass(code) : undefined;
    const fate = warning === undefined ? undefined : this.warnings.fate(warning);
    if (fate === 'off') return;
    const hushed = this.hushed && code !== 'limit' && code !== 'internal';
    if (hushed && warning !== undefined) return;
    const severity = hushed ? 'note' : fate === 'error' ? 'error' : given;
    const range = this.move ? moveRange(at, this.move) : at;
    this.reports++;
    if (severity === 'error') this.errors++;
    if (this.list.length >= MAX_DIAGNOSTICS) return;
    const related = this.chain();
    // Nobody can open the standard macros: their call in the source takes the blame.
    const place = range.file.startsWith('<') ? (related.shift()?.range ?? range) : range;
    const key = `${code}\0${message}\0${place.file}\0${place.line}\0${place.column}\0${related
      .map((r) => `${r.range.file}:${r.range.line}`)
      .join()}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const diagnostic: Diagnostic = { severity, code, message, range: place, related };
    const named = this.named();
    if (named) diagnostic.named = named;
    if (warning !== undefined) diagnostic.warning = warning;
    this.list.push(diagnostic);
    this.listener?.(diagnostic);
  }

  /** Reports a caught {@link Complaint}; anything else is our own fault and says so without stopping the editor. */
  caught(problem: unknown, at: SourceRange): void {
    if (problem instanceof Complaint) {
      this.report('error', problem.code, problem.message, problem.at ? rangeOf(problem.at, problem.to) : at);
    } else {
      this.report('error', 'internal', `the assembler failed on this line: ${String(problem)}`, at);
    }
  }
}
