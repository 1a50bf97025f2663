import assert from 'node:assert/strict';
import type { AssembleOptions, AssembleResult } from './api';
import { assemble, assembleInSteps } from './assemble';
import { MAX_EXPANSION, MAX_INCLUDES, MAX_REPEAT } from './limits';

/** Assembles files given as texts; the first is the main one. */
function build(
  files: Record<string, string | Uint8Array>,
  more: Partial<AssembleOptions> = {},
): AssembleResult {
  const encoder = new TextEncoder();
  const contents = new Map(
    Object.entries(files).map(([k, v]) => [k, typeof v === 'string' ? encoder.encode(v) : v]),
  );
  return assemble({ main: Object.keys(files)[0], files: { read: (path) => contents.get(path) }, ...more });
}

const hex = (r: AssembleResult) => (r.image ? Buffer.from(r.image).toString('hex') : 'no image');

/** Diagnostics in short: `code line:column-end`. */
function complaints(r: AssembleResult): string[] {
  return r.diagnostics.map((d) => `${d.code} ${d.range.line}:${d.range.column}-${d.range.endColumn}`);
}

describe('assemble: diagnostics', () => {
  it('of a directive without a name, in every format', () => {
    for (const format of [undefined, 'elf64'] as const)
      assert.deepEqual(complaints(build({ '/a.asm': '[]\n[ ]\n' }, { format })), [
        'directive-unknown 1:1-2',
        'directive-unknown 2:1-2',
      ]);
  });

  it('names the operand that is wrong and goes on', () => {
    const r = build({ '/a.asm': 'mov ax, [foo]\n  db 1, 08z\nfoo: db 1\nnop nop\nmov ax, nix\n' });
    assert.deepEqual(complaints(r), [
      'number-invalid 2:9-12',
      'symbol-undefined 4:5-8',
      'symbol-undefined 5:9-12',
    ]);
    assert.equal(r.image, undefined);
    assert.equal(r.map.symbols.find((s) => s.name === 'foo')?.line, 3);
  });

  it('gives the chain of macro calls and includes, innermost first', () => {
    const r = build({
      '/a.asm': '%include "b.inc"\nouter 5\n',
      '/b.inc':
        '%macro inner 1\n db %1, nowhere\n%endmacro\n%macro outer 1\n inner %1\n%endmacro\n db gone\n',
    });
    const [included, called] = r.diagnostics;
    assert.equal(included.code, 'symbol-undefined');
    assert.deepEqual(
      included.related.map((x) => `${x.message} ${x.range.file}:${x.range.line}`),
      ['included here /a.asm:1'],
    );
    assert.equal(`${called.range.file}:${called.range.line}:${called.range.column}`, '/b.inc:2:9');
    assert.deepEqual(
      called.related.map((x) => `${x.message} ${x.range.file}:${x.range.line}`),
      ['in the expansion of `inner` /b.inc:5', 'in the expansion of `outer` /a.asm:2'],
    );
  });

  it('blames the call for what a single-line macro gave', () => {
    const r = build({ '/a.asm': '%define BAD missing+1\n dw  BAD\n' });
    assert.deepEqual(complaints(r), ['symbol-undefined 2:6-9']);
  });

  it('blames the caller, not the standard macros', () => {
    const r = build({ '/a.asm': 'nop\nalign 3\nbits 17\nendstruc\n' });
    assert.ok(
      r.diagnostics.every((d) => d.range.file === '/a.asm'),
      JSON.stringify(r.diagnostics),
    );
    assert.deepEqual([...new Set(r.diagnostics.map((d) => d.range.line))], [2, 3, 4]);
  });

  it('reports blocks that stay open', () => {
    const r = build({ '/a.asm': '%if 1\n%rep 2\nnop\n' });
    assert.deepEqual(complaints(r), ['block-open 2:1-5', 'conditional-open 1:1-4']);
  });

  it('says which file is missing', () => {
    assert.deepEqual(complaints(build({ '/a.asm': '%include "x.inc"\nincbin "y.bin"\n' })), [
      'file-missing 1:10-17',
      'file-missing 2:8-15',
    ]);
    assert.deepEqual(
      assemble({ main: '/none', files: { read: () => undefined } }).diagnostics[0].code,
      'file-missing',
    );
  });

  it('survives a file provider that throws', () => {
    const files = {
      read: () => {
        throw new Error('disk');
      },
    };
    assert.equal(assemble({ main: '/a', files }).diagnostics[0].code, 'file-missing');
  });

  it('stops when asked to', () => {
    const r = build({ '/a.asm': '%rep 100000\nnop\n%endrep\n' }, { cancelled: () => true });
    assert.deepEqual(complaints(r), ['cancelled 1:1-1']);
  });
});

describe('assemble: in steps', () => {
  const source =
    'K equ 3\n%rep 30000\n lea ax, [bx + K]\n%endrep\n%rep 100000\n%assign n K\n%endrep\n jmp end\nend:\n';
  const options = { main: '/a.asm', files: { read: () => new TextEncoder().encode(source) } };

  it('gives what all steps at once give', () => {
    const steps = assembleInSteps(options);
    let count = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) count++;
    // Also where no line reaches the assembler for long.
    assert.ok(count > 30, `${count} steps`);
    assert.equal(hex(step.value), hex(assemble(options)));
  });
});

describe('assemble: bombs', () => {
  const bombs: Record<string, string> = {
    'a recursive macro': '%rmacro m 0\nm\n%endmacro\nm\n',
    'a macro whose parameters double': '%rmacro m 1+\nm %1,%1\n%endmacro\nm 1\n',
    'two macros that call each other': '%rmacro a 0\nb\n%endmacro\n%rmacro b 0\na\n%endmacro\na\n',
    'nested %rep': '%rep 1000000\n%rep 1000000\nnop\n%endrep\n%endrep\n',
    'a giant %rep': `%rep ${MAX_REPEAT + 1}\nnop\n%endrep\n`,
    'a giant times': 'times 1<<40 db 0\n',
    'a giant dup': 'db 1<<40 dup (1)\n',
    'nested dup': 'db 60000 dup (60000 dup (60000 dup (0)))\n',
    'a giant resb': 'resb 1<<60\n',
    'single-line macros that double': `${Array.from({ length: 40 }, (_, i) => `%define a${i + 1} a${i} a${i}\n`).join('')}db a40\n`,
    'a file that includes itself': '%include "a.asm"\n',
    'deep parentheses': `db ${'('.repeat(20000)}1\n`,
    'a huge exponent': 'dd 1e999999999, 1e-999999999\n',
    'a layout without rest': 'a: times (b-a) == 0 db 1\nb:\n',
    'sections at the ends of the address space': "section a\n db 1\nsection b start=('aé€')\n db 1\n",
    'a %rep in deep macros':
      '%rmacro m 1\n%if %1\n m %1-1\n%else\n%rep 100000\n nop\n%endrep\n%endif\n%endmacro\n m 200\n',
    'times of a distance that contains it':
      'b: or r12d, -1\n vplzcntd zmm4, [a]\n times a-b vcvtpd2qq xmm5, [eax]\na: nop\n',
    'growing tokens': '%define x 1\n%rep 100000\n%xdefine x x+1\n%endrep\ndb x\n',
  };
  for (const [name, source] of Object.entries(bombs)) {
    it(`${name} ends soon, with a diagnostic or a result`, function () {
      this.timeout(60000);
      const r = build({ '/a.asm': source });
      assert.ok(r.image !== undefined || r.diagnostics.some((d) => d.severity === 'error'));
    });
  }

  // As many rounds as pass the limit only if what a round costs is counted.
  const rounds: Record<string, [count: number, body: string]> = {
    'a macro defined again and again': [20_000, '%macro m 0\n nop\n%endmacro'],
    'an instruction with an unknown symbol': [400_000, 'mov eax, nix'],
    'a jump to an unknown symbol': [400_000, 'jmp nix'],
  };
  for (const [name, [count, body]] of Object.entries(rounds)) {
    it(`${name} counts as work`, () => {
      const r = build({ '/a.asm': `%rep ${count}\n${body}\n%endrep\n` });
      assert.deepEqual([r.diagnostics.at(-1)?.code, r.passes], ['limit', 1]);
    });
  }

  it('names only the innermost of very many macros', () => {
    const source = '%rmacro m 1\n%if %1\n m %1-1\n%else\n nop\n%endif\n%endmacro\n m 200\n';
    const [entry] = build({ '/a.asm': source }).map.lines;
    assert.deepEqual([entry.line, entry.expansion!.length], [8, MAX_EXPANSION]);
    assert.deepEqual(
      entry.expansion!.slice(0, 2).map((e) => e.line),
      [5, 3],
    );
  });

  it(`includes at most ${MAX_INCLUDES} deep`, () => {
    const r = build({ '/a.asm': '%include "a.asm"\n' });
    assert.equal(r.diagnostics[0].code, 'limit');
    assert.ok(r.diagnostics[0].related.length > 0);
  });
});

describe('assemble: source map', () => {
  const source = `bits 32
org 0x100000
%macro two 1
  push %1
  pop %1
%endmacro
start: mov eax, [count]
  two ebx
  %rep 2
  nop
  %endrep
section .data align=16
count: dd 5, 6
section .bss
room: resb 8
SIZE equ 3
struc pair
.a: resd 1
.b: resw 1
endstruc
`;
  const r = build({ '/a.asm': source });

  it('tells for every byte which line made it', () => {
    assert.deepEqual(r.diagnostics, []);
    const shown = r.map.lines.map((l) => {
      const inner = (l.expansion ?? []).map((e) => `${e.macro}@${e.line}`).join(' ');
      return `${l.address.toString(16)}+${l.length} @${l.fileOffset} line ${l.line} ${l.code ? 'code' : 'data'} ${inner}`.trim();
    });
    assert.deepEqual(shown, [
      '100000+5 @0 line 7 code',
      '100005+1 @5 line 8 code two@4',
      '100006+1 @6 line 8 code two@5',
      '100007+1 @7 line 10 code',
      '100008+1 @8 line 10 code',
      '100010+8 @16 line 13 data',
      '100018+8 @-1 line 15 data',
    ]);
  });

  it('lists symbols with addresses, sections and places', () => {
    const shown = r.map.symbols.map(
      (s) => `${s.name} ${s.value.toString(16)} ${s.kind} ${s.section ?? '-'} ${s.line}:${s.column}`,
    );
    assert.deepEqual(shown, [
      'start 100000 label .text 7:1',
      'count 100010 label .data 13:1',
      'room 100018 label .bss 15:1',
      'SIZE 3 equ - 16:1',
      'pair 0 label - 17:7',
      'pair.a 0 label - 18:1',
      'pair.b 4 label - 19:1',
      'pair_size 6 equ - 20:1',
    ]);
  });

  it('knows the layout of struc', () => {
    assert.deepEqual(r.map.strucs, [
      {
        name: 'pair',
        size: 6,
        fields: [
          { name: 'a', offset: 0, size: 4 },
          { name: 'b', offset: 4, size: 2 },
        ],
      },
    ]);
  });

  it('lists sections', () => {
    const shown = r.map.sections.map(
      (s) => `${s.name} ${s.vstart.toString(16)} @${s.fileOffset} ${s.length} ${s.nobits}`,
    );
    assert.deepEqual(shown, [
      '.text 100000 @0 9 false',
      '.data 100010 @16 8 false',
      '.bss 100018 @-1 8 true',
    ]);
    assert.equal(r.origin, 0x100000n);
  });
});

describe('assemble: files', () => {
  it('searches beside the including file, then the include paths', () => {
    const r = build(
      {
        '/src/a.asm': '%include "sub/b.inc"\n%include "lib.inc"\nincbin "d.bin", 1, 2\n',
        '/src/sub/b.inc': '%include "c.inc"\n',
        '/src/sub/c.inc': 'db 1\n',
        '/lib/lib.inc': 'db 2\n',
        '/lib/d.bin': Uint8Array.of(9, 8, 7, 6),
      },
      { includePaths: ['/lib'] },
    );
    assert.equal(hex(r), '01020807');
    assert.deepEqual(r.dependencies, [
      '/src/a.asm',
      '/src/sub/b.inc',
      '/src/sub/c.inc',
      '/lib/lib.inc',
      '/lib/d.bin',
    ]);
  });

  it('takes macros from the caller', () => {
    assert.equal(hex(build({ '/a.asm': '%ifdef X\ndb X\n%endif\n' }, { defines: { X: '7' } })), '07');
  });

  it('keeps the bytes of a file that is not UTF-8', () => {
    assert.equal(hex(build({ '/a.asm': Uint8Array.of(0x64, 0x62, 0x20, 0x27, 0xe9, 0x27, 0x0a) })), 'e9');
  });

  it('takes Windows line endings', () => {
    assert.equal(
      hex(build({ '/a.asm': '%macro m 1\r\ndb %1\r\n%endmacro\r\nm 1\\\r\n, 2\r\nm 3\r\n' })),
      'no image',
    );
    assert.equal(hex(build({ '/a.asm': 'db 1, \\\r\n 2\r\n' })), '0102');
  });
});
