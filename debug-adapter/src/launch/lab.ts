/**
 * Labs: a folder with a lab.json that names its programs. This file assembles
 * one from any {@link FileProvider}; it needs neither Node nor VS Code, and the
 * headless command line uses it too.
 */
import { type AssembleResult, assemble, type Diagnostic, type FileProvider } from '@hyperstep/assembler';
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import { basename, dirname, joinPath, normalizePath } from '../sources/paths';
import type { ContextKind } from '../sources/source-index';
import { checkShape, integer, isObject, oneOf, string } from './shape';

/** A program of a lab, as lab.json has it. */
export interface LabProgram {
  name: string;
  /** Source, relative to the lab's folder. */
  source: string;
  /** File name under which later programs can `incbin` the image. */
  output: string;
  /** Which contexts its addresses belong to. */
  runs: 'guest' | 'vmm';
}

/** lab.json. */
export interface Lab {
  title?: string;
  /** MiB. */
  memory?: number;
  /** In the order of assembly. */
  programs: LabProgram[];
  /** Name or output of the program that the machine boots. */
  boot: string;
  /** File with the text expected on the serial port, relative to the lab's folder; for checks. */
  serial?: string;
  /** Expected exit code, for checks. */
  exitCode?: number;
}

/** Files, and optionally which paths are folders: then include paths that do not exist are left out. */
export interface LabFiles extends FileProvider {
  isFolder?(path: string): boolean;
}

export interface LabOptions {
  includePaths?: readonly string[];
  defines?: Readonly<Record<string, string>>;
  cancelled?: () => boolean;
  /** Called before each program. */
  onProgram?: (program: LabProgram, index: number, count: number) => void;
}

export interface AssembledProgram {
  name: string;
  output: string;
  /** The contexts its map is about. */
  kind: ContextKind;
  result: AssembleResult;
}

/** A lab with its images; `boot` is absent when `errors` is not empty. */
export interface AssembledLab {
  lab?: Lab;
  programs: AssembledProgram[];
  /** The image to load. */
  boot?: Uint8Array;
  /** Of all programs, in order. */
  diagnostics: Diagnostic[];
  /** What is wrong, one sentence each; assembly errors as `file:line: message`. */
  errors: string[];
}

const LAB_SHAPE = {
  title: string,
  memory: integer(1, 3072),
  programs: (value: unknown) =>
    Array.isArray(value) && value.length > 0 ? undefined : 'must be a list of programs',
  boot: string,
  serial: string,
  exitCode: integer(0, 255),
};

const PROGRAM_SHAPE = { name: string, source: string, output: string, runs: oneOf('guest', 'vmm') };

/** Reads lab.json (comments allowed). */
export function parseLab(text: string): { lab?: Lab; problems: string[] } {
  const syntax: ParseError[] = [];
  const value: unknown = parse(text, syntax, { allowTrailingComma: true });
  if (syntax.length > 0) {
    const line = text.slice(0, syntax[0].offset).split('\n').length;
    return { problems: [`line ${line}: ${printParseErrorCode(syntax[0].error)}`] };
  }
  const problems = checkShape(value, LAB_SHAPE, (field) => field === '$schema');
  if (!isObject(value) || problems.length > 0) return { problems };
  if (!Array.isArray(value.programs)) return { problems: ['"programs" is missing.'] };
  value.programs.forEach((program: unknown, i: number) => {
    const inside = checkShape(program, PROGRAM_SHAPE);
    if (isObject(program)) {
      for (const field of ['name', 'source']) {
        if (program[field] === undefined) inside.push(`"${field}" is missing.`);
      }
    }
    problems.push(...inside.map((problem) => `program ${i + 1}: ${problem}`));
  });
  if (problems.length > 0) return { problems };
  const programs = (value.programs as Partial<LabProgram>[]).map((program) => ({
    name: program.name!,
    source: program.source!,
    output: program.output ?? `${program.name}.bin`,
    runs: program.runs ?? 'vmm',
  }));
  const lab: Lab = { ...value, programs, boot: (value.boot as string) ?? programs[programs.length - 1].name };
  if (!bootProgram(lab)) problems.push(`"boot" names no program: ${lab.boot}.`);
  return problems.length > 0 ? { problems } : { lab, problems };
}

function bootProgram(lab: Lab): number | undefined {
  const index = lab.programs.findIndex((program) => program.name === lab.boot || program.output === lab.boot);
  return index < 0 ? undefined : index + 1;
}

/** Assembles the lab in `folder`. Never throws: everything wrong is in `errors`. */
export function assembleLab(folder: string, files: LabFiles, options: LabOptions = {}): AssembledLab {
  const labFolder = normalizePath(folder);
  const failed = (...errors: string[]): AssembledLab => ({ programs: [], diagnostics: [], errors });
  const path = joinPath(labFolder, 'lab.json');
  const bytes = files.read(path);
  if (!bytes) return failed(`${path}: no such file.`);
  const { lab, problems } = parseLab(new TextDecoder().decode(bytes));
  if (!lab) return failed(...problems.map((problem) => `${path}: ${problem}`));

  const images = new Map<string, Uint8Array>();
  const overlay = overlayFiles(files, images);
  const result: AssembledLab = { lab, programs: [], diagnostics: [], errors: [] };
  const bootIndex = bootProgram(lab)! - 1;
  for (const [index, program] of lab.programs.entries()) {
    options.onProgram?.(program, index, lab.programs.length);
    const main = joinPath(labFolder, program.source);
    if (!files.read(main)) {
      result.errors.push(`${path}: program "${program.name}": no such file: ${main}`);
      return result;
    }
    const assembled = assemble({
      main,
      files: overlay,
      includePaths: includePaths(labFolder, main, files, options.includePaths),
      defines: options.defines,
      cancelled: options.cancelled,
    });
    // What boots runs in root mode, whatever it is called: no VMM is below it.
    const kind = program.runs === 'guest' && index !== bootIndex ? 'guest' : 'host';
    result.programs.push({ name: program.name, output: program.output, kind, result: assembled });
    result.diagnostics.push(...assembled.diagnostics);
    result.errors.push(...errorLines(assembled.diagnostics));
    if (!assembled.image) {
      // Programs that include this image would only complain about its absence.
      if (result.errors.length === 0) result.errors.push(`${main}: no image was made.`);
      return result;
    }
    images.set(basename(normalizePath(`/${program.output}`)), assembled.image);
  }
  if (result.errors.length === 0) result.boot = result.programs[bootIndex].result.image;
  return result;
}

/** Assembles one source that boots by itself. */
export function assembleProgram(source: string, files: LabFiles, options: LabOptions = {}): AssembledLab {
  const main = normalizePath(source);
  if (!files.read(main)) return { programs: [], diagnostics: [], errors: [`${main}: no such file.`] };
  const result = assemble({
    main,
    files,
    includePaths: includePaths(dirname(main), main, files, options.includePaths),
    defines: options.defines,
    cancelled: options.cancelled,
  });
  const name = basename(main);
  return {
    programs: [{ name, output: name, kind: 'host', result }],
    boot: result.image,
    diagnostics: result.diagnostics,
    errors: errorLines(result.diagnostics),
  };
}

/** `file:line: message` of every error. */
export function errorLines(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics
    .filter((diagnostic) => diagnostic.severity === 'error')
    .map(({ range, message }) => `${range.file}:${range.line}: ${message}`);
}

/** Where `%include` and `incbin` look: the lab, the shared includes above it, the program's folder, the person's own. */
function includePaths(folder: string, main: string, files: LabFiles, own: readonly string[] = []): string[] {
  const shared: string[] = [];
  for (let at = folder, depth = 0; depth < 16; at = dirname(at), depth++) {
    shared.push(joinPath(at, 'guests/include'), joinPath(at, 'include'));
    if (dirname(at) === at) break;
  }
  const paths = [folder, ...shared, dirname(main), ...own.map((path) => joinPath(folder, path))];
  const unique = [...new Set(paths)];
  return files.isFolder ? unique.filter((path) => files.isFolder!(path)) : unique;
}

/** Images made a moment ago win over files of the same name. */
function overlayFiles(files: FileProvider, images: ReadonlyMap<string, Uint8Array>): FileProvider {
  return { read: (path) => images.get(basename(path)) ?? files.read(path) };
}
