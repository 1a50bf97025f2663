import type { Diagnostic } from '@hyperstep/assembler';
import { Machine } from '@hyperstep/engine';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { basename, normalizePath } from '../sources/paths';
import { dapSource } from '../stack/stack-trace';
import { Target } from '../target';
import type { LaunchConfig } from './config';
import { type AssembledLab, assembleLab, assembleProgram, type LabFiles } from './lab';

/** Sources by their extension; anything else is an image. */
const SOURCE = /\.(asm|nasm|s|inc)$/i;

/** Assembles and loads what a configuration names. Throws a {@link RequestError} that says what is wrong. */
export function loadTarget(
  core: Core,
  config: LaunchConfig,
  files: LabFiles,
  cancelled: () => boolean,
): Target {
  const { assembled, image } = makeImage(core, config, files, cancelled);
  const machine = new Machine({ memoryMiB: config.memory ?? assembled?.lab?.memory });
  const loaded = machine.loadMultiboot(image, { commandLine: config.commandLine });
  if (loaded.error) throw new RequestError(`${config.lab ?? config.program}: ${loaded.error}`);
  const programs = (assembled?.programs ?? []).map(({ name, kind, result }) => ({
    name,
    kind,
    map: result.map,
    image: result.image,
  }));
  return new Target(machine, programs, config);
}

function makeImage(
  core: Core,
  config: LaunchConfig,
  files: LabFiles,
  cancelled: () => boolean,
): { assembled?: AssembledLab; image: Uint8Array } {
  const path = normalizePath((config.lab ?? config.program)!);
  if (config.program && !SOURCE.test(path)) {
    const image = files.read(path);
    if (!image) throw new RequestError(`${path}: no such file.`);
    return { image };
  }
  const progress = new Progress(core, `Assembling ${basename(path)}`);
  const options = {
    includePaths: config.includePaths,
    defines: config.defines,
    cancelled,
    onProgram: (program: { name: string }, index: number, count: number) =>
      progress.report(`${program.name} (${index + 1} of ${count})`, (index * 100) / count),
  };
  try {
    const assembled = config.lab ? assembleLab(path, files, options) : assembleProgram(path, files, options);
    for (const diagnostic of assembled.diagnostics) printDiagnostic(core, diagnostic);
    if (cancelled()) throw new RequestError('The launch was cancelled.');
    if (assembled.errors.length > 0 || !assembled.boot) throw new RequestError(summary(assembled.errors));
    return { assembled, image: assembled.boot };
  } finally {
    progress.end();
  }
}

/** The first errors, and how many more there are. */
function summary(errors: string[]): string {
  if (errors.length === 0) return 'No image was made.';
  const shown = errors.slice(0, 5).join('\n');
  return errors.length > 5 ? `${shown}\n… and ${errors.length - 5} more errors` : shown;
}

function printDiagnostic(core: Core, { severity, message, range, related }: Diagnostic): void {
  const notes = related
    .map((note) => `\n    ${note.range.file}:${note.range.line}: ${note.message}`)
    .join('');
  core.print(
    `${range.file}:${range.line}:${range.column}: ${severity}: ${message}${notes}`,
    severity === 'error' ? 'stderr' : 'console',
    { source: dapSource({ path: range.file, line: range.line }), line: range.line, column: range.column },
  );
}

let nextProgress = 1;

/** DAP progress events around a launch's assembly. */
class Progress {
  private readonly progressId = `assemble-${nextProgress++}`;

  constructor(
    private readonly core: Core,
    title: string,
  ) {
    core.emit('progressStart', { progressId: this.progressId, title, cancellable: false });
  }

  report(message: string, percentage: number): void {
    this.core.emit('progressUpdate', { progressId: this.progressId, message, percentage });
  }

  end(): void {
    this.core.emit('progressEnd', { progressId: this.progressId });
  }
}
