import type { AssembleOptions, AssembleResult, FileProvider } from '../api';
import { assemble } from '../assemble';
import { ELF_VARIANTS } from '../output/elf/variant';
import { clockMacros } from './clock';
import { dependencyRule } from './depend';
import { HELP, VERSION } from './help';
import { type Command, parseCommand, UsageError } from './options';
import { PreprocessedText } from './preprocessed';
import { messageOf, report } from './report';

/** Name of the program in its messages. */
const PROGRAM = 'hyperstep-asm';

/** What the command line needs of the system. Paths are as the user wrote them. */
export interface System extends FileProvider {
  write(path: string, content: Uint8Array | string): void;
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

const OBJECT_SUFFIX: Readonly<Record<string, string>> = { bin: '', elf32: '.o', elf64: '.o', elfx32: '.o' };

function formatOf(command: Command): NonNullable<AssembleOptions['format']> {
  const name = FORMAT_ALIASES[command.format] ?? command.format;
  if (name === 'bin' || Object.hasOwn(ELF_VARIANTS, name)) return name as 'bin';
  throw new UsageError(`unrecognised output format \`${command.format}' - use -h for a list`);
}

function checkDebugFormat(command: Command, format: string): void {
  const { debugFormat } = command;
  if (debugFormat === undefined) return;
  const known = format === 'bin' ? ['null'] : ['dwarf', 'null'];
  if (!known.includes(debugFormat))
    throw new UsageError(`unrecognized debug format \`${debugFormat}' for output format \`${format}'`);
}

function outputName(input: string, format: string): string {
  const stem = input.replace(/^.*[\\/]/, '').replace(/\.[^.]*$/, '');
  const folder = input.slice(0, input.length - input.replace(/^.*[\\/]/, '').length);
  const name = folder + stem + OBJECT_SUFFIX[format];
  return name === input ? `${folder}nasm.out` : name;
}

/** Runs the program; gives back the exit code. */
export function run(words: readonly string[], system: System): number {
  try {
    const environment = system.environment.NASMENV;
    const decoder = new TextDecoder();
    const lines = (path: string) =>
      decoder
        .decode(system.read(path) ?? new Uint8Array(0))
        .split(/\r?\n/)
        .filter((l) => l !== '');
    const before = environment ? environment.split(/\s+/).filter((w) => w !== '') : [];
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
  const format = formatOf(command);
  checkDebugFormat(command, format);
  const { input } = command;
  if (input === undefined) throw new UsageError('no input file specified');
  if (!system.read(input)) {
    system.stderr(`${PROGRAM}: fatal: unable to open input file \`${input}'\n`);
    return 1;
  }
  const output = command.output ?? outputName(input, format);
  const preprocessed = command.action === 'preprocess' ? new PreprocessedText() : undefined;
  const result = assemble({
    main: input,
    files: system,
    includePaths: command.includePaths,
    workingFolderFirst: true,
    preamble: [...clockMacros(system.now), ...command.preamble],
    format,
    debug: command.debug && format !== 'bin' && command.debugFormat !== 'null',
    optimize: command.optimize,
    listing: command.listing !== undefined && ((d) => messageOf(d, command.warnings)?.text),
    folder: `${system.folder}/`,
    affixes: command.affixes,
    ...(preprocessed ? { trace: preprocessed.line } : {}),
  });
  return deliver(command, system, result, output, preprocessed);
}

/** Writes what was asked for. */
function deliver(
  command: Command,
  system: System,
  result: AssembleResult,
  output: string,
  preprocessed: PreprocessedText | undefined,
): number {
  const { depend, action } = command;
  const assembling = action === 'assemble';
  const relevant = result.diagnostics.filter((d) =>
    assembling ? true : isPreprocessors(d.code) && !(depend.generated && d.code === 'file-missing'),
  );
  const { text, failed } = report(relevant, command);
  if (command.errors.to === 'file') system.write(command.errors.path, text);
  else system[command.errors.to](text);
  if (command.verbosePasses) system.stdout(`info: assembly required ${result.passes}+1+0 passes\n`);
  if (preprocessed) {
    if (command.output === undefined) system.stdout(preprocessed.text);
    else system.write(command.output, preprocessed.text);
    return failed ? 1 : 0;
  }
  if (action === 'depend' || depend.also) {
    const missing = depend.generated ? result.diagnostics.filter((d) => d.code === 'file-missing') : [];
    const names = missing.map((d) => /`([^`]*)`[^`]*$/.exec(d.message)?.[1] ?? '').filter((n) => n !== '');
    const rule = dependencyRule(output, [...result.dependencies, ...new Set(names)], depend);
    if (depend.file !== undefined) system.write(depend.file, rule);
    else system.stdout(rule);
    if (!depend.also) return failed ? 1 : 0;
  }
  if (command.listing !== undefined && result.listing !== undefined)
    system.write(command.listing, result.listing);
  if (failed || !result.image) {
    if (!command.keepAll) system.remove(output);
    return 1;
  }
  system.write(output, result.image);
  return 0;
}

const PREPROCESSOR =
  /^(macro-|block-|conditional-|context-|rep-|file-missing|user-|limit|directive-unknown|package-|preprocessor-)/;

/** Can the preprocessor alone have found this? */
function isPreprocessors(code: string): boolean {
  return PREPROCESSOR.test(code);
}
