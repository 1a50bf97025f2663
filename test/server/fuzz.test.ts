import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { askAll, sameAsFresh } from './ask';
import { guestSources } from './guests';

// The same cases at every run; HYPERSTEP_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['HYPERSTEP_SEED'] ?? 1) });

const RUNS = Number(process.env['HYPERSTEP_FUZZ'] ?? 250);
const guests = [
  ...guestSources().map((path) => readFileSync(path, 'utf8')),
  // None of them uses contexts.
  `${[
    '%macro if 1\n%push if\n j%-1 %$no\n%endmacro',
    '%macro else 0\n%ifctx if\n%repl else\n jmp %$end\n%$no:\n%else\n%error no\n%endif\n%endmacro',
    '%macro fi 0\n%ifctx if\n%$no:\n%pop\n%elifctx else\n%$end:\n%pop\n%endif\n%endmacro',
  ].join('\n')}\n${'a:\n if z\n inc eax\n%push x\n%$no: jmp %$no\n jz %$$no\n%pop\n else\n fi\n'.repeat(12)}`,
];

/** Pieces that break things. */
const pieces = fc.constantFrom(
  '%macro',
  '%endmacro',
  '%if 1',
  '%else',
  '%endif',
  '%rep 3',
  '%endrep',
  '%define x(',
  '%include "main.asm"',
  '%push a',
  '%$x',
  '%%y',
  '%1',
  '%{',
  '%[',
  '\\',
  '\n',
  '\t',
  '"',
  "'",
  '`',
  ';',
  ',',
  ':',
  '[',
  ']',
  '(',
  ')',
  '{',
  '}',
  '$',
  '$$',
  '.',
  '..',
  '..@',
  '%',
  '%%',
  'struc s',
  'endstruc',
  'istruc s',
  'at .f',
  'iend',
  'equ',
  'times -1',
  'times 99999999999',
  'bits 16',
  'section',
  'incbin',
  '0x',
  '1e',
  '1h',
  'mov',
  'lock',
  'rep',
  'rax',
  'cr9',
  'st0',
  '\u{1F600}',
  '\u0000',
  'é',
  'a.b.c',
  '__?LINE?__',
  '%!x',
  '%use',
  '%rotate 1',
  'x'.repeat(500),
);

interface Mutation {
  at: number;
  remove: number;
  insert: string;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x),
  remove: fc.nat(40),
  insert: fc.oneof(pieces, fc.string({ maxLength: 8 }), fc.constant('')),
});

/** A piece of a guest with some damage. */
const source = fc
  .record({
    guest: fc.nat(guests.length - 1),
    start: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.nat(2500),
    mutations: fc.array(mutation, { maxLength: 6 }),
  })
  .map(({ guest, start, length, mutations }) => {
    const from = Math.floor(start * guests[guest].length);
    let text = guests[guest].slice(from, from + length);
    for (const { at, remove, insert } of mutations) {
      const place = Math.floor(at * text.length);
      text = text.slice(0, place) + insert + text.slice(place + remove);
    }
    return text;
  });

describe('no provider throws or hangs', () => {
  it(`on ${RUNS} damaged guests`, function () {
    this.timeout(600_000);
    fc.assert(
      fc.property(source, fc.nat(200), fc.nat(60), (text, line, character) => askAll(text, line, character)),
      { numRuns: RUNS, endOnFailure: false },
    );
  });
  it('on single lines of anything', function () {
    this.timeout(600_000);
    const line = fc
      .array(fc.oneof(pieces, fc.constantFrom(' ', 'mov ', 'eax', 'x: ', '1')), { maxLength: 12 })
      .map((p) => p.join(''));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.nat(5), fc.nat(30), (lines, at, character) =>
        askAll(lines.join('\n'), at, character),
      ),
      { numRuns: RUNS },
    );
  });
});

describe('incremental edits', () => {
  it('give the same as opening the text anew', function () {
    this.timeout(600_000);
    const edit = fc.record({
      line: fc.nat(60),
      character: fc.nat(30),
      endLine: fc.nat(3),
      endCharacter: fc.nat(30),
      text: fc.oneof(pieces, fc.constantFrom('\n', 'a:\n', ' nop\n', '\\\n', 'mov eax, 1\n b:', '')),
    });
    fc.assert(
      fc.property(source, fc.array(edit, { minLength: 1, maxLength: 5 }), (text, edits) => {
        sameAsFresh(
          text,
          edits.map((e) => ({
            range: {
              start: { line: e.line, character: e.character },
              end: { line: e.line + e.endLine, character: e.endCharacter },
            },
            text: e.text,
          })),
        );
      }),
      { numRuns: RUNS },
    );
  });
});
