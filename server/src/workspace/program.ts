import {
  type AssembleOptions,
  type AssembleResult,
  allSteps,
  assembleInSteps,
  draftInSteps,
  type LineEntry,
  type SymbolEntry,
} from '@hyperstep/assembler';
import type { TextEdit } from 'vscode-languageserver';
import { MacroTable } from '../syntax/macro-table';
import { Names } from '../syntax/names';
import type { Outline } from '../syntax/outline';
import { Document } from '../text/document';
import type { Settings } from './settings';
import { timed } from './timed';

/** A source that takes longer is given up: the editor has to go on. */
const MAX_TIME_MS = 8000;

/** Programs that take longer are drafted between keystrokes, in the background. */
const LARGE_MS = 60;

/** What a program needs to know of the files and of the other programs. */
export interface ProgramHost {
  readonly settings: Settings;
  readonly fileEpoch: number;
  document(path: string): Document | undefined;
  read(path: string): Uint8Array | undefined;
  exists(path: string): boolean;
  stamp(path: string): number;
  /** Gives up other work in steps. */
  interrupt(): void;
  macroNames(path: string): readonly string[];
  outline(path: string, macros: MacroTable, epoch: number): Outline | undefined;
  nextEpoch(): number;
  /** Is told of every assembly. */
  assembled: (recipe: Recipe, result: AssembleResult) => void;
}

/** How a program is assembled. */
export interface Recipe {
  main: string;
  includePaths: readonly string[];
  /** Images of programs assembled before, by path. */
  overlay?: ReadonlyMap<string, { data: Uint8Array; revision: number }>;
  /** The lab it belongs to, as a folder. */
  lab?: string;
  /** Name in the lab. */
  name?: string;
}

/**
 * One program: its assembly, and the names of all its files. Assembles again
 * when some file it was made from has changed, and not before somebody asks.
 */
export class Program {
  private made:
    | {
        result: AssembleResult;
        stamps: Map<string, number>;
        epoch: number;
        draft: boolean;
        /** A draft was begun with it: its bytes and, unless somebody has seen them, its lines are gone. */
        spent: boolean;
      }
    | undefined;
  private symbolIndex: Map<string, SymbolEntry> | undefined;
  /** How often it was assembled, for measurements. */
  assemblies = 0;
  /** Milliseconds the last assembly took. */
  duration = 0;

  constructor(
    private readonly workspace: ProgramHost,
    readonly recipe: Recipe,
  ) {}

  get main(): string {
    return this.recipe.main;
  }

  /** The assembly of the text as it is now. */
  get result(): AssembleResult {
    if (this.made && !this.made.draft && this.fresh()) return this.made.result;
    this.workspace.interrupt();
    allSteps(this.refresh(false));
    return this.made!.result;
  }

  /** The same, of a large program that of the last round in the background: no request waits for it. */
  get current(): AssembleResult {
    return this.made && this.duration >= LARGE_MS ? this.made.result : this.result;
  }

  /** Has it been assembled at all? */
  get assembled(): boolean {
    return this.made !== undefined;
  }

  /** Assembles in steps what has changed; of a large program, one pass will do if `draft`: nearly always right, and sooner. */
  *refresh(draft: boolean): Generator<void, void> {
    if (this.made && (draft || !this.made.draft) && this.fresh()) return;
    if (draft && this.made && this.duration >= LARGE_MS) {
      this.made.spent = true;
      const { value } = yield* timed(draftInSteps(this.options(), this.made.result));
      if (value) {
        this.keep(value, true);
        return;
      }
    }
    const { value, time } = yield* timed(assembleInSteps(this.options()));
    this.keep(value, false);
    this.duration = time;
    this.workspace.assembled(this.recipe, value);
  }

  /** Is what was made last only a draft? */
  get drafted(): boolean {
    return this.made?.draft ?? false;
  }

  private keep(result: AssembleResult, draft: boolean): void {
    // Symbols are read from tokens, which the next edit moves: now is the time.
    void result.map;
    const stamps = new Map<string, number>();
    for (const path of result.dependencies) stamps.set(path, this.stamp(path));
    this.made = { result, stamps, epoch: this.workspace.fileEpoch, draft, spent: false };
    this.seenLines = undefined;
    this.symbolIndex = undefined;
    this.assemblies++;
  }

  /** The last assembly, even if the text has changed since; none yet is made now. */
  get latest(): AssembleResult {
    return this.made?.result ?? this.result;
  }

  /** Assembles once more, in steps, with every line told. */
  trace(tell: NonNullable<AssembleOptions['trace']>): Generator<void, AssembleResult> {
    return assembleInSteps({ ...this.options(), trace: tell });
  }

  /** What the program would be with some edits made, in steps. */
  preview(edits: ReadonlyMap<string, readonly TextEdit[]>): Generator<void, AssembleResult> {
    const changed = new Map<string, Document>();
    for (const [path, list] of edits) {
      const original = this.workspace.document(path);
      if (!original) continue;
      const copy = new Document(path, original.uri, original.text);
      const backwards = [...list].sort(
        (a, b) =>
          b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
      );
      copy.update(
        backwards.map((e) => ({ range: e.range, text: e.newText })),
        0,
      );
      changed.set(path, copy);
    }
    return assembleInSteps(this.options(changed));
  }

  private options(changed?: ReadonlyMap<string, Document>): AssembleOptions {
    const { workspace, recipe } = this;
    const deadline = Date.now() + MAX_TIME_MS;
    return {
      main: recipe.main,
      files: {
        // Open texts are kept as lines: they are put together only where their bytes are wanted.
        exists: (path) => recipe.overlay?.has(path) || workspace.exists(path),
        read: (path) => recipe.overlay?.get(path)?.data ?? changed?.get(path)?.data ?? workspace.read(path),
      },
      includePaths: recipe.includePaths,
      defines: workspace.settings.defines,
      sources: (path) => (changed?.get(path) ?? workspace.document(path))?.source,
      cancelled: () => Date.now() > deadline,
    };
  }

  private stamp(path: string): number {
    return this.recipe.overlay?.get(path)?.revision ?? this.workspace.stamp(path);
  }

  private fresh(): boolean {
    const { stamps, epoch, result } = this.made!;
    if (epoch !== this.workspace.fileEpoch && result.diagnostics.some((d) => d.code === 'file-missing'))
      return false;
    for (const [path, stamp] of stamps) if (this.stamp(path) !== stamp) return false;
    return stamps.size > 0;
  }

  /** The sources, main first. */
  get files(): string[] {
    const { files } = this.latest.map;
    return files.length > 0 ? files : [this.main];
  }

  /** Is the file one of its sources? */
  has(path: string): boolean {
    return this.files.includes(path);
  }

  /** The names of all sources as they are now. */
  get names(): Names {
    const { workspace } = this;
    const documents = this.files.map((path) => workspace.document(path)).filter((d) => d !== undefined);
    const known = this.seen;
    const fresh =
      known &&
      known.documents.length === documents.length &&
      documents.every((d, i) => d === known.documents[i] && d.revision === known.revisions[i]);
    if (fresh) return known.names;
    this.followMacros();
    const outlines = documents.map((d) => workspace.outline(d.path, this.macros, this.epoch)!);
    // Outlines that could follow the changes declare what they declared before.
    const same =
      known &&
      known.names.outlines.length === outlines.length &&
      outlines.every((o, i) => o === known.names.outlines[i]);
    const names = same ? known.names : new Names(outlines);
    this.seen = { documents, revisions: documents.map((d) => d.revision), names };
    return names;
  }

  private seen: { documents: Document[]; revisions: number[]; names: Names } | undefined;
  /** The names that may start a line because they are macros. */
  private macros = new MacroTable();
  private signature = '';
  private epoch = 0;

  private followMacros(): void {
    const names = new Set<string>();
    for (const path of this.files) for (const name of this.workspace.macroNames(path)) names.add(name);
    const signature = [...names].join(' ');
    if (signature === this.signature && this.epoch > 0) return;
    this.macros = new MacroTable(names);
    this.signature = signature;
    this.epoch = this.workspace.nextEpoch();
  }

  /** What the source map says about a symbol. */
  entry(name: string): SymbolEntry | undefined {
    if (!this.symbolIndex) {
      this.symbolIndex = new Map();
      for (const symbol of this.latest.map.symbols) this.symbolIndex.set(symbol.name, symbol);
    }
    return this.symbolIndex.get(name);
  }

  private seenLines: readonly LineEntry[] | undefined;

  /** The lines of the source map, as long as they are known. */
  private get lines(): readonly LineEntry[] {
    const { map } = this.latest;
    if (!this.seenLines && this.made!.spent) return [];
    this.seenLines ??= map.lines;
    return this.seenLines;
  }

  /** The bytes of a line of the source map, as long as they are known. */
  bytesOf(entry: LineEntry): Uint8Array | undefined {
    return this.made?.spent ? undefined : this.latest.bytesOf(entry);
  }

  /** Entries of the source map for a line (from 1) of a file, in order of address. */
  entries(path: string, line: number): LineEntry[] {
    return this.entriesIn(path, line, line).get(line) ?? [];
  }

  /** The same for all lines from `first` to `last`. */
  entriesIn(path: string, first: number, last: number): Map<number, LineEntry[]> {
    const found = new Map<number, LineEntry[]>();
    const file = this.latest.map.files.indexOf(path);
    if (file < 0) return found;
    for (const entry of this.lines) {
      if (entry.file !== file || entry.line < first || entry.line > last) continue;
      const list = found.get(entry.line);
      if (list) list.push(entry);
      else found.set(entry.line, [entry]);
    }
    return found;
  }

  /** The mode that a line (from 0) is assembled for. */
  bitsAt(path: string, line: number): 16 | 32 | 64 {
    const known = this.names.outline(path)?.around(line).bits;
    if (known) return known;
    const file = this.latest.map.files.indexOf(path);
    const { lines } = this;
    let best: LineEntry | undefined;
    for (const entry of lines) {
      if (entry.file !== file) continue;
      if (!best || Math.abs(entry.line - line) < Math.abs(best.line - line)) best = entry;
    }
    return best?.bits ?? (path === this.main ? 16 : this.modeOfIncludes(path));
  }

  /** A file that produced no code: the mode of the file that reads it, where it does so; 64 when unknown. */
  private modeOfIncludes(path: string): 16 | 32 | 64 {
    const name = path.slice(path.lastIndexOf('/') + 1);
    for (const outline of this.names.outlines) {
      if (outline.document.path === path) continue;
      const use = outline.files.find((f) => f.path.endsWith(name));
      const bits = use && outline.around(use.token.line - 1).bits;
      if (bits) return bits;
    }
    return 64;
  }
}
