import { strict as assert } from 'node:assert';
import type { Diagnostic, DocumentDiagnosticReport } from 'vscode-languageserver';
import { type Client, startClient } from './client';

const uri = 'file:///w/main.asm';
const text = '%include "a.inc"\nbits 64\nmain:\n.loop: mov eax, [rbx + s.f]\n jmp .loop\n';
const files = new Map([['/w/a.inc', 'struc s\n.f: resd 1\nendstruc\n']]);

const names = ['a.inc', 'main.asm'];

async function start(options: object = {}): Promise<Client> {
  const client = await startClient(
    {
      read: (path) => (files.has(path) ? new TextEncoder().encode(files.get(path)) : undefined),
      list: (folder) => (folder === '/w' ? names : []),
    },
    { workspaceFolders: [{ uri: 'file:///w', name: 'w' }], ...options },
  );
  await client.connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'nasm', version: 1, text },
  });
  return client;
}

describe('the server on a connection', () => {
  let client: Client;
  afterEach(() => client.dispose());

  it('answers every request it says it can', async () => {
    client = await start();
    const position = { line: 3, character: 8 };
    const range = { start: { line: 0, character: 0 }, end: { line: 5, character: 0 } };
    const place = { textDocument: { uri }, position };
    const requests: [string, object][] = [
      ['textDocument/hover', place],
      ['textDocument/completion', place],
      ['textDocument/signatureHelp', { textDocument: { uri }, position: { line: 3, character: 11 } }],
      ['textDocument/definition', { textDocument: { uri }, position: { line: 3, character: 26 } }],
      ['textDocument/declaration', { textDocument: { uri }, position: { line: 3, character: 26 } }],
      ['textDocument/typeDefinition', { textDocument: { uri }, position: { line: 3, character: 26 } }],
      [
        'textDocument/references',
        {
          textDocument: { uri },
          position: { line: 3, character: 26 },
          context: { includeDeclaration: true },
        },
      ],
      ['textDocument/documentHighlight', { textDocument: { uri }, position: { line: 3, character: 2 } }],
      ['textDocument/prepareRename', { textDocument: { uri }, position: { line: 3, character: 2 } }],
      [
        'textDocument/rename',
        { textDocument: { uri }, position: { line: 3, character: 2 }, newName: 'next' },
      ],
      ['textDocument/documentSymbol', { textDocument: { uri } }],
      ['workspace/symbol', { query: 'main' }],
      ['textDocument/foldingRange', { textDocument: { uri } }],
      ['textDocument/selectionRange', { textDocument: { uri }, positions: [position] }],
      ['textDocument/semanticTokens/full', { textDocument: { uri } }],
      ['textDocument/semanticTokens/range', { textDocument: { uri }, range }],
      ['textDocument/codeLens', { textDocument: { uri } }],
      [
        'textDocument/codeAction',
        {
          textDocument: { uri },
          range: { start: { line: 2, character: 1 }, end: { line: 2, character: 1 } },
          context: { diagnostics: [] },
        },
      ],
      ['textDocument/prepareCallHierarchy', { textDocument: { uri }, position: { line: 2, character: 1 } }],
      ['textDocument/documentLink', { textDocument: { uri } }],
      ['textDocument/formatting', { textDocument: { uri }, options: { tabSize: 8, insertSpaces: true } }],
      [
        'textDocument/rangeFormatting',
        { textDocument: { uri }, range, options: { tabSize: 8, insertSpaces: true } },
      ],
      [
        'textDocument/onTypeFormatting',
        {
          textDocument: { uri },
          position: { line: 5, character: 0 },
          ch: '\n',
          options: { tabSize: 8, insertSpaces: true },
        },
      ],
      [
        'textDocument/inlineValue',
        {
          textDocument: { uri },
          range,
          context: { frameId: 1, stoppedLocation: { start: position, end: position } },
        },
      ],
    ];
    for (const [method, params] of requests) {
      const answer = await client.connection.sendRequest<unknown[] | object | null>(method, params);
      assert.ok(answer !== null && (!Array.isArray(answer) || answer.length > 0), `${method} says nothing`);
    }
    const hints = await client.connection.sendRequest<unknown[]>('textDocument/inlayHint', {
      textDocument: { uri },
      range,
    });
    assert.ok(Array.isArray(hints));
  });

  it('pushes diagnostics, follows edits and files that change on the disk', async () => {
    client = await start();
    const next = () =>
      new Promise<Diagnostic[]>((resolve) => {
        client.connection.onNotification(
          'textDocument/publishDiagnostics',
          (p: { uri: string; diagnostics: Diagnostic[] }) => {
            if (p.uri === uri) resolve(p.diagnostics);
          },
        );
      });
    let told = next();
    await client.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [
        { range: { start: { line: 3, character: 25 }, end: { line: 3, character: 26 } }, text: 'x' },
      ],
    });
    assert.deepEqual(
      (await told).map((d) => d.code),
      ['symbol-undefined'],
    );
    told = next();
    files.set('/w/a.inc', 'struc s\n.f: resd 1\n.x: resd 1\nendstruc\n');
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', {
      changes: [{ uri: 'file:///w/a.inc', type: 2 }],
    });
    assert.deepEqual(await told, []);
  });

  it('has names and counts of other open files asked for again after an edit', async () => {
    const refreshSupport = true;
    const workspace = { codeLens: { refreshSupport }, semanticTokens: { refreshSupport } };
    client = await start({ capabilities: { workspace } });
    const asked = (method: string) =>
      new Promise<void>((resolve) =>
        client.connection.onRequest(method, () => {
          resolve();
          return null;
        }),
      );
    const both = Promise.all([
      asked('workspace/codeLens/refresh'),
      asked('workspace/semanticTokens/refresh'),
    ]);
    await client.connection.sendNotification('textDocument/didOpen', {
      textDocument: {
        uri: 'file:///w/a.inc',
        languageId: 'nasm',
        version: 1,
        text: 'struc s\n.f: resd 1\nendstruc\n',
      },
    });
    await both;
  });

  it('understands documents that are no files, under their own URI', async () => {
    client = await start();
    const other = 'untitled:Untitled-1';
    const told = new Promise<Diagnostic[]>((resolve) => {
      client.connection.onNotification(
        'textDocument/publishDiagnostics',
        (p: { uri: string; diagnostics: Diagnostic[] }) => {
          if (p.uri === other) resolve(p.diagnostics);
        },
      );
    });
    await client.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri: other, languageId: 'nasm', version: 1, text: 'x: mov al, ebx\n jmp x\n' },
    });
    assert.equal((await told).length, 1);
    const params = { textDocument: { uri: other }, position: { line: 1, character: 5 } };
    const [found] = await client.connection.sendRequest<{ uri: string }[]>('textDocument/definition', params);
    assert.equal(found.uri, other);
    // An old version of a file, as shown in a comparison, is not the file.
    await client.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri: 'git:/w/main.asm?HEAD', languageId: 'nasm', version: 1, text: 'old: nop\n' },
    });
    const symbols = await client.connection.sendRequest<{ name: string }[]>('textDocument/documentSymbol', {
      textDocument: { uri },
    });
    assert.deepEqual(
      symbols.map((s) => s.name),
      ['main'],
    );
  });

  it('follows folders that are added to the workspace', async () => {
    client = await start({ workspaceFolders: [] });
    await new Promise((r) => setTimeout(r, 50));
    const ask = () =>
      client.connection.sendRequest<{ name: string }[]>('workspace/symbol', { query: 'only_there' });
    assert.deepEqual(await ask(), []);
    files.set('/w/there.asm', 'only_there: ret\n');
    names.push('there.asm');
    const added = [{ uri: 'file:///w', name: 'w' }];
    await client.connection.sendNotification('workspace/didChangeWorkspaceFolders', {
      event: { added, removed: [] },
    });
    assert.deepEqual(
      (await ask()).map((s) => s.name),
      ['only_there'],
    );
  });

  it('lets a client pull them instead', async () => {
    client = await start({ initializationOptions: { diagnostics: 'pull' } });
    assert.ok(client.capabilities.diagnosticProvider);
    await client.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: ' bad_one 1, 2\n' }],
    });
    const report = (await client.connection.sendRequest('textDocument/diagnostic', {
      textDocument: { uri },
    })) as DocumentDiagnosticReport;
    assert.equal(report.kind === 'full' && report.items.length > 0, true);
  });

  it('refuses a rename with a reason, and survives nonsense', async () => {
    client = await start();
    await assert.rejects(
      async () =>
        client.connection.sendRequest('textDocument/rename', {
          textDocument: { uri },
          position: { line: 3, character: 9 },
          newName: 'x',
        }),
      /instruction/,
    );
    const far = { textDocument: { uri }, position: { line: 99999, character: 99999 } };
    for (const method of [
      'hover',
      'completion',
      'definition',
      'references',
      'documentHighlight',
      'signatureHelp',
    ]) {
      await client.connection.sendRequest(`textDocument/${method}`, {
        ...far,
        context: { includeDeclaration: true },
      });
      const nowhere = {
        textDocument: { uri: 'file:///no/such.asm' },
        position: { line: 0, character: 0 },
        context: {},
      };
      await client.connection.sendRequest(`textDocument/${method}`, nowhere);
    }
  });

  it('reads messages while a long assembly runs, and gives it up for the next text', async () => {
    client = await start();
    const told: Diagnostic[][] = [];
    const next = new Promise<void>((resolve) => {
      client.connection.onNotification(
        'textDocument/publishDiagnostics',
        (p: { uri: string; diagnostics: Diagnostic[] }) => {
          if (p.uri !== long) return;
          told.push(p.diagnostics);
          resolve();
        },
      );
    });
    const long = 'untitled:long';
    const document = { uri: long, languageId: 'nasm', version: 1 };
    const heavy = ' mov al, bx\n%rep 150000\n%assign n 1\n lea ax, [bx + n]\n%endrep\n';
    await client.connection.sendNotification('textDocument/didOpen', {
      textDocument: { ...document, text: heavy },
    });
    // Waits for the program's first assembly, which is given up.
    const symbols = client.connection.sendRequest<{ name: string }[]>('textDocument/documentSymbol', {
      textDocument: { uri: long },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri: long, version: 2 },
      contentChanges: [{ text: 'fresh: mov [x], 1\n' }],
    });
    assert.deepEqual(
      (await symbols).map((s) => s.name),
      ['fresh'],
    );
    await next;
    assert.deepEqual(
      told.map((list) => list.map((d) => d.code).sort()),
      [['symbol-undefined']],
    );
  });

  it('tells a user who types on now and then', async () => {
    client = await start();
    const long = 'untitled:long';
    const told: number[] = [];
    client.connection.onNotification(
      'textDocument/publishDiagnostics',
      (p: { uri: string; version: number }) => {
        if (p.uri === long) told.push(p.version);
      },
    );
    const lines = Array.from({ length: 10_000 }, (_, i) => `l${i}: add eax, [rbx + l${i}]`);
    const text = `${lines.join('\n')}\n mov al, bx\n`;
    await client.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri: long, languageId: 'nasm', version: 1, text: `bits 64\n${text}` },
    });
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    // Every key gives up what is made for the one before.
    for (let version = 2; told.length < 2; version++) {
      const at = { line: 1, character: 21 };
      await client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: long, version },
        contentChanges: [
          {
            range: { start: at, end: { ...at, character: 21 + (version % 2) } },
            text: version % 2 ? '' : ']',
          },
        ],
      });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  describe('while a rename or an expansion assembles', () => {
    const long = 'untitled:long';
    const textDocument = { uri: long };
    const position = { line: 0, character: 1 };
    const open = async () => {
      client = await start();
      const told = new Promise<void>((resolve) => {
        client.connection.onNotification('textDocument/publishDiagnostics', (p: { uri: string }) => {
          if (p.uri === long) resolve();
        });
      });
      const text =
        'x: jmp x\n%macro m 0\n nop\n ret\n%endmacro\n m\n%rep 40000\n%assign n 1\n lea ax, [bx + n]\n%endrep\n mov al, bx\n';
      await client.connection.sendNotification('textDocument/didOpen', {
        textDocument: { uri: long, languageId: 'nasm', version: 1, text },
      });
      await told;
    };
    const order = async (first: Promise<unknown>): Promise<string[]> => {
      const seen: string[] = [];
      const second = client.connection.sendRequest('textDocument/documentHighlight', {
        textDocument,
        position,
      });
      await Promise.all([first.then(() => seen.push('first')), second.then(() => seen.push('second'))]);
      return seen;
    };

    it('others are answered', async () => {
      await open();
      const renamed = client.connection.sendRequest('textDocument/rename', {
        textDocument,
        position,
        newName: 'y',
      });
      assert.deepEqual(await order(renamed), ['second', 'first']);
      assert.ok(await renamed);
      const shown = client.connection.sendRequest<{ contents: { value: string } }>('textDocument/hover', {
        textDocument,
        position: { line: 5, character: 1 },
      });
      assert.deepEqual(await order(shown), ['second', 'first']);
      assert.match((await shown).contents.value, /Expands to:\n```nasm\n\s*nop\n\s*ret/);
    });
    it('an edit ends it', async () => {
      await open();
      const renamed = client.connection.sendRequest('textDocument/rename', {
        textDocument,
        position,
        newName: 'y',
      });
      await client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: long, version: 2 },
        contentChanges: [{ text: 'fresh: nop\n' }],
      });
      await assert.rejects(renamed, /has changed/);
    });
  });

  it('forgets what was cancelled', async () => {
    client = await start();
    const { CancellationTokenSource } = await import('vscode-languageserver/node');
    const source = new CancellationTokenSource();
    const asked = client.connection.sendRequest('workspace/symbol', { query: '' }, source.token);
    source.cancel();
    await asked.then(
      (answer) => assert.deepEqual(answer, []),
      (error: Error) => assert.match(error.message, /cancel/i),
    );
  });
});
