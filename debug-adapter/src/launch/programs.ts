/** From a launch configuration to images and maps; any file provider will do. */
import {
  type AssembleResult,
  assemble,
  assembleLab,
  baseName,
  type Diagnostic,
  directoryOf,
  type FileProvider,
  labIncludePaths,
  normalizePath,
} from '@hyperstep/assembler';
import type { Program } from '../sources/source-index';
import type { LaunchConfig } from './config';

/** What is to be loaded; `image` is absent when `errors` is not empty. */
export interface Assembled {
  programs: Program[];
  image?: Uint8Array;
  /** MiB, when the lab says. */
  memory?: number;
  diagnostics: Diagnostic[];
  /** What is wrong, one sentence each; assembly errors as `file:line: message`. */
  errors: string[];
}

export interface AssembleHooks {
  cancelled(): boolean;
  /** Called before each program. */
  progress(name: string, index: number, count: number): void;
}

/** Sources by their extension; anything else is an image. */
const SOURCE = /\.(asm|nasm|s)$/i;

/** Makes the image that a configuration names. Never throws: everything wrong is in `errors`. */
export function assembleTarget(config: LaunchConfig, files: FileProvider, hooks: AssembleHooks): Assembled {
  const path = normalizePath((config.lab ?? config.program)!);
  if (config.lab) return assembleLabFolder(path, config, files, hooks);
  if (SOURCE.test(path)) return assembleSource(path, config, files, hooks);
  const image = files.read(path);
  if (!image) {
    const lab = files.read(`${path}/lab.json`) !== undefined;
    const error = lab ? 'this is a lab; name it by "lab", not by "program".' : 'no such file.';
    return { programs: [], diagnostics: [], errors: [`${path}: ${error}`] };
  }
  return { programs: [], image, diagnostics: [], errors: [] };
}

function assembleLabFolder(
  folder: string,
  config: LaunchConfig,
  files: FileProvider,
  hooks: AssembleHooks,
): Assembled {
  const lab = assembleLab(folder, files, {
    includePaths: config.includePaths,
    defines: config.defines,
    cancelled: () => hooks.cancelled(),
    progress: (program, index, count) => hooks.progress(program.name, index, count),
  });
  const diagnostics = lab.images.flatMap(({ result }) => result.diagnostics);
  if (!lab.ok) {
    const errors = errorLines(diagnostics);
    return { programs: [], diagnostics, errors: errors.length > 0 ? errors : [lab.message] };
  }
  const programs = lab.images.map(({ program, result }): Program => {
    // What boots runs in root mode, whatever it is called: no VMM is below it.
    const guest = program.runs === 'guest' && program.output !== lab.manifest.boot;
    return programOf(program.name, guest ? 'guest' : 'host', result);
  });
  return { programs, image: lab.image, memory: lab.manifest.memory, diagnostics, errors: [] };
}

/** One source that boots by itself. */
function assembleSource(
  main: string,
  config: LaunchConfig,
  files: FileProvider,
  hooks: AssembleHooks,
): Assembled {
  if (!files.read(main)) return { programs: [], diagnostics: [], errors: [`${main}: no such file.`] };
  const name = baseName(main);
  hooks.progress(name, 0, 1);
  const alone = { name, source: name, output: name, runs: 'vmm' } as const;
  const result = assemble({
    main,
    files,
    includePaths: labIncludePaths(directoryOf(main), alone, config.includePaths),
    defines: config.defines,
    cancelled: () => hooks.cancelled(),
  });
  return {
    programs: [programOf(name, 'host', result)],
    image: result.image,
    diagnostics: result.diagnostics,
    errors: errorLines(result.diagnostics),
  };
}

function programOf(name: string, kind: Program['kind'], result: AssembleResult): Program {
  return { name, kind, map: result.map, image: result.image };
}

/** `file:line: message` of every error. */
function errorLines(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics
    .filter((diagnostic) => diagnostic.severity === 'error')
    .map(({ range, message }) => `${range.file}:${range.line}: ${message}`);
}
