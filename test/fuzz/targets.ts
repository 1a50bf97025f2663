/** What is done with an input: everything the assembler, its command line and the language server can make of it. */
import { type AssembleOptions, assemble } from '../../assembler/src';
import { run, type System } from '../../assembler/src/cli/run';
import { askAll, sameAsFresh } from '../server/ask';
import type { Clock } from './clock';
import {
  type Assembler,
  formatsOnce,
  renames,
  repaired,
  sameAgain,
  sameBesides,
  sameByTheLongWay,
} from './oracles';
import type { Random } from './random';

const MAIN = '/main.asm';
const encoder = new TextEncoder();
/** Files that inputs may include. */
export const FILES: Readonly<Record<string, Uint8Array>> = {
  '/x.inc': encoder.encode(
    '%define d 3\n%macro m 1-*\n %%x: db %1\n%rotate 1\n db %0\n%endmacro\nb: dw $-b\n',
  ),
  '/x.bin': Uint8Array.from({ length: 100 }, (_, i) => i),
};

/** Command lines, each with its outputs. */
const COMMANDS = [
  '-f bin -l out.lst -o out',
  '-f elf64 -g -F dwarf -o out.o',
  '-f elf32 -g -l out.lst -o out.o --prefix _ --lpostfix $',
  '-f elfx32 -o out.o -MD out.d -MP',
  '-f elf64 -O0 -l out.lst -o out.o',
  '-O1 -o out',
  '-E',
  '-E -f elf64 -o out.i',
  '-M -MG -MT x',
  '-Xvc -w+all -w+error -Z log -o out',
].map((line) => [...line.split(' '), 'main.asm']);

/** A fault of ours that threw nothing. */
export class Fault extends Error {}

/** Assembles a flat binary. */
function flat(bytes: Uint8Array): void {
  const result = assemble({
    main: MAIN,
    files: { read: (path) => (path === MAIN ? bytes : FILES[path]) },
  });
  for (const entry of result.map.lines.slice(0, 100)) result.bytesOf(entry);
  const internal = result.diagnostics.find((d) => d.code === 'internal');
  if (internal) throw new Fault(`line ${internal.range.line}: ${internal.message}`);
  if (!result.image && !result.diagnostics.some((d) => d.severity === 'error'))
    throw new Fault('neither image nor error');
}

function command(bytes: Uint8Array, words: readonly string[]): void {
  let shown = '';
  const system: System = {
    read: (path) => (path === 'main.asm' ? bytes : FILES[`/${path.replace('./', '')}`]),
    write: (path, content) => {
      if (path === 'log') shown += typeof content === 'string' ? content : new TextDecoder().decode(content);
      return true;
    },
    remove: () => {},
    stdout: () => {},
    stderr: (text) => {
      shown += text;
    },
    now: new Date(0),
    folder: '/',
    environment: { PATH: '/bin' },
  };
  const code = run(words, system);
  if (shown.includes('the assembler failed on this line')) throw new Fault(`${words.join(' ')}: ${shown}`);
  if (code !== 0 && code !== 1) throw new Fault(`${words.join(' ')}: exit code ${code}`);
  if (code === 1 && !shown.includes('error') && !shown.includes('fatal'))
    throw new Fault(`${words.join(' ')}: fails without a word`);
}

/** Of 200 inputs, so many go to … */
const SHARES = { server: 1, ways: 8, command: 60 };

/** Places at which renaming is tried. */
const RENAMES = 3;

const optionsOf = (bytes: Uint8Array): AssembleOptions => ({
  main: MAIN,
  files: { read: (path) => (path === MAIN ? bytes : FILES[path]) },
});

/** Does something with an input; throws what it throws, or a {@link Fault}. */
export function exercise(source: string, random: Random, { time }: Clock): void {
  let at = random.below(200);
  const goes = (share: number) => (at -= share) < 0;
  if (goes(SHARES.server)) server(source.slice(0, 3000), random, time);
  else if (goes(SHARES.ways)) ways(source, random, time);
  else if (goes(SHARES.command)) time(() => command(encoder.encode(source), random.pick(COMMANDS)));
  else time(() => flat(encoder.encode(source)));
}

/** Goes several ways, with the source as it is or made sound. */
function ways(given: string, random: Random, time: Clock['time']): void {
  const assembler: Assembler = (options) => time(() => assemble(options));
  const sound = random.below(3) > 0;
  const source = sound ? repaired(assembler, given, (s) => optionsOf(encoder.encode(s))) : given;
  const bytes = encoder.encode(source);
  const options = optionsOf(bytes);
  switch (random.below(3)) {
    case 0:
      sameByTheLongWay(assembler, options);
      break;
    case 1:
      sameBesides(assembler, { ...options, format: random.pick(['elf64', 'elf32', 'bin'] as const) });
      break;
    default:
      sameAgain(assembler, options, bytes, random);
  }
}

/** Asks the language server everything, edits, formats, renames. */
function server(text: string, random: Random, time: Clock['time']): void {
  const lines = text.split('\n');
  const others = { 'x.inc': new TextDecoder().decode(FILES['/x.inc']) };
  const place = () => {
    const line = random.below(lines.length);
    return { line, character: random.below(Math.min(lines[line].length, 60) + 1) };
  };
  switch (random.below(4)) {
    case 0:
      askAll(text, random.below(lines.length + 1), random.below(30));
      break;
    case 1:
      sameAsFresh(text, randomEdits(text, random));
      break;
    case 2:
      time(() => formatsOnce(text, others));
      break;
    default:
      for (let n = 0; n < RENAMES; n++) time(() => renames(text, others, place()));
  }
}

const TYPED = [
  '\n',
  'a:\n',
  ' nop\n',
  '\\\n',
  'mov eax, 1\n b:',
  '',
  '%macro x 0\n',
  '%endif',
  '"',
  ';',
  'x',
  ' ',
];

function randomEdits(source: string, random: Random): Parameters<typeof sameAsFresh>[1] {
  const lines = source.split('\n').length;
  return Array.from({ length: 1 + random.below(4) }, () => {
    const start = { line: random.below(lines), character: random.below(30) };
    const end = { line: start.line + random.below(3), character: random.below(30) };
    return { range: { start, end }, text: random.pick(TYPED) };
  });
}
