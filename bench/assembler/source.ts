/**
 * Sources for the assembler's benchmark: generated programs of any length,
 * always the same for the same length.
 */

/** A generated source and what kind of text it is. */
export interface Source {
  title: string;
  /** What of the options of both assemblers is special. */
  options: string;
  text: string;
}

/** Repeatable numbers. */
type Next = (below: number) => number;

function random(seed: number): Next {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const REGISTERS = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r12', 'r15'];
const SMALL = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'r8d', 'r9d', 'r12d', 'r15d'];
const CONDITIONS = ['e', 'ne', 'z', 'nz', 'b', 'ae', 'l', 'g', 'c', 's'];
const FIELDS = ['id', 'state', 'stack', 'next'];

/** Jump-heavy code: functions with local labels, many of whose jumps change their form from pass to pass. */
function jumps(lines: number): string {
  const next = random(1);
  const reg = () => REGISTERS[next(REGISTERS.length)];
  const out = [
    'bits 64',
    'default rel',
    '%define FRAME 32',
    '%macro store 2',
    '  mov [rsp+%1], %2',
    '%endmacro',
  ];
  const body = [
    () => `    mov ${reg()}, ${reg()}`,
    () => `    mov ${reg()}, [${reg()}+${next(64) * 8}]   ; a field`,
    () => `    add ${reg()}, ${next(4000)}`,
    () => `    lea ${reg()}, [${reg()}+${reg()}*8-${next(300)}]`,
    () => `    mov dword [rbp-${8 + next(100)}], 0x${next(65536).toString(16)}`,
    () => `    store ${next(32)}, ${reg()}`,
    () => `    test ${reg()}, ${reg()}`,
    () => '',
    () => '    ; what the next lines are for',
    () => `    sub rsp, FRAME+${next(8) * 8}`,
    () => `    movdqu xmm${next(16)}, [${reg()}]`,
    () => `    mov rdi, [table${next(50)}]`,
    () => `    cmp byte [${reg()}], '${String.fromCharCode(97 + next(26))}'`,
  ];
  for (let f = 0; out.length < lines - 60; f++) {
    out.push('', `; function ${f}`, `function${f}:`, '    push rbp', '    mov rbp, rsp');
    for (let block = 0; block < 4; block++) {
      out.push(`.block${block}:`);
      for (let i = 0; i < 5; i++) out.push(body[next(body.length)]());
      out.push(block < 3 ? `    jne .block${block + 1 + next(3 - block)}` : '    jz .block1');
      if (f > 0) out.push(`    call function${Math.max(0, f - next(20))}`);
    }
    out.push('    leave', '    ret', `.text: db "message ${f}", 13, 10, 0`);
  }
  for (let i = 0; i < 50; i++) out.push(`table${i}: dq function${i}, ${i}`);
  return `${out.join('\n')}\n`;
}

const MIXED_HEAD = `; A kernel-like program.
        bits 64
        default rel
        org 0x100000

PAGE_SIZE   equ 4096
MAX_TASKS   equ 64
%define FLAG(n) (1 << (n))
%define FRAME 32
%define TRACE 0

struc task
.id:    resd 1
.state: resd 1
.stack: resq 1
.next:  resq 1
endstruc

%macro prologue 0-1 0
        push    rbp
        mov     rbp, rsp
%if %1 > 0
        sub     rsp, %1
%endif
%endmacro

%macro epilogue 0
        leave
        ret
%endmacro

%macro check 2
        cmp     %1, %2
        jb      %%fine
        call    panic
%%fine:
%endmacro

start:
        cli
        mov     rsp, stack_top
        call    routine0
.halt:  hlt
        jmp     .halt

panic:
        cli
        hlt
        jmp     panic
`;

/** A program as people write them: functions with comments, calls, loops, fields, a few macros, messages and tables. */
function mixed(lines: number): string {
  const next = random(4);
  const of = (list: readonly string[]) => list[next(list.length)];
  const reg = () => of(REGISTERS);
  const body: (() => string)[] = [
    () => `        mov     ${reg()}, ${reg()}`,
    () => `        mov     ${reg()}, [rdi + task.${of(FIELDS)}]        ; field of the task`,
    () => `        mov     [rbp - ${8 * (1 + next(4))}], ${reg()}`,
    () => `        add     ${reg()}, ${next(2) ? next(100) : next(100_000)}`,
    () => `        mov     ${of(SMALL)}, 0x${next(0x7fffffff).toString(16)}`,
    () => `        test    ${of(SMALL)}, FLAG(${next(31)})`,
    () => `        xor     ${of(SMALL)}, ${of(SMALL)}`,
    () => `        movzx   ${of(SMALL)}, byte [${reg()} + ${reg()}*${1 << next(4)} + ${next(200)}]`,
    () => `        cmp     dword [rdi + task.state], ${next(8)}`,
    () => `        shl     ${reg()}, ${1 + next(30)}`,
    () => `        lea     ${reg()}, [text${next(20)}]`,
    () => `        and     ${reg()}, ~(PAGE_SIZE - 1)`,
    () => `        push    ${reg()}`,
    () => `        pop     ${reg()}`,
    () => `        inc     ${of(SMALL)}`,
    () => `        ; ${next(1000)} is what the caller expects`,
    () => '',
  ];
  const out = MIXED_HEAD.trimEnd().split('\n');
  for (let f = 0; out.length < lines - 40; f++) {
    out.push('', `; Handles request ${f}.`, ';   rdi: the task, rsi: the request', `routine${f}:`);
    out.push(next(3) === 0 ? `        prologue ${16 * (1 + next(8))}` : '        prologue');
    const labels = 1 + next(3);
    for (let label = 0; label < labels; label++) {
      out.push(`.step${label}:`);
      for (let i = 4 + next(6); i > 0; i--) out.push(body[next(body.length)]());
      if (next(6) === 0) out.push(`        check   ${reg()}, MAX_TASKS`);
      if (next(3) === 0) out.push(`        call    routine${Math.max(0, f - next(40))}`);
      const target = next(3) === 0 ? 'out' : `step${next(label + 1)}`;
      out.push(`        j${of(CONDITIONS)}      .${target}`);
    }
    out.push('.out:', '        epilogue');
    if (f % 4 === 0) out.push('', `text${f / 4}:  db "routine ${f}: no such task", 13, 10, 0`);
    if (f % 8 === 0) {
      out.push('        align 8', `table${f / 8}:`);
      for (let i = 0; i < 4; i++) out.push(`        dq routine${Math.max(0, f - i)}, ${next(1000)}`);
      out.push(`        dd ${next(1 << 30)}, 0x${next(1 << 30).toString(16)}, ${next(256)}`);
    }
  }
  out.push(
    '',
    'section .bss align=16',
    'stack:  resb 16384',
    'stack_top:',
    'tasks:  resb task_size * MAX_TASKS',
  );
  return `${out.join('\n')}\n`;
}

/** Straight code: no jumps whose form has to be found, so NASM needs few passes. */
function straight(lines: number): string {
  const next = random(3);
  const reg = () => REGISTERS[next(REGISTERS.length)];
  const small = () => SMALL[next(SMALL.length)];
  const body = [
    () => `    mov ${reg()}, ${reg()}`,
    () => `    mov ${reg()}, [${reg()}+${next(64) * 8}]`,
    () => `    add ${reg()}, ${next(4000)}`,
    () => `    lea ${reg()}, [${reg()}+${reg()}*8-${next(300)}]`,
    () => `    mov dword [rbp-${8 + next(100)}], 0x${next(65536).toString(16)}`,
    () => `    xor ${small()}, ${small()}`,
    () => `    movdqu xmm${next(16)}, [${reg()}]`,
    () => `    imul ${reg()}, ${reg()}, ${next(300)}`,
    () => `    movzx ${small()}, byte [${reg()}+${next(100)}]`,
    () => `    push ${reg()}`,
  ];
  const out = ['bits 64'];
  for (let f = 0; out.length < lines - 20; f++) {
    out.push(`function${f}:`);
    for (let i = 0; i < 18; i++) out.push(body[next(body.length)]());
    out.push('    ret');
  }
  return `${out.join('\n')}\n`;
}

/** Tables: data, symbols and arithmetic. */
function tables(lines: number): string {
  const next = random(2);
  const out = ['bits 32', 'BASE equ 0x1000'];
  for (let i = 0; out.length < lines; i++) {
    out.push(
      `entry${i}: dd entry${Math.max(0, i - next(9))}, BASE+${i}*4, ${next(1e9)}`,
      `  db ${next(256)}, "name${i}", 0`,
      `SIZE${i} equ $-entry${i}`,
      `  dw SIZE${i}, ${next(65536)}, 0${next(4096).toString(16)}h`,
    );
  }
  return `${out.join('\n')}\n`;
}

/** Everything through macros: conditions, loops, assignments. A tenth of the lines: each becomes many. */
function macros(lines: number): string {
  const out = [
    'bits 64',
    '%assign count 0',
    '%macro item 1-*',
    '%rep %0',
    ' %if %1 > 5',
    '  dd %1*2',
    ' %else',
  ];
  out.push('  dd %1', ' %endif', ' %rotate 1', '%endrep', '%assign count count+1', '%%end:', '%endmacro');
  for (let i = 0; out.length < lines / 10; i++) out.push(`  item ${i % 9}, ${i % 7}`);
  return `${out.join('\n')}\n`;
}

/** All kinds of sources with about so many lines. */
export function sources(lines: number): Source[] {
  return [
    { title: 'mixed program', options: '-f bin', text: mixed(lines) },
    { title: 'jump-heavy code', options: '-f bin', text: jumps(lines) },
    { title: 'jump-heavy code to ELF64 with -g', options: '-f elf64 -g', text: jumps(lines) },
    { title: 'straight code', options: '-f bin', text: straight(lines) },
    { title: 'tables', options: '-f bin', text: tables(lines) },
    { title: 'macros', options: '-f bin', text: macros(lines) },
  ];
}
