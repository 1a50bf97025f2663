/** Command lines, each run by NASM and by us in a folder of its own: exit codes, outputs and places of messages agree. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { run, type System } from './run';

/** Characters are bytes. */
const SOURCES: Readonly<Record<string, string>> = {
  'a.asm': '%ifdef X\n db X\n%endif\n%include "x.inc"\n db 1\n',
  'x.inc': ' db 2\n',
  'p.inc': '%define Y 5\n',
  noext: ' db 4\n',
  'd/e.asm': ' db 7\n',
  'lib/l.inc': ' db 8\n',
  'useslib.asm': '%include "l.inc"\n',
  'bad.asm': ' db 1\n%macro m 0\n foo bar, 1\n%endmacro\n m\n',
  'warn.asm': ' db 300\n',
  'user.asm': '%warning w\n db 1\n',
  'error.asm': '%error hello\n',
  'fatal.asm': '%fatal dead\n db 1\n',
  'missing.asm': '%include "none.inc"\n db 1\n',
  'env.asm':
    '%ifenv HOME\n %defstr h %!HOME\n db h\n%endif\n%ifenv NOT_SET\n db 2\n%endif\n dw %!HOME_BASE\n',
  'line.asm': '%line 100+1 other.asm\n%error here\n',
  'macros.asm': '%define Q 3\nx: mov al, Q\n%if $-x = 2\n nop\n%endif\n',
  args: '-DX=9\n-o out\n',
  // Code page 437 and Latin-1, with a symbol, an include in UTF-8, and a byte-order mark.
  'latin1.asm':
    '; \xb0\xb1\n global \xe9t\xe9\n\xe9t\xe9: db "\xda\xc4\xbf", `\xe9`\n dw "\xe9\xea"\n%defstr s \xe9\xc3\xa9\n db s\n%include "utf8.inc"\n',
  'utf8.inc': 'global \xc3\xa9\n\xc3\xa9: db "\xc3\xa9", __?utf16?__("\xc3\xa9")\n',
  'utf16.asm': ' dw __?utf16?__("\xe9")\n',
  'mark.asm': '\xef\xbb\xbf; a comment\n db 1\n',
  'marked.asm': '\xef\xbb\xbforg 100h\n db 1\n',
  'jumps.asm': 'jnz x\nret\nx: jnz x\n jmp y\ny: jnz $+5\n jnz z\n times 200 nop\nz: loop x2\nx2: jmp $\n',
  'stabs.asm':
    '%macro m 1\n mov eax,%1\n nop\n%endmacro\nbits 32\nx: nop\n m 5\n m 6\nsection .data\n dd x\nsection .text\n times 3 inc eax\n%include "l.inc"\nsection .more exec\n nop\n db 1,2\n nop\nsection .text\n ret\n',
  'segments.asm':
    'mov ds,ax\nmov ax,ds\nmov ds,eax\nmov ds,[bx]\nbits 32\nmov ds,ax\nmov ds,eax\nbits 64\nmov ds,ax\nmov ds,rax\nmov rax,ds\nmov ds,[rbx]\n',
  'attributes.asm':
    'section .data write\n db 1\nsection .text code\n nop\nsection .rodata align=2 foo\nsection .bss nobits\n',
  'old.asm': 'cpu 8086\nbits 16\n jnz x\n times 200 nop\nx: jc x\n jnz y\ny: jo s\nsection .data\ns: db 1\n',
  'sizes.asm': 'bits 64\n add eax, 5\n mov rax, 5\n jmp x\nx: nop\n',
};

/** Blanks separate; `␣` is one inside a word. `NAME=value|` in front sets a variable. */
const LINES = `
-MW -M a.asm
-MW -MP -M a.asm -MQ a$b
-MW -M useslib.asm -Ilib
-f BIN a.asm
-f ELF64 a.asm
latin1.asm -llog2
-felf32 latin1.asm -llog2
-felf64 latin1.asm
utf16.asm
mark.asm
-felf64 mark.asm
marked.asm
-O0 jumps.asm
-O1 jumps.asm
-felf32 -g -F stabs stabs.asm -Ilib
-felf64 -g -F stabs stabs.asm -Ilib
-felfx32 -gstabs stabs.asm -Ilib
-felf64 -F stabs d/e.asm
-felf32 -Fstabs warn.asm
-O0 segments.asm
-O1 segments.asm
-felf32 attributes.asm
-felf64 attributes.asm
old.asm
-O0 old.asm
-O1 old.asm
-felf32 old.asm
a.asm
noext
d/e.asm
-DX=3 a.asm
-D X=3 a.asm
-d X=3 a.asm
-DX=3 -UX a.asm
-UX -DX=3 a.asm
-D␣X=3 a.asm
-P p.inc -DX=Y a.asm
-pp.inc -DX=Y a.asm
--include p.inc -DX=Y a.asm
-P nowhere a.asm
--before %define␣X␣4 a.asm
--before=%define␣X␣4 a.asm
--pragma foo a.asm
-D 1=2 a.asm
-oout a.asm
a.asm -o out
-o␣out a.asm
-o - a.asm
-o a.asm a.asm
-o out -o out2 a.asm
-o nodir/x a.asm
-o d a.asm
-f bin a.asm
-fbin a.asm
-f elf64 a.asm
-f elf32 a.asm
-f elf a.asm
-f elfx32 a.asm
-f zork a.asm
-I lib useslib.asm
-Ilib useslib.asm
-ilib/ useslib.asm
-I nodir a.asm
useslib.asm
bad.asm
-s bad.asm
-Zlog bad.asm
-Z log bad.asm
-Z nodir/x a.asm
-Xvc bad.asm
-X gnu bad.asm
-Xfoo bad.asm
error.asm
fatal.asm
missing.asm
warn.asm
-w-all warn.asm
-w-number-overflow warn.asm
-Wno-number-overflow warn.asm
-w␣-all warn.asm
-W warn.asm a.asm
-w warn.asm
-w+error warn.asm
-Werror warn.asm
-w+error=number-overflow warn.asm
-w+error=all warn.asm
-Werror=number-overflow warn.asm
-w-error=number-overflow -Werror warn.asm
-w-all -w+number-overflow warn.asm
-w+bogus warn.asm
user.asm
-Wno-user user.asm
-Werror=user user.asm
-Werror -Wno-error=user user.asm
-Wno-error -Werror=user user.asm
HOME=/h,HOME_BASE=7|env.asm
HOME_BASE=7|env.asm
NASMENV=-DX=5|a.asm
NASMENV=-DX=5 -o out|a.asm
NASMENV=+-DX=5+-o+out|a.asm
NASMENV=|-DX=6|a.asm
NASMENV=-f elf64|a.asm
-@ args a.asm
-@args a.asm
-@nowhere a.asm
-M a.asm
-M -o foo.o a.asm
-f elf64 -M a.asm
-M -MT foo a.asm
-M -MQ fo$o a.asm
-M -MT a -MT b a.asm
-M -MF dep a.asm
-M -MD dep a.asm
-MP -M a.asm
-M missing.asm
-M -MG missing.asm
-MG missing.asm
-MD dep d/e.asm
-MD dep -MP -o out d/e.asm
-MD -MF dep d/e.asm
-MD nodir/x -o out d/e.asm
-MD dep missing.asm
-Mfoo a.asm
-E a.asm
-e a.asm
-E -o out.i a.asm
-E error.asm
-E missing.asm
-E -l lst a.asm
-l lst a.asm
-llst a.asm
-l lst -o out d/e.asm
-l nodir/x -o out a.asm
-f elf64 -o out.o -l out.lst -MD out.d d/e.asm
-g a.asm
-gdwarf a.asm
-F dwarf a.asm
-F null -f elf64 a.asm
-gfoo -f elf64 a.asm
-F foo -f elf64 a.asm
-O0 sizes.asm
-O1 sizes.asm
-Ox sizes.asm
-O5 sizes.asm
-O3 -O0 sizes.asm
-O0 -O3 sizes.asm
-O -o out sizes.asm
-Oz sizes.asm
line.asm
--no-line line.asm
--keep-all a.asm
--reproducible a.asm
--limit-passes 5 a.asm
--limit-passes=5 a.asm
--limit-zork=5 a.asm
--limit-passes=x a.asm
--prefix _ -f elf64 a.asm
--prefix=_ -f elf64 a.asm
--gprefix _ --postfix x --lprefix a --lpostfix b -f elf64 a.asm
--suffix _ -f elf64 a.asm
-h
--help
-r a.asm
-q a.asm
--bogus a.asm
nowhere.asm
a.asm d/e.asm
-
-o
-f
-l
-I
-D
-U
-P
-X
-Z
-F
-@
`
  .trim()
  .split('\n');

/** Where we differ on purpose, or NASM 2.16.01 has a bug: what is compared is left out. */
const DIFFERENT: Readonly<Record<string, ('code' | 'out' | 'places' | 'files')[]>> = {
  // NASM's name for itself is the option's value.
  '-o out -o out2 a.asm': ['places'],
  'a.asm d/e.asm': ['places'],
  // It says it twice.
  '--bogus a.asm': ['places'],
  '-h': ['out'],
  '--help': ['out'],
};

interface Outcome {
  code: number;
  out: string;
  /** Messages without their texts. */
  places: string[];
  files: Record<string, string>;
}

/** `file:line: error` and the like; NASM's own name becomes ours. */
function placesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/^nasm:/, 'hyperstep-asm:'))
    .flatMap((line) => /^(.*?\s?: (?:error|warning|fatal)|.*\.\.\. from macro `\w+')/.exec(line)?.[1] ?? []);
}

/** Runs something in a new folder with the sources. */
function outcome(act: (folder: string) => { code: number; out: string; err: string }): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'hyperstep-cli-'));
  try {
    for (const [name, text] of Object.entries(SOURCES)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text, 'latin1');
    }
    const { code, out, err } = act(folder);
    const files: Record<string, string> = {};
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const name = relative(folder, join(entry.parentPath, entry.name));
      const content = readFileSync(join(folder, name), 'latin1');
      if (content === SOURCES[name]) continue;
      files[name] = name === 'log' ? placesOf(content).join('\n') : content;
    }
    return { code, out: placesOf(out).join('\n') || out, places: placesOf(err), files };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function theirs(words: string[], environment: Record<string, string>): Outcome {
  return outcome((folder) => {
    const env = { PATH: process.env['PATH'] ?? '', ...environment };
    const { status, stdout, stderr } = spawnSync('nasm', words, { cwd: folder, env, encoding: 'latin1' });
    return { code: status ?? -1, out: stdout, err: stderr };
  });
}

function ours(words: string[], environment: Record<string, string>): Outcome {
  return outcome((folder) => {
    let out = '';
    let err = '';
    const system: System = {
      read(path) {
        try {
          return readFileSync(join(folder, path));
        } catch {
          return undefined;
        }
      },
      write(path, content) {
        try {
          writeFileSync(join(folder, path), content);
          return true;
        } catch {
          return false;
        }
      },
      remove(path) {
        try {
          rmSync(join(folder, path), { force: true });
        } catch {
          // A folder of that name.
        }
      },
      stdout: (content) => {
        out += typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
      },
      stderr: (text) => {
        err += text;
      },
      now: new Date(),
      folder,
      environment,
    };
    return { code: run(words, system), out, err };
  });
}

describe('hyperstep-asm beside nasm', () => {
  const hasNasm = spawnSync('nasm', ['-v']).status === 0;
  for (const line of LINES) {
    it(`nasm ${line}`, function () {
      if (!hasNasm) this.skip();
      const [, variables, rest] = /^(?:([A-Z_]+=.*)\|)?([^|]*)$/.exec(line)!;
      // Commas separate variables, but for NASMENV.
      const list =
        variables === undefined ? [] : variables.startsWith('NASMENV') ? [variables] : variables.split(',');
      const environment = Object.fromEntries(
        list.map((v) => [v.slice(0, v.indexOf('=')), v.slice(v.indexOf('=') + 1)]),
      );
      const words = rest
        .split(' ')
        .filter((w) => w !== '')
        .map((w) => w.replaceAll('␣', ' '));
      const a = ours(words, environment);
      const b = theirs(words, environment);
      for (const what of DIFFERENT[line] ?? []) a[what] = b[what] as never;
      assert.deepEqual(a, b);
    });
  }
});
