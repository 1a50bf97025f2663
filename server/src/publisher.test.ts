import assert from 'node:assert/strict';
import type { Connection } from 'vscode-languageserver';
import { Publisher } from './publisher';
import { fixture } from './testing';
import type { Background } from './workspace/background';

/** A publisher whose work ends when it is told to. */
function publisher() {
  const said: string[] = [];
  const window = {
    createWorkDoneProgress: async () => ({
      begin: () => said.push('begin'),
      done: () => said.push('done'),
    }),
  };
  const connection = { window, sendDiagnostics: () => said.push('diagnostics') };
  const ends: ((result: unknown) => void)[] = [];
  const background = { run: () => new Promise((resolve) => ends.push(resolve)) };
  const { workspace } = fixture('nop');
  const made = new Publisher(
    connection as unknown as Connection,
    workspace,
    background as unknown as Background,
  );
  made.schedule();
  return { said, ends };
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the publisher', () => {
  it('shows that a long round is going on', async () => {
    const { said, ends } = publisher();
    while (said.length === 0) await wait(50);
    ends[0]({ value: new Map([['/w/main.asm', [{}]]]), time: 1 });
    await wait(0);
    assert.deepEqual(said, ['begin', 'done', 'diagnostics']);
  });

  it('says nothing about a short one, and publishes nothing of one that was given up', async () => {
    const { said, ends } = publisher();
    while (ends.length === 0) await wait(5);
    ends[0](undefined);
    await wait(800);
    assert.deepEqual(said, []);
  });
});
