import { boolean, checkShape, definitions, integer, isObject, oneOf, string, strings } from '../checks/shape';
import { RequestError } from '../errors';

/** A checked launch configuration; docs/debug-adapter.md describes the fields. */
export interface LaunchConfig {
  /** Folder with a lab.json. Exactly one of `lab` and `program` is there. */
  lab?: string;
  /** An assembly source or a multiboot image. */
  program?: string;
  stopOnEntry: boolean;
  /** MiB. */
  memory?: number;
  commandLine?: string;
  includePaths: string[];
  defines: Record<string, string>;
  /** Where the client shows the serial port. */
  serial: 'terminal' | 'console';
  /** Prints every VM transition to the debug console. */
  trace: boolean;
  noDebug: boolean;
}

const SHAPE = {
  lab: string,
  program: string,
  stopOnEntry: boolean,
  memory: integer(1, 3072),
  commandLine: string,
  includePaths: strings,
  defines: definitions,
  serial: oneOf('terminal', 'console'),
  trace: boolean,
  noDebug: boolean,
};

/** Fields that VS Code itself puts into every configuration. */
const CLIENT_FIELDS = new Set([
  'type',
  'request',
  'name',
  'presentation',
  'preLaunchTask',
  'postDebugTask',
  'internalConsoleOptions',
  'suppressMultipleSessionWarning',
  'debugServer',
  'serverReadyAction',
  'windows',
  'linux',
  'osx',
]);

const ofTheClient = (field: string) => CLIENT_FIELDS.has(field) || field.startsWith('__');

/** Checks what the client sent; throws a {@link RequestError} that names every bad field. */
export function parseLaunchConfig(args: unknown): LaunchConfig {
  const problems = checkShape(args, SHAPE, ofTheClient);
  if (isObject(args) && problems.length === 0) {
    if (!args.lab && !args.program)
      problems.push('"lab" (a folder with lab.json) or "program" (a source or image) is missing.');
    if (args.lab && args.program) problems.push('"lab" and "program" exclude each other.');
  }
  if (problems.length > 0) throw new RequestError(`Launch configuration: ${problems.join(' ')}`);
  const given = args as Partial<LaunchConfig>;
  return {
    lab: given.lab,
    program: given.program,
    stopOnEntry: given.stopOnEntry ?? false,
    memory: given.memory,
    commandLine: given.commandLine,
    includePaths: given.includePaths ?? [],
    defines: Object.fromEntries(
      // `true` defines an empty macro, as -DNAME does.
      Object.entries(given.defines ?? {}).map(([name, text]) => [
        name,
        text === (true as unknown) ? '' : String(text),
      ]),
    ),
    serial: given.serial ?? 'console',
    trace: given.trace ?? false,
    noDebug: given.noDebug ?? false,
  };
}
