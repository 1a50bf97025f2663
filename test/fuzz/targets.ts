/** What is done with an input: everything the assembler, its command line and the language server can make of it. */
import { assemble } from '../../assembler/src';
import { run, type System } from '../../assembler/src/cli/run';
import { askAll, sameAsFresh } from '../server/ask';
import type { Random } from './random';

const MAIN = '/main.asm';
const encoder = new TextEncoder();
const FILES: Readonly<Record<string, Uint8Array>> = {
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
      if (path === 'log') shown += String(content);
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

/** One share in this many inputs goes to … */
const COMMAND_SHARE = 3;
const SERVER_SHARE = 300;

/** Does something with an input; throws what it throws, or a {@link Fault}. */
export function exercise(source: string, random: Random): void {
  const bytes = encoder.encode(source);
  if (random.below(SERVER_SHARE) === 0) {
    const line = random.below(source.split('\n').length + 1);
    askAll(source.slice(0, 3000), line, random.below(30));
    sameAsFresh(source.slice(0, 3000), randomEdits(source, random));
  } else if (random.below(COMMAND_SHARE) === 0) command(bytes, random.pick(COMMANDS));
  else flat(bytes);
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
