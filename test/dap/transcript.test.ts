import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, lineWith, root, type Stop } from './harness';

/**
 * A walk through the hypercall lab, stop by stop, beside what it looked like
 * when somebody last read it. Lines are quoted, not numbered, so that comments
 * may come and go. `HYPERSTEP_UPDATE=1` writes the file anew.
 */
const golden = join(root, 'test/dap/transcripts/hypercall.txt');
const lab = join(root, 'guests/labs/hypercall');
const hypercall = join(lab, 'hypercall.asm');

type Step = 'stepIn' | 'next' | 'stepOut' | 'continue';

/** Into the VMM, through a macro, the dispatcher and a handler, and back to the guest's caller. */
const WALK: readonly Step[] = [
  'stepIn', // vmcall
  'next', // push rbx
  'next', // mov rbx, [current_vm]
  'stepIn', // guest_registers save: shows the macro
  'stepIn',
  'stepOut', // out of the macro
  'next', // pop
  'stepIn', // call dispatch_exit
  'next', // read_field
  ...Array.from({ length: 6 }, (): Step => 'next'),
  'stepIn', // jmp through the table: exit_vmcall
  'next',
  'next',
  'stepOut', // to vm_exit
  'stepOut', // to the guest
  'stepOut', // to console_write's caller
  'continue',
];

describe('debug adapter: transcript of the hypercall lab', () => {
  let client: Client;
  before(async () => {
    client = await Client.start();
  });
  after(() => client.stop());

  it('looks as it did', async () => {
    const lines: string[] = [];
    const note = async (what: string, stop: Stop) => {
      const { threads } = (await client.dap.threadsRequest()).body;
      const thread = threads.find((one) => one.id === stop.threadId)!.name;
      lines.push(`${what}: ${stop.reason}, ${thread}`);
      for (const frame of await client.frames(stop.threadId)) {
        lines.push(`    ${frame.name.padEnd(24)} ${quote(frame.source?.path, frame.line)}`.trimEnd());
      }
    };
    await client.launch({ lab });
    await client.breakpoints(hypercall, { line: lineWith(hypercall, 'vmcall') });
    await note('launch', await client.until(() => client.dap.configurationDoneRequest()));
    for (const step of WALK) await note(step, await client[step]());
    const text = `${lines.join('\n')}\n`;
    if (process.env.HYPERSTEP_UPDATE) writeFileSync(golden, text);
    assert.equal(text, readFileSync(golden, 'utf8'));
  });
});

/** `run.asm: push rbx`: a line without its comment. */
function quote(path: string | undefined, line: number): string {
  if (!path) return '';
  const text = readFileSync(path, 'utf8').split('\n')[line - 1] ?? '';
  return `${path.slice(path.lastIndexOf('/') + 1)}: ${text.replace(/;.*/, '').trim().replace(/\s+/g, ' ')}`;
}
