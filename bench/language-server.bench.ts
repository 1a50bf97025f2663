import { setFlagsFromString } from 'node:v8';
import type { Diagnostic, SemanticTokens, SemanticTokensDelta } from 'vscode-languageserver';
import { startClient } from '../test/server/client';

// How fast the language server answers in a file of 50,000 lines, through the
// whole protocol: client → JSON → server → JSON → client. Goals: keystroke to
// diagnostics 150 ms, completion 10 ms, semantic-token delta 20 ms. Printed, not
// asserted. Beside the time on the clock stands the processor time of client and
// server together, which says more on a busy machine.

// As main.ts does.
setFlagsFromString('--max-semi-space-size=64');
setFlagsFromString('--min-semi-space-size=32');

const LINES = 50_000;
const ROUNDS = 15;
const uri = 'file:///big.asm';

/** A plausible program: functions with loops, constants, strings, a structure, macros. */
function source(lines: number): string[] {
  const out = [
    '        org     0x100000',
    '        bits    64',
    '%macro save 2',
    '        push    %1',
    '        push    %2',
    '%endmacro',
    '%define SIZE(x) ((x) * 8)',
    'struc item',
    '        .next   resq 1',
    '        .value  resd 1',
    '        .flags  resd 1',
    'endstruc',
  ];
  for (let n = 0; out.length < lines - 24; n++) {
    out.push(
      `; Function ${n}: walks the list and adds up.`,
      `LIMIT_${n}    equ ${n} * 4 + 1         ; how far`,
      `function_${n}:`,
      '        push    rbx',
      '        mov     rbx, rdi                ; the list',
      '        xor     eax, eax',
      '.next:',
      '        test    rbx, rbx',
      '        jz      .done',
      '        add     eax, [rbx + item.value]',
      `        cmp     eax, LIMIT_${n}`,
      '        ja      .done',
      '        mov     rbx, [rbx + item.next]',
      '        jmp     .next',
      '.done:',
      '        pop     rbx',
      `        call    function_${Math.max(0, n - 1)}`,
      '        save    rax, rcx',
      `        lea     rsi, [rel text_${n}]`,
      '        mov     ecx, SIZE(4)',
      '        ret',
      '',
      `text_${n}: db "function ${n}", 10, 0`,
      '        align   8',
    );
  }
  return out;
}

/** Clock and processor time of one round, in milliseconds. */
interface Round {
  clock: number;
  cpu: number;
}

/** Starts to measure; the answer ends it. */
function stopwatch(): () => Round {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { clock: performance.now() - started, cpu: (user + system) / 1000 };
  };
}

function report(what: string, rounds: Round[], goal?: number): void {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1].toFixed(1);
  const clock = rounds.map((r) => r.clock);
  const best = Math.min(...clock).toFixed(1);
  const cpu = middle(rounds.map((r) => r.cpu));
  console.log(
    `language server: ${what}: median ${middle(clock)} ms, best ${best} ms, processor ${cpu} ms${goal ? ` (goal ${goal} ms)` : ''}`,
  );
}

async function main(): Promise<void> {
  const text = source(LINES);
  const { connection, dispose } = await startClient({ read: () => undefined });
  let told: ((diagnostics: Diagnostic[]) => void) | undefined;
  connection.onNotification('textDocument/publishDiagnostics', (p: { diagnostics: Diagnostic[] }) =>
    told?.(p.diagnostics),
  );
  const diagnostics = () => new Promise<Diagnostic[]>((resolve) => (told = resolve));
  let version = 1;
  const change = (line: number, from: number, to: number, replacement: string) =>
    connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: ++version },
      contentChanges: [
        { range: { start: { line, character: from }, end: { line, character: to } }, text: replacement },
      ],
    });

  let first = diagnostics();
  let stop = stopwatch();
  await connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'nasm', version, text: `${text.join('\n')}\n        bad\n` },
  });
  const found = await first;
  console.log(
    `language server: ${text.length} lines, ${(text.join('\n').length / 1e6).toFixed(1)} MB; opened to diagnostics ${stop().clock.toFixed(0)} ms (${found.length})`,
  );

  // A keystroke in the middle: an operand becomes wrong, then right again.
  const line = text.findIndex((l, i) => i > LINES / 2 && l.includes('xor     eax, eax'));
  const times: Round[] = [];
  for (let i = 0; i < ROUNDS * 2; i++) {
    first = diagnostics();
    stop = stopwatch();
    await change(line, 21, 24, i % 2 === 0 ? 'rax' : 'eax');
    await first;
    times.push(stop());
  }
  report('keystroke to diagnostics (operand made wrong and right)', times, 150);

  // Keystrokes that move everything behind them by a line.
  times.length = 0;
  for (let i = 0; i < ROUNDS; i++) {
    first = diagnostics();
    stop = stopwatch();
    if (i % 2 === 0) await change(line, 0, 0, '        xor     rdx, eax\n');
    else {
      await connection.sendNotification('textDocument/didChange', {
        textDocument: { uri, version: ++version },
        contentChanges: [
          { range: { start: { line, character: 0 }, end: { line: line + 1, character: 0 } }, text: '' },
        ],
      });
    }
    await first;
    times.push(stop());
  }
  report('keystroke to diagnostics (line added and removed)', times, 150);
  await change(line, 0, 0, ''); // settle

  const complete = async (at: number, text: string, typed: string) => {
    await change(at, text.length, text.length, typed);
    await new Promise((r) => setTimeout(r, 1200)); // the diagnostics are done
    const begun = stopwatch();
    await connection.sendRequest('textDocument/completion', {
      textDocument: { uri },
      position: { line: at, character: text.length + typed.length },
    });
    const time = begun();
    await connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: ++version },
      contentChanges: [
        {
          range: {
            start: { line: at, character: text.length },
            end: { line: at, character: text.length + typed.length },
          },
          text: '',
        },
      ],
    });
    return time;
  };
  const completions: Round[] = [];
  const base = text[line];
  for (const typed of [
    '',
    ', f',
    ', fun',
    ', LIMIT_9',
    ', [rbx + item.',
    '',
    ', f',
    ', fu',
    ', LIM',
    ', [rbx + item.v',
  ]) {
    completions.push(await complete(line, base, typed));
  }
  report('completion (diagnostics done)', completions, 10);

  // Completion directly behind the keystroke, as editors ask.
  completions.length = 0;
  for (let i = 0; i < ROUNDS; i++) {
    await new Promise((r) => setTimeout(r, 700));
    const typed = ', function_1'.slice(0, 3 + (i % 8));
    await change(line, base.length, base.length, typed);
    stop = stopwatch();
    await connection.sendRequest('textDocument/completion', {
      textDocument: { uri },
      position: { line, character: base.length + typed.length },
    });
    completions.push(stop());
    await change(line, base.length, base.length + typed.length, '');
  }
  report('completion directly behind a keystroke', completions, 10);

  // Semantic tokens directly behind the keystroke.
  const deltas: Round[] = [];
  let answer = (await connection.sendRequest('textDocument/semanticTokens/full', {
    textDocument: { uri },
  })) as SemanticTokens;
  let id = answer.resultId;
  for (let i = 0; i < ROUNDS; i++) {
    await new Promise((r) => setTimeout(r, 700));
    await change(line, base.length, base.length + (i % 2), i % 2 === 0 ? '1' : '');
    stop = stopwatch();
    const delta = (await connection.sendRequest('textDocument/semanticTokens/full/delta', {
      textDocument: { uri },
      previousResultId: id,
    })) as SemanticTokensDelta | SemanticTokens;
    deltas.push(stop());
    id = delta.resultId;
    if (!('edits' in delta)) answer = delta;
  }
  report('semantic-token delta directly behind a keystroke', deltas, 20);

  // What else an editor asks directly behind a keystroke or a movement of the cursor.
  const textDocument = { uri };
  const name = text.findIndex((l, i) => i > LINES / 2 && l.startsWith('function_'));
  const position = { line: name, character: 3 };
  const seen = { start: { line, character: 0 }, end: { line: line + 60, character: 0 } };
  const others: [string, object][] = [
    ['codeLens', {}],
    ['documentHighlight', { position }],
    ['references', { position, context: { includeDeclaration: true } }],
    ['hover', { position }],
    ['definition', { position }],
    ['inlayHint', { range: seen }],
    ['foldingRange', {}],
    ['documentSymbol', {}],
    ['codeAction', { range: seen, context: { diagnostics: [] } }],
    ['signatureHelp', { position: { line, character: 22 } }],
    ['selectionRange', { positions: [position] }],
    ['documentLink', {}],
  ];
  for (const [method, params] of others) {
    const rounds: Round[] = [];
    for (let i = 0; i < 7; i++) {
      await new Promise((r) => setTimeout(r, 600));
      await change(line, base.length, base.length + (i % 2), i % 2 === 0 ? '1' : '');
      stop = stopwatch();
      await connection.sendRequest(`textDocument/${method}`, { textDocument, ...params });
      rounds.push(stop());
    }
    report(`${method} directly behind a keystroke`, rounds);
  }
  type Lens = { range: object };
  const lenses = (await connection.sendRequest('textDocument/codeLens', { textDocument })) as Lens[];
  const resolved: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    stop = stopwatch();
    const some = lenses.slice(i * 40, i * 40 + 40);
    await Promise.all(some.map((lens) => connection.sendRequest('codeLens/resolve', lens)));
    resolved.push(stop());
  }
  report('reference counts of a screen (40)', resolved);
  dispose();
}

void main().then(() => process.exit(0));
