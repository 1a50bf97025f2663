import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Client, fixture, lineWith, mark, root } from './harness';

const basic = fixture('basic.asm');
const at = (name: string) => mark(basic, name);

describe('debug adapter: data breakpoints', () => {
  let client: Client;
  beforeEach(async () => {
    client = await Client.start();
  });
  afterEach(() => client.stop());

  const info = (args: object) =>
    client.custom<DebugProtocol.DataBreakpointInfoResponse['body']>('dataBreakpointInfo', args);
  const set = (...breakpoints: DebugProtocol.DataBreakpoint[]) =>
    client
      .custom<DebugProtocol.SetDataBreakpointsResponse['body']>('setDataBreakpoints', { breakpoints })
      .then((body) => body.breakpoints);

  it('stops after the instruction that writes, and says what it wrote', async () => {
    await client.launchStopped({ program: basic });
    const { dataId, accessTypes, description } = await info({ name: 'dword [result]' });
    assert.match(dataId!, /^gla:host:0x[0-9a-f]+\/4$/);
    assert.match(description, /^dword \[result\] \(4 bytes at 0x/);
    assert.deepEqual(accessTypes, ['read', 'write', 'readWrite']);
    const [one] = await set({ dataId: dataId!, accessType: 'write' });
    assert.equal(one.verified, true);
    const stop = await client.continue();
    assert.equal(stop.reason, 'data breakpoint');
    assert.deepEqual(stop.hitBreakpointIds, [one.id]);
    assert.match(stop.text!, /^Wrote 4 bytes at 0x[0-9a-f]+ in result: 0x0 → 0x2a \(42\), by 0x\w+ in start/);
    assert.ok(stop.text!.includes(`(basic.asm:${at('put-h') - 1})`), stop.text);
    assert.equal(await client.where(), `basic.asm:${at('put-h')}`);
    await set();
    const exited = client.dap.waitForEvent('exited');
    await client.dap.continueRequest({ threadId: 1 });
    await exited;
  });

  it('tells reads from writes, and counts hits whose condition holds', async () => {
    await client.launchStopped({ program: basic });
    // The argument of `double`, on the stack: pushed, then read.
    await client.breakpoints(basic, { line: at('before-call') });
    await client.continue();
    const { dataId } = await info({ name: 'esp - 4', asAddress: true, bytes: 4 });
    await set({ dataId: dataId!, accessType: 'read' });
    const stop = await client.continue();
    assert.match(stop.text!, /^Read 4 bytes at \w+.*: .*0x15 \(21\), by \w+ in double/);
    assert.equal(await client.where(), `basic.asm:${at('double') + 1}`);
    const buffer = await info({ name: 'buffer', bytes: 64 });
    await set({ dataId: buffer.dataId!, condition: 'cl <= 60', hitCondition: '3' });
    await client.continue();
    assert.equal(await client.value('ecx'), '0x3a (58)');
    assert.equal(await client.where(), `basic.asm:${at('rep')}`);
  });

  it('stop a step that runs over the access', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('call') });
    await client.until(() => client.dap.configurationDoneRequest());
    const { dataId } = await info({ name: 'dword [esp - 12]' });
    await set({ dataId: dataId! });
    const stop = await client.next();
    assert.equal(stop.reason, 'data breakpoint');
    assert.equal(await client.where(), `basic.asm:${at('add')}`);
  });

  it('watches a guest’s memory by its linear and by its host-physical address', async () => {
    const lab = join(root, 'guests/labs/hypercall');
    const hypercall = join(lab, 'hypercall.asm');
    for (const space of ['gla', 'hpa']) {
      await client.launch({ lab });
      await client.breakpoints(hypercall, { line: lineWith(hypercall, 'vmcall') });
      const { threadId } = await client.until(() => client.dap.configurationDoneRequest());
      await client.breakpoints(hypercall);
      const { dataId } = await info({ name: 'qword [rsp]' });
      assert.match(dataId!, /^gla:vmcs:/);
      const { result } = await client.custom<{ result: { memoryReference: string } }>('hyperstep.translate', {
        address: 'rsp',
      });
      await set({
        dataId: space === 'gla' ? dataId! : `${result.memoryReference}/8`,
        accessType: 'readWrite',
      });
      const stop = await client.continue();
      assert.equal(stop.reason, 'data breakpoint');
      assert.equal(stop.threadId, threadId);
      assert.match(stop.text!, /^Read 8 bytes at .*, by 0x\w+ in console_write/);
      if (space === 'gla') {
        await client.stop();
        client = await Client.start();
      }
    }
  });

  it('refuses what is no memory', async () => {
    await client.launchStopped({ program: basic });
    for (const name of ['eax', 'zf', 'nothing', '[', 'rflags']) {
      const { dataId, description } = await info({ name });
      assert.equal(dataId, null, name);
      assert.ok(description.length > 0);
    }
    const bad = await set(
      { dataId: 'x' },
      { dataId: 'hpa:0x1000/0' },
      { dataId: 'hpa:0x1000/4', accessType: 'execute' as never },
      { dataId: 'hpa:0x1000/4', condition: '1 +' },
      { dataId: 'hpa:0x1000/4' },
    );
    assert.deepEqual(
      bad.map((b) => b.verified),
      [false, false, false, false, true],
    );
  });
});
