import type { AssembleOptions, AssembleResult, FileProvider } from '../api';
import { assemble } from '../assemble';
import { ELF_VARIANTS } from '../output/elf/variant';
import { encodeText } from '../text/encoding';
import { Warnings } from '../warnings';
import { clockMacros } from './clock';
import { dependencyRule } from './depend';
import { DEBUG_FORMATS, HELP, VERSION } from './help';
import { type Command, parseCommand, splitEnvironment, UsageError } from './options';
import { PreprocessedText } from './preprocessed';
import { messageOf, report } from './report';

/** Name of the program in its messages. */
const PROGRAM = 'hyperstep-asm';

/** What the command line needs of the system. Paths are as the user wrote them. */
export interface System extends FileProvider {
  /** False when the file cannot be written. */
  write(path: string, content: Uint8Array): boolean;
  remove(path: string): void;
  stdout(text: string | Uint8Array): void;
  stderr(text: string): void;
  /** The time of this run. */
  now: Date;
  /** The current folder. */
  folder: string;
  environment: Readonly<Record<string, string | undefined>>;
}

/** NASM's aliases of output formats. */
const FORMAT_ALIASES: Readonly<Record<string, string>> = { elf: 'elf32' };

/** What NASM writes and we do not. */
const OTHER_FORMATS = new Set(
  'win32 win64 win coff obj macho macho32 macho64 aout aoutb as86 ith srec dbg'.split(' '),
);

const OBJECT_SUFFIX: Readonly<Record<string, string>> = { bin: '', elf32: '.o', elf64: '.o', elfx32: '.o' };

function formatOf(command: Command): NonNullable<AssembleOptions['format']> {
  const given = command.format.toLowerCase();
  const name = FORMAT_ALIASES[given] ?? given;
  if (name === 'bin' || Object.hasOwn(ELF_VARIANTS, name)) return name as 'bin';
  if (OTHER_FORMATS.has(name)) {
    const message = `output format \`${command.format}' is not supported: use bin, elf32, elf64 or elfx32, or NASM itself`;
    throw new UsageError(message, false);
  }
  throw new UsageError(`unrecognised output format \`${command.format}' - use -hf for a list`);
}

function checkDebugFormat(command: Command, format: string): void {
  const { debugFormat } = command;
  if (debugFormat === undefined) return;
  const known = format === 'bin' ? ['null'] : ['dwarf', 'stabs'];
  if (!known.includes(debugFormat))
    throw new UsageError(`unrecognized debug format \`${debugFormat}' for output format \`${format}'`);
}

/** The name of the output that nobody has named: the source's with another ending. */
function outputName(system: System, command: Command, input: string, format: string): string {
  const name = input.replace(/\.[^.\\/]*$/, '') + OBJECT_SUFFIX[format];
  if (name !== input) return name;
  const other = input.replace(/[^\\/]*$/, 'nasm.out');
  if (command.action === 'assemble')
    system.stderr(`${input}: warning: default output file same as input, using \`${other}' [-w+other]\n`);
  return other;
}

/** Runs the program; gives back the exit code. */
export function run(words: readonly string[], system: System): number {
  try {
    const decoder = new TextDecoder();
    const lines = (path: string) => {
      const content = system.read(path);
      if (!content) throw new UsageError(`unable to open response file \`${path}'`, false);
      return decoder
        .decode(content)
        .split(/\r?\n/)
        .filter((l) => l !== '');
    };
    const before = splitEnvironment(system.environment.NASMENV ?? '');
    return runCommand(parseCommand([...before, ...words], lines), system);
  } catch (problem) {
    if (!(problem instanceof UsageError)) throw problem;
    system.stderr(`${PROGRAM}: ${problem.fatal ? 'fatal' : 'error'}: ${problem.message}\n`);
    if (problem.fatal) system.stderr(`Type ${PROGRAM} -h for help.\n`);
    return 1;
  }
}

function runCommand(command: Command, system: System): number {
  if (command.action === 'help') {
    system.stdout(HELP);
    return 0;
  }
  if (command.action === 'version') {
    system.stdout(`${VERSION}\n`);
    return 0;
  }
  if (command.action === 'debug-formats') {
    system.stdout(DEBUG_FORMATS);
    return 0;
  }
  const warnings = new Warnings();
  for (const option of command.warnings) {
    if (!warnings.set(option) && warnings.fate('unknown-warning') !== 'off')
      system.stderr(`${PROGRAM}: warning: unknown warning class: ${option} [-w+unknown-warning]\n`);
  }
  for (const note of command.notes) system.stderr(`${PROGRAM}: warning: ${note} [-w+other]\n`);
  const format = formatOf(command);
  checkDebugFormat(command, format);
  const { input } = command;
  if (input === undefined) throw new UsageError('no input file specified');
  if (!system.read(input)) {
    system.stderr(`${PROGRAM}: fatal: unable to open input file \`${input}'\n`);
    return 1;
  }
  const output = command.output ?? outputName(system, command, input, format);
  if (output === input) return fail(system, `${input}: fatal: will not overwrite input file`);
  if (command.errors.to === 'file' && !system.write(command.errors.path, new Uint8Array(0))) {
    return fail(system, `${input}: fatal: cannot open file \`${command.errors.path}' for error messages`);
  }
  const preprocessed = command.action === 'preprocess' ? new PreprocessedText() : undefined;
  const result = assemble({
    main: input,
    files: system,
    includePaths: command.includePaths,
    workingFolderFirst: true,
    preamble: [...clockMacros(system.now), ...command.preamble],
    format,
    debug: format !== 'bin' && command.debug && (command.debugFormat === 'stabs' ? 'stabs' : true),
    optimize: command.optimize,
    warnings: command.warnings,
    limits: command.limits,
    listing: command.listing !== undefined && messageOf,
    folder: `${system.folder}/`,
    environment: system.environment,
    ignoreLine: command.noLine,
    affixes: command.affixes,
    ...(preprocessed ? { trace: preprocessed.line } : {}),
  });
  return deliver(command, system, result, output, preprocessed);
}

function fail(system: System, message: string): number {
  system.stderr(`${message}\n`);
  return 1;
}

/** Writes what was asked for. */
function deliver(
  command: Command,
  system: System,
  result: AssembleResult,
  output: string,
  preprocessed: PreprocessedText | undefined,
): number {
  const { depend, action, input = '' } = command;
  const assembling = action === 'assemble';
  // As long as only rules are wanted, a missing file is one that make will make.
  const dependsOnly = action === 'depend';
  const relevant = result.diagnostics.filter((d) =>
    assembling ? true : isPreprocessors(d.code) && !(dependsOnly && d.code === 'file-missing'),
  );
  const { text, failed } = report(relevant, command);
  if (command.errors.to === 'file') system.write(command.errors.path, encodeText(text));
  else system[command.errors.to](text);
  if (command.verbosePasses)
    system.stderr(`${input}: info: assembly required 1+${Math.max(0, result.passes - 2)}+1 passes\n`);
  if (dependsOnly) return failed ? 1 : writeRule(command, system, result, output);
  if (preprocessed) {
    if (command.output === undefined) system.stdout(preprocessed.text);
    else if (!system.write(output, encodeText(preprocessed.text))) return noOutput(system, input, output);
  } else {
    const { listing } = result;
    if (
      command.listing !== undefined &&
      listing !== undefined &&
      !system.write(command.listing, encodeText(listing))
    )
      return fail(system, `${input}: error: unable to open listing file \`${command.listing}'`);
    if (!failed && result.image && !system.write(output, result.image))
      return noOutput(system, input, output);
  }
  if (failed || (assembling && !result.image)) {
    if (assembling && !command.keepAll) system.remove(output);
    return 1;
  }
  return depend.also ? writeRule(command, system, result, output) : 0;
}

function noOutput(system: System, input: string, output: string): number {
  return fail(system, `${input}: fatal: unable to open output file \`${output}'`);
}

/** Writes the rule for make. */
function writeRule(
  { depend, action, input }: Command,
  system: System,
  result: AssembleResult,
  output: string,
) {
  const missing = action === 'depend' ? result.diagnostics.filter((d) => d.code === 'file-missing') : [];
  const names = missing.map((d) => /`([^`]*)`[^`]*$/.exec(d.message)?.[1] ?? '').filter((n) => n !== '');
  const rule = dependencyRule(output, [...result.dependencies, ...new Set(names)], depend);
  if (depend.file === undefined) system.stdout(rule);
  else if (!system.write(depend.file, encodeText(rule)))
    return fail(system, `${input}: error: unable to write dependency file \`${depend.file}'`);
  return 0;
}

const PREPROCESSOR =
  /^(macro-|block-|conditional-|context-|rep-|file-missing|user-|limit|directive-unknown|package-|preprocessor-)/;

/** Can the preprocessor alone have found this? */
function isPreprocessors(code: string): boolean {
  return PREPROCESSOR.test(code);
}
