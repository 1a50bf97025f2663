/** Real sources with some damage. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random';

/** Longest piece of a source that is mutated. */
const MAX_LENGTH = 6000;

/** Pieces of the language and of what is none. */
const PIECES = (
  '% [ ] ( ) { } , : + - * / %% $ $$ %1 %0 %+ %[ " \' ` \\ ; 0 1 -1 255 256 65536 0x7fffffff 0x80000000 1.5 1e5 $0f ' +
  '0b101 10h 99999999999999999999 eax ax al rax xmm0 k1 st0 cr9 byte word dword qword strict short near far rel abs ' +
  'db dw dd dq dt resb ? dup equ lock rep cs x foo: .a a32 o16 %$x %%x << >> == != && || ^ ~ ! <=> // {k1} {z} {1to8} ' +
  '__?LINE?__ __?FILE?__ __?PASS?__ times %!PATH %, %{1:2} %{-1:1} %? %?? ..@x $x é € \u{1F600} \u0000 \ufeff seg wrt ' +
  '%idefine %xdefine %assign %rotate %exitrep %exitmacro %pop %repl %undef %unmacro %line %pragma %fatal'
)
  .split(' ')
  .concat([
    '\n',
    '\n',
    ' ',
    '\\\n',
    '\r\n',
    '\r',
    '\t',
    'times 3',
    'times -1',
    'times 1<<40',
    'bits 16',
    'bits 64',
    'default rel',
    '%if 1',
    '%endif',
    '%else',
    '%elif 0',
    '%ifdef x',
    '%define x 1',
    '%define x(a) a',
    '%macro m 1',
    '%macro m 0-*',
    '%endmacro',
    '%rep 2',
    '%rep 99999999',
    '%endrep',
    'm 1',
    'struc s',
    'endstruc',
    'istruc s',
    'at .f',
    'iend',
    'align 8',
    'align 1<<40',
    'section .data',
    "section b start=('aé€')",
    'section c vstart=1<<63',
    'org -1',
    'absolute $',
    '%push c',
    '%include "main.asm"',
    '%include "x.inc"',
    'incbin "x.bin"',
    '%use altreg',
    "%strlen n 'abc'",
    '%substr s "abc" 2,-1',
    '%strcat s "a", \'b\'',
    '%arg a:word',
    '%stacksize flat64',
    '%local b:dword',
    '%clear',
    'global a',
    'extern a',
    'common a 16',
    'a'.repeat(5000),
    '('.repeat(600),
    '-'.repeat(3000),
  ]);

const TOKEN = /\s+|[A-Za-z_.?@$%][\w.?@$#~]*|\d[\w.]*|"[^"\n]*"|'[^'\n]*'|./gsu;

/** Sources below a folder. */
export function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile() && /\.(asm|inc|nasm|mac)$/i.test(e.name))
    .map((e) => join(e.parentPath, e.name))
    .sort()
    .map((path) => readFileSync(path, 'latin1'))
    .filter((text) => !text.includes('\0'))
    .map((text) => Buffer.from(text, 'latin1').toString('utf8'));
}

/** The golden snippets' sources. */
export function snippets(folder: string): string[] {
  return readdirSync(folder)
    .filter((f) => f.endsWith('.txt'))
    .sort()
    .flatMap((f) => readFileSync(join(folder, f), 'utf8').split(/^=== /m).slice(1))
    .map((block) => /^.*\n([\s\S]*)^--- /m.exec(block)?.[1] ?? '');
}

/** Takes a piece of a source and damages it at up to four places. */
export function mutant(sources: readonly string[], random: Random): string {
  const piece = (): string => {
    const whole = random.pick(sources);
    const from = whole.length > MAX_LENGTH ? random.below(whole.length - MAX_LENGTH) : 0;
    return whole.slice(from, from + MAX_LENGTH);
  };
  let parts: string[] = piece().match(TOKEN) ?? [];
  const lines = (change: (lines: string[]) => void) => {
    const list = parts.join('').split('\n');
    change(list);
    parts = list.join('\n').match(TOKEN) ?? [];
  };
  for (let n = random.below(5); n >= 0; n--) {
    const at = random.below(parts.length + 1);
    switch (random.below(8)) {
      case 0:
        parts.splice(at, 1 + random.below(4));
        break;
      case 1:
        parts.splice(at, 0, ' ', random.pick(PIECES), ' ');
        break;
      case 2:
        if (at < parts.length) parts[at] = random.pick(PIECES);
        break;
      case 3: {
        const other: string[] = piece().match(TOKEN) ?? [];
        const start = random.below(other.length);
        parts.splice(at, 0, ...other.slice(start, start + 1 + random.below(6)));
        break;
      }
      case 4:
        lines((l) => {
          const [a, b] = [random.below(l.length), random.below(l.length)];
          [l[a], l[b]] = [l[b], l[a]];
        });
        break;
      case 5:
        lines((l) => {
          const other = piece().split('\n');
          const start = random.below(other.length);
          l.splice(random.below(l.length + 1), 0, ...other.slice(start, start + 1 + random.below(8)));
        });
        break;
      case 6:
        lines((l) => {
          const start = random.below(l.length);
          l.push(...l.slice(start, start + 1 + random.below(10)));
        });
        break;
      default:
        // One character, in the middle of a token.
        if (at < parts.length) {
          const token = parts[at];
          const place = random.below(token.length + 1);
          const fresh = random.below(2) === 0 ? '' : String.fromCharCode(32 + random.below(96));
          parts[at] = token.slice(0, place) + fresh + token.slice(place + 1);
        }
    }
  }
  return parts.join('');
}
