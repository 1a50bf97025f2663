/**
 * What the assembler takes and gives. Nothing here touches Node: files come in
 * through {@link FileProvider}, so the same code runs in the adapter, in the
 * language server and in a browser worker.
 */

import type { SourceFile } from './text/source';

/** Read access to source files. Paths are absolute, with `/`; the provider decides what stands behind them (disk, open editors, images assembled a moment ago). */
export interface FileProvider {
  /** The file's bytes, or undefined when there is no such file. */
  read(path: string): Uint8Array | undefined;
  /** Is there such a file? For providers that can tell without reading it. */
  exists?(path: string): boolean;
}

export interface AssembleOptions {
  /** Absolute path of the main source file. */
  main: string;
  files: FileProvider;
  /** Directories searched by `%include` and `incbin` after the including file's own path (NASM's -I, but joined with `/`). */
  includePaths?: readonly string[];
  /** NASM's -D: name → text of a single-line macro defined before the first line. */
  defines?: Readonly<Record<string, string>>;
  /** Asked between lines; when it answers true, assembly ends with one diagnostic saying so. */
  cancelled?: () => boolean;
  /** Tokens of files that somebody keeps up to date: such a file is not read again. */
  sources?: (path: string) => SourceFile | undefined;
  /** What `%!NAME` and `%ifenv` see; absent: no variable is set, so that a build depends on its sources alone. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** `%line` counts for nothing (NASM's --no-line). */
  ignoreLine?: boolean;
  /** Lines of source before the first one, such as `%define X 1` (NASM's -D, -P, --before, in their order). */
  preamble?: readonly string[];
  /** Names are first tried as they are, then with the include paths (NASM); otherwise beside the including file first. */
  workingFolderFirst?: boolean;
  /** What comes out: a flat binary (default) or a relocatable object file; NASM's -f. */
  format?: 'bin' | 'elf32' | 'elf64' | 'elfx32';
  /** Line information in the object file, as DWARF or stabs; NASM's -g and -F. */
  debug?: boolean | 'stabs';
  /** NASM's -O0 and -O1; absent: -Ox. */
  optimize?: 0 | 1;
  /** NASM's --limit-…, by its name. */
  limits?: ReadonlyMap<string, number>;
  /** NASM's -w: `+class`, `-class`, `error=class` … in their order. */
  warnings?: readonly string[];
  /** Makes {@link AssembleResult.listing} (NASM's -l); the function says how a message stands in it, if at all. */
  listing?: boolean | ((diagnostic: Diagnostic) => string | undefined);
  /** Folder of the compilation, for the debugging information. */
  folder?: string;
  /** NASM's --gprefix, --gpostfix, --lprefix and --lpostfix: texts around names in the symbol table. */
  affixes?: { prefix?: string; postfix?: string; localPrefix?: string; localPostfix?: string };
  /** Told every line that reaches the assembler proper, after all macros, in every pass (counting from 1). */
  trace?: (line: TracedLine, pass: number) => void;
}

/** A line as the macros left it. */
export interface TracedLine {
  /** The line in a file that it comes from: for code of a macro, the outermost call. */
  file: string;
  line: number;
  /** Macro calls between that line and this one. */
  depth: number;
  /** White space stood before the first token. */
  indented: boolean;
  text: string;
}

/** A place in a source file. Lines and columns count from 1; columns are UTF-16 units. `endColumn` is exclusive. */
export interface SourceRange {
  file: string;
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

export type Severity = 'error' | 'warning' | 'note';

/** A complaint about the source. `message` says what is wrong and, where one can know it, what to do. */
export interface Diagnostic {
  severity: Severity;
  /** A stable short name, e.g. `symbol-undefined`, `operand-size`; docs/dialect.md lists them. */
  code: string;
  message: string;
  range: SourceRange;
  /** NASM's class of warnings this is one of, also where that class counts as an error. */
  warning?: string;
  /** What `%line` makes of the place: the file and line of the outermost macro call. */
  named?: { file: string; line: number };
  /** Macro calls and includes that led here, innermost first. */
  related: {
    message: string;
    range: SourceRange;
    /** The macro, if this is a call of one. */
    macro?: string;
  }[];
}

/** Where an address range of the image came from. */
export interface LineEntry {
  /** First address as the program sees it (`org`/`vstart` applied). */
  address: bigint;
  /** Bytes; 0 never occurs. */
  length: number;
  /** Offset of the first byte in the flat image; −1 for reserved space that is not in the file (`nobits`). */
  fileOffset: number;
  /** Index into {@link SourceMap.files}. For code from a macro: the line of the outermost call. */
  file: number;
  line: number;
  /** True for instructions, false for data. */
  code: boolean;
  bits: 16 | 32 | 64;
  /** The lines inside macro bodies that produced these bytes; absent outside macros. */
  expansion?: Expansion;
}

/** Lines inside macro bodies, innermost first; of calls nested very deep only the innermost ones. */
export type Expansion = {
  file: number;
  line: number;
  macro: string;
  /** The macro is `.nolist`: it and what it calls are not meant to be seen. */
  hidden?: boolean;
}[];

export interface SymbolEntry {
  /** Full name; a local label carries its parent (`main.loop`). */
  name: string;
  value: bigint;
  kind: 'label' | 'equ';
  /** Section name for labels; absent for pure numbers. */
  section?: string;
  file: number;
  line: number;
  column: number;
}

export interface StrucEntry {
  name: string;
  size: number;
  /** Fields in order; `name` as written after `.` or as a plain label. */
  fields: { name: string; offset: number; size: number }[];
}

export interface SectionEntry {
  name: string;
  /** Address the program sees. */
  vstart: bigint;
  /** Address in the image's own counting (org + file offset). */
  start: bigint;
  fileOffset: number;
  length: number;
  nobits: boolean;
}

/** The bridge between addresses and source; documented and versioned in docs/dialect.md. */
export interface SourceMap {
  version: 1;
  files: string[];
  /** Sorted by address. */
  lines: LineEntry[];
  symbols: SymbolEntry[];
  strucs: StrucEntry[];
  sections: SectionEntry[];
}

export interface AssembleResult {
  /** The flat binary or object file; absent when any diagnostic is an error. */
  image?: Uint8Array;
  /** The listing, if it was asked for. */
  listing?: string;
  /** NASM's `org`. */
  origin: bigint;
  /** Present even after errors, as far as it could be made: the editor works on broken text. */
  map: SourceMap;
  diagnostics: Diagnostic[];
  /** Passes it took. */
  passes: number;
  /** Every file read, absolute, main first. */
  dependencies: string[];
  /** The bytes of a line of the map, also after errors; undefined for reserved space. */
  bytesOf(entry: LineEntry): Uint8Array | undefined;
}
