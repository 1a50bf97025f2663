/**
 * Sources for the assembler's benchmark: programs of any length that look like
 * written ones, always the same for the same length.
 */

/** A generated program: the files by name, the main one first. */
export interface Program {
  files: Map<string, string>;
  /** Lines of all files. */
  lines: number;
}

/** A small linear congruential generator: the same program every time. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

const PRELUDE = `; macros and constants of the program
%define PAGE_SIZE 4096
%define KERNEL_BASE 0xFFFFFFFF80000000
%define PHYS(x) ((x) - KERNEL_BASE)
%define FLAG(n) (1 << (n))
%define TRACE_LEVEL 2
MAX_TASKS equ 64
STACK_SIZE equ 16 * 1024

struc task
.id:     resd 1
.state:  resd 1
.stack:  resq 1
.cr3:    resq 1
.name:   resb 16
.next:   resq 1
endstruc

%macro prologue 0-1 0
  push rbp
  mov rbp, rsp
%if %1 > 0
  sub rsp, %1
%endif
%endmacro

%macro epilogue 0
  leave
  ret
%endmacro

%macro pushall 1-*
%rep %0
  push %1
%rotate 1
%endrep
%endmacro

%macro popall 1-*
%rep %0
%rotate -1
  pop %1
%endrep
%endmacro

%macro check 2
  cmp %1, %2
  jae %%ok
  call panic
%%ok:
%endmacro

%imacro trace 2
%if %1 <= TRACE_LEVEL
  lea rdi, [rel %%text]
  call print
  jmp %%done
%%text: db %2, 0
%%done:
%endif
%endmacro

%macro for 3
%push loop
%assign %$from %2
  mov %1, %$from
%define %$counter %1
%define %$limit %3
%$top:
%endmacro

%macro endfor 0
  inc %$counter
  cmp %$counter, %$limit
  jb %$top
%pop
%endmacro
`;

const REGISTERS = ['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r15'];
const SMALL = ['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'r8d', 'r14d'];
const FIELDS = ['id', 'state', 'stack', 'cr3', 'name', 'next'];
const CONDITIONS = ['e', 'ne', 'z', 'nz', 'b', 'ae', 'l', 'g', 'c', 's'];

/** One function of about 40 lines. */
function routine(file: number, index: number, total: number, pick: (below: number) => number): string {
  const of = (list: readonly string[]) => list[pick(list.length)];
  const out: string[] = [];
  const add = (text: string) => out.push(text);
  add('');
  add(`; Handles request ${index} of module ${file}.`);
  add(';   rdi: the task, rsi: the request');
  add(`module${file}_routine${index}:`);
  add(pick(3) === 0 ? `  prologue ${16 * (1 + pick(8))}` : '  prologue');
  if (pick(3) === 0) add('  pushall rbx, r12, r13');
  const body = 14 + pick(20);
  let label = 0;
  for (let i = 0; i < body; i++) {
    switch (pick(20)) {
      case 0:
        add(`  mov ${of(REGISTERS)}, ${of(REGISTERS)}`);
        break;
      case 1:
        add(`  mov ${of(REGISTERS)}, [rdi + task.${of(FIELDS)}]        ; field of the task`);
        break;
      case 2:
        add(`  mov [rdi + task.${of(FIELDS)}], ${of(REGISTERS)}`);
        break;
      case 3:
        add(`  add ${of(REGISTERS)}, ${pick(2) ? pick(100) : pick(100000)}`);
        break;
      case 4:
        add(`  lea ${of(REGISTERS)}, [rel module${file}_table]`);
        break;
      case 5:
        add(`  mov ${of(SMALL)}, 0x${pick(0x7fffffff).toString(16)}`);
        break;
      case 6:
        add(`  test ${of(SMALL)}, FLAG(${pick(31)}) | FLAG(${pick(31)})`);
        break;
      case 7:
        add(`  j${of(CONDITIONS)} .step${label}`);
        add(`  xor ${of(SMALL)}, ${of(SMALL)}`);
        break;
      case 8:
        add(`.step${label++}:`);
        break;
      case 9:
        add(`  call module${file}_routine${pick(total)}`);
        break;
      case 10:
        add(
          `  movzx ${of(SMALL)}, byte [${of(REGISTERS)} + ${of(REGISTERS)}*${1 << pick(4)} + ${pick(200)}]`,
        );
        break;
      case 11:
        add(`  cmp dword [rdi + task.state], ${pick(8)}`);
        break;
      case 12:
        add(`  shl ${of(REGISTERS)}, ${1 + pick(30)}`);
        break;
      case 13:
        add(`  check ${of(REGISTERS)}, MAX_TASKS`);
        break;
      case 14:
        if (pick(4) === 0) add(`  trace ${pick(4)}, "module ${file}: routine ${index}"`);
        else add(`  imul ${of(REGISTERS)}, ${of(REGISTERS)}, task_size`);
        break;
      case 15:
        if (pick(4) === 0) {
          add('  for rcx, 0, MAX_TASKS');
          add(`  add [rdi + rcx*8], ${of(REGISTERS)}`);
          add('  endfor');
        } else add(`  and ${of(REGISTERS)}, ~(PAGE_SIZE - 1)`);
        break;
      case 16:
        add(`  movdqa xmm${pick(8)}, [rsp + ${16 * pick(8)}]`);
        break;
      case 17:
        add(`  sub ${of(REGISTERS)}, ${of(REGISTERS)}`);
        break;
      case 18:
        add(`  ; step ${i}`);
        break;
      default:
        add('');
    }
  }
  add(`.step${label}:`);
  if (out.includes('  pushall rbx, r12, r13')) add('  popall rbx, r12, r13');
  add('  epilogue');
  return `${out.join('\n')}\n`;
}

function table(file: number, total: number, pick: (below: number) => number): string {
  let text = `\nalign 16\nmodule${file}_table:\n`;
  for (let i = 0; i < total; i++) {
    switch (pick(4)) {
      case 0:
        text += `  dq module${file}_routine${i}, ${pick(1000)}\n`;
        break;
      case 1:
        text += `  dd ${pick(1 << 30)}, 0x${pick(1 << 30).toString(16)}, ${pick(256)}, PAGE_SIZE * ${pick(16)}\n`;
        break;
      case 2:
        text += `  db "entry ${i} of module ${file}", 0\n`;
        break;
      default:
        text += `  times ${1 + pick(16)} db ${pick(256)}\n`;
    }
  }
  return text;
}

const count = (text: string) => text.split('\n').length - 1;

/** A 64-bit program of about `lines` lines: functions, macros, data and includes. */
export function mixedProgram(lines: number): Program {
  const files = new Map<string, string>();
  const pick = random(1);
  const modules = 10;
  const routines = Math.max(1, Math.round(lines / modules / 33));
  let main = 'bits 64\ndefault rel\norg 0x100000\n%include "prelude.inc"\n\n';
  main += 'start:\n  cli\n  mov rsp, stack_top\n  call module0_routine0\n.halt:\n  hlt\n  jmp .halt\n\n';
  main += 'panic:\n  cli\n  hlt\n  jmp panic\n\nprint:\n  ret\n\n';
  files.set('main.asm', '');
  files.set('prelude.inc', PRELUDE);
  for (let m = 0; m < modules; m++) {
    let text = `; module ${m}\n%ifndef MODULE_${m}\n%define MODULE_${m}\n`;
    for (let r = 0; r < routines; r++) text += routine(m, r, routines, pick);
    text += `${table(m, routines, pick)}%endif\n`;
    files.set(`module${m}.inc`, text);
    main += `%include "module${m}.inc"\n`;
  }
  main += '\nsection .bss align=16\nstack: resb STACK_SIZE\nstack_top:\ntasks: resb task_size * MAX_TASKS\n';
  files.set('main.asm', main);
  let total = 0;
  for (const text of files.values()) total += count(text);
  return { files, lines: total };
}

/** Every second line is a jump to somewhere near the reach of its short form: many passes. */
export function jumpyProgram(lines: number): Program {
  const pick = random(2);
  let text = 'bits 32\n';
  const blocks = Math.floor(lines / 4);
  for (let i = 0; i < blocks; i++) {
    const target = Math.max(0, Math.min(blocks - 1, i + pick(60) - 30));
    text += `l${i}:\n  j${CONDITIONS[pick(CONDITIONS.length)]} l${target}\n  mov eax, [ebx + ${pick(200)}]\n  add eax, ecx\n`;
  }
  return { files: new Map([['main.asm', text]]), lines: count(text) };
}
