import { baseName, type Diagnostic, type FileProvider, normalizePath } from '@hyperstep/assembler';
import { Machine } from '@hyperstep/engine';
import type { Core } from '../core';
import { RequestError } from '../errors';
import { dapSource } from '../stack/stack-trace';
import { Target } from '../target';
import type { LaunchConfig } from './config';
import { type Assembled, assembleTarget } from './programs';

/** Assembles and loads what a configuration names. Throws a {@link RequestError} that says what is wrong. */
export function loadTarget(
  core: Core,
  config: LaunchConfig,
  files: FileProvider,
  cancelled: () => boolean,
): Target {
  const assembled = assemble(core, config, files, cancelled);
  for (const diagnostic of assembled.diagnostics) printDiagnostic(core, diagnostic);
  if (cancelled()) throw new RequestError('The launch was cancelled.');
  if (!assembled.image) throw new RequestError(summary(assembled.errors));
  const machine = new Machine({ memoryMiB: config.memory ?? assembled.memory });
  const loaded = machine.loadMultiboot(assembled.image, { commandLine: config.commandLine });
  if (loaded.error) throw new RequestError(`${config.lab ?? config.program}: ${loaded.error}`);
  return new Target(machine, assembled.programs, config);
}

function assemble(
  core: Core,
  config: LaunchConfig,
  files: FileProvider,
  cancelled: () => boolean,
): Assembled {
  const path = normalizePath((config.lab ?? config.program)!);
  const progress = new Progress(core, `Assembling ${baseName(path)}`);
  try {
    return assembleTarget(config, files, {
      cancelled,
      progress: (name, index, count) =>
        progress.report(`${name} (${index + 1} of ${count})`, (index * 100) / count),
    });
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
    {
      source: dapSource({ path: range.file, line: range.line }),
      line: range.line,
      column: range.column,
    },
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
