import assert from 'node:assert/strict';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Client, fixture, mark } from './harness';

const basic = fixture('basic.asm');
const put = fixture('put.inc');
const at = (name: string) => mark(basic, name);

describe('debug adapter: a program in 32-bit protected mode', () => {
  let client: Client;
  beforeEach(async () => {
    client = await Client.start();
  });
  afterEach(() => client.stop());

  it('stops on entry, runs to the exit port and tells the code', async () => {
    await client.launchStopped({ program: basic });
    assert.equal(await client.where(), `basic.asm:${at('start')}`);
    const exited = client.dap.waitForEvent('exited');
    const terminated = client.dap.waitForEvent('terminated');
    await client.dap.continueRequest({ threadId: 1 });
    assert.equal((await exited).body.exitCode, 7);
    await terminated;
    assert.equal(client.output, 'Hi\n');
    const serial = client.events.filter((event) => event.event === 'hyperstep.serial');
    assert.equal(serial.map((event) => event.body.text).join(''), 'Hi\n');
  });

  it('stops at breakpoints, moved to the next line with code', async () => {
    await client.launch({ program: basic });
    const [moved, none] = await client.breakpoints(basic, { line: at('before-call') - 1 }, { line: 9999 });
    assert.deepEqual([moved.verified, moved.line], [true, at('before-call')]);
    assert.equal(none.verified, false);
    const stop = await client.until(() => client.dap.configurationDoneRequest());
    assert.equal(stop.reason, 'breakpoint');
    assert.deepEqual(stop.hitBreakpointIds, [moved.id]);
    assert.equal(await client.where(), `basic.asm:${at('before-call')}`);
    assert.equal(await client.value('ecx'), '0x3e8 (1000)');
  });

  it('stops when a condition holds, at a hit count, and logs', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('loop'), condition: 'ecx == ROUNDS - 3' });
    await client.until(() => client.dap.configurationDoneRequest());
    assert.equal(await client.value('ecx'), '0x3e5 (997)');
    await client.breakpoints(basic, { line: at('loop'), hitCondition: '>= 2' });
    await client.continue();
    assert.equal(await client.value('ecx'), '0x3e7 (999)');
    await client.breakpoints(
      basic,
      { line: at('double'), logMessage: 'argument {dword [esp+4]}' },
      { line: at('after-call') },
    );
    await client.continue();
    assert.match(client.output, /^argument 0x15 \(21\)$/m);
    const [bad] = await client.breakpoints(basic, { line: at('exit'), condition: 'ecx ==' });
    assert.deepEqual([bad.verified, /unexpected the end/.test(bad.message!)], [false, true]);
  });

  it('stops at functions and instructions', async () => {
    await client.launch({ program: basic });
    const { body } = await client.dap.setFunctionBreakpointsRequest({
      breakpoints: [{ name: 'add_ebx' }, { name: 'nothing' }],
    });
    assert.deepEqual(
      body.breakpoints.map((b) => b.verified),
      [true, false],
    );
    const stop = await client.until(() => client.dap.configurationDoneRequest());
    assert.equal(stop.reason, 'function breakpoint');
    assert.equal(await client.where(), `basic.asm:${at('add')}`);
    const frames = await client.frames();
    assert.deepEqual(
      frames.map((frame) => `${frame.name}:${frame.line}`),
      [`add_ebx:${at('add')}`, `double:${at('inner-call')}`, `start:${at('call')}`],
    );
    const instructionReference = frames[1].instructionPointerReference!;
    await client.dap.customRequest('setInstructionBreakpoints', { breakpoints: [{ instructionReference }] });
    assert.equal((await client.continue()).reason, 'instruction breakpoint');
    assert.equal(await client.where(), `basic.asm:${at('inner-return')}`);
  });

  it('steps over, into and out of calls', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('call') });
    await client.until(() => client.dap.configurationDoneRequest());
    await client.stepIn();
    assert.equal(await client.where(), `basic.asm:${at('double')}`);
    await client.stepOut();
    assert.equal(await client.where(), `basic.asm:${at('after-call')}`);
    assert.equal(await client.value('eax'), '0x2a (42)');
    await client.until(() => client.dap.restartRequest({}));
    assert.equal(await client.where(), `basic.asm:${at('call')}`);
    assert.equal((await client.next()).reason, 'step');
    assert.equal(await client.where(), `basic.asm:${at('after-call')}`);
  });

  it('steps into macros and interrupts, over repeated strings', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('put-h') });
    await client.until(() => client.dap.configurationDoneRequest());
    await client.stepIn();
    assert.equal(await client.where(), `put.inc:${mark(put, 'put-first')}`);
    assert.deepEqual(
      (await client.frames()).map((frame) => frame.name),
      ['PUT (macro)', 'start'],
    );
    await client.stepIn();
    assert.equal(await client.where(), `put.inc:${mark(put, 'put-first') + 1}`);
    await client.stepOut();
    assert.equal(await client.where(), `basic.asm:${at('put-i')}`);
    await client.next();
    assert.equal(await client.where(), `basic.asm:${at('before-rep')}`);
    for (let i = 0; i < 4; i++) await client.next();
    assert.equal(await client.where(), `basic.asm:${at('int')}`);
    assert.equal(await client.value('ecx'), '0x0');
    await client.stepIn();
    assert.equal(await client.where(), `basic.asm:${at('handler')}`);
    assert.deepEqual(
      (await client.frames()).map((frame) => frame.name),
      ['handler', 'start'],
    );
    await client.stepOut();
    assert.equal(await client.where(), `basic.asm:${at('after-int')}`);
    assert.match(client.output, /^Hi\n$/);
  });

  it('steps by instructions', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('put-h') });
    await client.until(() => client.dap.configurationDoneRequest());
    await client.next('instruction');
    assert.equal(await client.where(), `basic.asm:${at('put-h')}`);
    assert.equal(await client.value("al = 'H'"), '0x1');
  });

  it('stops at a line of a macro wherever it is used', async () => {
    await client.launch({ program: basic });
    const [out] = await client.breakpoints(put, { line: mark(put, 'put-out') });
    assert.equal(out.verified, true);
    await client.until(() => client.dap.configurationDoneRequest());
    const calls: string[] = [];
    for (let i = 0; i < 3; i++) {
      const [inner, outer] = await client.frames();
      calls.push(`${inner.source?.name}:${inner.line} ${outer.name}`);
      if (i < 2) await client.continue();
    }
    const here = `put.inc:${mark(put, 'put-out')}`;
    assert.deepEqual(calls, [`${here} start`, `${here} start`, `${here} handler`]);
  });

  it('steps from a fault that stopped the machine into its handler', async () => {
    await client.launch({ program: fixture('faults.asm') });
    await client.dap.setExceptionBreakpointsRequest({ filters: ['vector-6'] });
    const stop = await client.until(() => client.dap.configurationDoneRequest());
    assert.equal(stop.description, '#UD');
    const faults = fixture('faults.asm');
    assert.equal(await client.where(), `faults.asm:${mark(faults, 'fault')}`);
    await client.stepIn();
    assert.equal(await client.where(), `faults.asm:${mark(faults, 'handler')}`);
    assert.deepEqual(
      (await client.frames()).map((frame) => frame.name),
      ['handler', 'start'],
    );
    await client.next();
    await client.stepOut();
    assert.equal(await client.where(), `faults.asm:${mark(faults, 'behind')}`);
    await client.until(() => client.dap.restartRequest({}));
    await client.stepIn();
    await client.stepOut();
    assert.equal(await client.where(), `faults.asm:${mark(faults, 'behind')}`);
  });

  it('steps through a million repetitions, over interrupts and into them', async () => {
    const clear = fixture('clear.asm');
    const line = (name: string) => mark(clear, name);
    await client.launch({ program: clear });
    await client.breakpoints(clear, { line: line('quiet') }, { line: line('disturbed') });
    await client.until(() => client.dap.configurationDoneRequest());
    const began = performance.now();
    await client.stepIn();
    console.log(`        1,000,000 repetitions took ${(performance.now() - began).toFixed(0)} ms`);
    assert.equal(await client.where(), `clear.asm:${line('behind')}`);
    await client.continue();
    await client.stepIn();
    assert.equal(await client.where(), `clear.asm:${line('timer')}`);
    assert.notEqual(await client.value('ecx'), '0x0');
    await client.stepOut();
    assert.equal(await client.where(), `clear.asm:${line('disturbed')}`);
    await client.next();
    assert.equal(await client.where(), `clear.asm:${line('end')}`);
    assert.equal(await client.value('ecx'), '0x0');
  });

  it('waits for serial input and hands it over', async () => {
    await client.launch({ program: fixture('echo.asm') });
    const exited = client.dap.waitForEvent('exited');
    await client.dap.configurationDoneRequest();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await client.custom('hyperstep.serialInput', { text: 'x' });
    assert.equal((await exited).body.exitCode, 1);
    assert.equal(client.output, 'x');
  });

  it('runs without debugging', async () => {
    await client.launch({ program: basic, noDebug: true, stopOnEntry: true });
    await client.breakpoints(basic, { line: at('loop') });
    const exited = client.dap.waitForEvent('exited');
    await client.dap.configurationDoneRequest();
    assert.equal((await exited).body.exitCode, 7);
  });

  it('shows and changes registers, flags and memory', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('before-call') });
    await client.until(() => client.dap.configurationDoneRequest());
    const registers = await client.scope('Registers');
    const ecx = registers.get('ecx')!;
    assert.equal(ecx.value, '0x3e8 (1000)');
    const parts = (await client.dap.variablesRequest({ variablesReference: ecx.variablesReference })).body
      .variables;
    assert.deepEqual(
      parts.map((part) => `${part.name}=${part.value}`),
      ['cx=0x3e8', 'ch=0x3', 'cl=0xe8'],
    );
    const changed = await client.dap.setVariableRequest({
      variablesReference: ecx.variablesReference,
      name: 'ch',
      value: '1',
    });
    assert.equal(changed.body.value, '0x1');
    assert.equal(await client.value('ecx'), '0x1e8 (488)');

    // What is changed is seen at once, in the stack too; a frame that has been shown stands for what it stood for.
    const [frame] = await client.frames();
    await client.dap.evaluateRequest({ expression: 'eip := start', context: 'repl' });
    assert.equal(await client.where(), `basic.asm:${at('start')}`);
    assert.notEqual((await client.frames())[0].id, frame.id);
    assert.match(await client.value('eip', frame.id), /<start>/);
    await client.dap.evaluateRequest({
      expression: `eip := ${frame.instructionPointerReference!.split(':').at(-1)}`,
      context: 'repl',
    });
    assert.equal(await client.where(), `basic.asm:${at('before-call')}`);

    const flags = await client.scope('Flags');
    assert.equal(flags.get('ZF')!.value, '1');
    const mode = await client.scope('Mode');
    assert.equal(mode.get('ring')!.value, '0');
    assert.equal(mode.get('CPU mode')!.value, '32-bit protected');
    assert.equal(mode.get('operation')!.value, 'VMX off');
    assert.match((await client.scope('Control')).get('cr0')!.value, /^0x[0-9a-f]+ PE/);
    assert.match(
      (await client.scope('Segments')).get('cs')!.value,
      /^0x8 base 0x0 limit 0xffffffff code readable DPL 0 32-bit$/,
    );

    const { body } = await client.dap.evaluateRequest({ expression: 'dword [result]', context: 'watch' });
    assert.equal(body.result, '0x0');
    const memoryReference = body.memoryReference!;
    await client.custom('writeMemory', {
      memoryReference,
      data: Buffer.from([1, 2, 3, 4]).toString('base64'),
    });
    assert.equal(await client.value('dword [result]'), '0x4030201 (67305985)');
    const read = await client.custom<{ data: string; address: string }>('readMemory', {
      memoryReference,
      count: 4,
    });
    assert.deepEqual([...Buffer.from(read.data, 'base64')], [1, 2, 3, 4]);
    await client.custom('setExpression', { expression: 'byte [result + 1]', value: '0xff' });
    assert.equal(await client.value('byte [result + 1]'), '0xff (-1)');
    await assert.rejects(client.value('byte [nowhere]'), /neither a register nor a symbol/);
  });

  it('disassembles with source, labels and a fixed number of instructions', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('call') });
    await client.until(() => client.dap.configurationDoneRequest());
    const [frame] = await client.frames();
    const { body } = await client.dap.disassembleRequest({
      memoryReference: frame.instructionPointerReference!,
      instructionOffset: -3,
      instructionCount: 6,
    });
    const lines = body!.instructions;
    assert.deepEqual(
      lines.map((line) => line.instruction),
      ['cmp ecx, 0x3e8', 'jb start.loop', 'push 0x15', 'call double', 'add esp, 4', 'mov [result], eax'],
    );
    assert.equal(lines[3].line, at('call'));
    assert.equal(lines[3].location?.path, basic);
  });

  it('tells the lines with code and moves RIP', async () => {
    await client.launch({ program: basic });
    await client.breakpoints(basic, { line: at('call') });
    await client.until(() => client.dap.configurationDoneRequest());
    const locations = await client.custom<DebugProtocol.BreakpointLocationsResponse['body']>(
      'breakpointLocations',
      {
        source: { path: basic },
        line: at('before-call'),
        endLine: at('after-call'),
      },
    );
    assert.deepEqual(
      locations.breakpoints.map(({ line }) => line),
      [at('before-call'), at('call'), at('after-call')],
    );
    const { targets } = (await client.dap.gotoTargetsRequest({ source: { path: basic }, line: at('exit') }))
      .body;
    await client.until(() => client.custom('goto', { threadId: 1, targetId: targets[0].id }));
    assert.equal(await client.where(), `basic.asm:${at('exit')}`);
  });

  it('walks an address', async () => {
    await client.launchStopped({ program: basic });
    const walk = await client.custom<{ contextName: string; steps: unknown[]; result: object }>(
      'hyperstep.translate',
      {
        address: 'result',
      },
    );
    assert.equal(walk.contextName, 'machine');
    assert.deepEqual(walk.steps, []);
    assert.equal((walk.result as { ok: boolean }).ok, true);
    assert.deepEqual(await client.custom('hyperstep.vmExits', { since: 0 }), { exits: [], next: 0 });
  });

  it('completes names', async () => {
    await client.launchStopped({ program: basic });
    const { targets } = (await client.dap.completionsRequest({ text: 'add eax, hand', column: 14 })).body;
    assert.deepEqual(targets, [{ label: 'handler', start: 9, length: 4 }]);
  });
});
