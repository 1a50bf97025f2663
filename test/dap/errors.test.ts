import assert from 'node:assert/strict';
import { join } from 'node:path';
import { Client, fixture, mark, root } from './harness';

const refused = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    return (error as Error).message;
  }
  assert.fail('it should have been refused');
};

describe('debug adapter: what goes wrong', () => {
  let client: Client;
  beforeEach(async () => {
    client = await Client.start();
  });
  afterEach(() => client.stop());

  it('names an unknown launch field and the nearest one', async () => {
    const message = await refused(client.launch({ program: fixture('basic.asm'), stopOnEnty: true }));
    assert.match(message, /unknown field "stopOnEnty"\. Did you mean "stopOnEntry"\?/);
    const both = await refused(client.dap.launchRequest({ memory: 'much' } as object));
    assert.match(both, /"memory" must be a whole number from 1 to/);
    assert.match(await refused(client.dap.launchRequest({})), /"lab".*or "program".*is missing/);
  });

  it('tells file and line of a syntax error', async () => {
    const broken = fixture('broken.asm');
    const message = await refused(client.launch({ program: broken }));
    assert.match(message, new RegExp(`broken\\.asm:${mark(broken, 'error')}: .*nowhere`));
    assert.match(client.output, new RegExp(`broken\\.asm:${mark(broken, 'error')}:\\d+: error: .*nowhere`));
  });

  it('says which file is missing', async () => {
    assert.match(
      await refused(client.launch({ program: '/nowhere/x.img' })),
      /\/nowhere\/x\.img: no such file/,
    );
    assert.match(
      await refused(client.dap.launchRequest({ lab: '/nowhere' } as object)),
      /lab\.json: no such file/,
    );
    assert.match(
      await refused(client.dap.launchRequest({ program: join(root, 'guests/labs/hypercall') } as object)),
      /this is a lab; name it by "lab"/,
    );
    assert.match(
      await refused(client.dap.launchRequest({ program: fixture('put.inc') } as object)),
      /put\.inc: /,
    );
  });

  it('stops at a triple fault with the chain of faults', async () => {
    const path = fixture('triple-fault.asm');
    await client.launch({ program: path });
    const stop = await client.until(() => client.dap.configurationDoneRequest());
    assert.equal(stop.reason, 'exception');
    assert.equal(await client.where(), `triple-fault.asm:${mark(path, 'fault')}`);
    assert.equal(stop.description, 'Triple fault');
    const { body } = await client.dap.exceptionInfoRequest({ threadId: 1 });
    assert.equal(body.exceptionId, 'Triple fault');
    assert.match(body.description!, /#UD/);
    assert.match(body.description!, /#DF/);
    // There is nothing left to run, and that is an answer too.
    assert.match((await client.continue()).text!, /shutdown/);
  });

  it('stops before chosen exceptions', async () => {
    const path = fixture('triple-fault.asm');
    await client.launch({ program: path });
    const { breakpoints } = (await client.dap.setExceptionBreakpointsRequest({ filters: ['vector-6', 'no'] }))
      .body as {
      breakpoints: { verified: boolean }[];
    };
    assert.deepEqual(
      breakpoints.map((b) => b.verified),
      [true, false],
    );
    const stop = await client.until(() => client.dap.configurationDoneRequest());
    assert.equal(stop.description, '#UD');
    assert.match(stop.text!, /Invalid opcode at 0x[0-9a-f]+ in start\+0x7 \(triple-fault\.asm:/);
  });

  it('pauses a program that spins, and answers while it runs', async () => {
    await client.launch({ program: fixture('spin.asm') });
    await client.dap.configurationDoneRequest();
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.match(await refused(client.frames()), /running; pause it first/);
    const began = performance.now();
    const stop = await client.until(() => client.dap.pauseRequest({ threadId: 1 }));
    console.log(`        pause answered after ${(performance.now() - began).toFixed(1)} ms`);
    assert.equal(stop.reason, 'pause');
    assert.match(await client.where(), /^spin\.asm:/);
  });

  it('keeps a condition in a hot loop quick', async () => {
    const path = fixture('spin.asm');
    await client.launch({ program: path });
    await client.breakpoints(path, { line: mark(path, 'spin'), condition: 'eax == 200000' });
    const began = performance.now();
    await client.until(() => client.dap.configurationDoneRequest());
    console.log(`        200,000 conditions took ${(performance.now() - began).toFixed(0)} ms`);
    assert.equal(await client.value('eax'), '0x30d40 (200000)');
  });

  it('answers malformed requests with errors', async () => {
    assert.match(await refused(client.dap.threadsRequest()), /Send "initialize"/);
    await client.launchStopped({ program: fixture('spin.asm') });
    for (const [command, args, message] of [
      ['nonsense', {}, /'nonsense' is not supported/],
      ['setBreakpoints', {}, /"source" must be an object/],
      ['setBreakpoints', { source: {} }, /"source.path" must be a string/],
      ['setFunctionBreakpoints', undefined, /"breakpoints" must be a list/],
      ['setFunctionBreakpoints', { breakpoints: [{}] }, /"breakpoints\[0\].name" must be a string/],
      ['setExceptionBreakpoints', {}, /"filters" must be a list/],
      ['stackTrace', { threadId: 77 }, /no thread 77/],
      ['scopes', { frameId: 9999 }, /no frame 9999/],
      ['variables', { variablesReference: 123456 }, /no variable/],
      ['readMemory', { memoryReference: 'here', count: 4 }, /not a memory reference/],
      ['readMemory', { memoryReference: '0x100000', count: -1 }, /count/],
      ['disassemble', { memoryReference: '0x0', instructionCount: 1e9 }, /at most 10000/],
      [
        'disassemble',
        { memoryReference: '0x0', instructionCount: 1, instructionOffset: 1e12 },
        /at most 10000/,
      ],
      ['evaluate', { expression: 5 }, /"expression" must be a string/],
      ['goto', { threadId: 1, targetId: 5 }, /goto target/],
      ['hyperstep.translate', {}, /"address" must be a string/],
      ['hyperstep.translate', { address: ' ' }, /Which address/],
      ['hyperstep.vmExits', { since: 'x' }, /"since" must be a whole number/],
      ['readMemory', { memoryReference: 'gla:vmcs:9999:0x0', count: 4 }, /no context 'vmcs:9999'/],
      ['attach', {}, /nothing to attach/],
    ] as const)
      assert.match(await refused(client.custom(command, args as object)), message, command);
    assert.equal(await client.where(), `spin.asm:${mark(fixture('spin.asm'), 'spin') - 2}`);
  });

  it('says in every state what to do', async () => {
    const step = () => client.dap.stepInRequest({ threadId: 1 });
    assert.match(await refused(client.dap.launchRequest({})), /"lab".*or "program"/);
    assert.match(await refused(step()), /Send "initialize" before anything else/);
    await client.dap.initializeRequest();
    for (const command of [
      'configurationDone',
      'restart',
      'continue',
      'pause',
      'stackTrace',
      'dataBreakpointInfo',
    ])
      assert.match(
        await refused(client.custom(command, { threadId: 1, name: 'x' })),
        /send "launch" first/,
        command,
      );
    await client.launch({ program: fixture('spin.asm') });
    await client.dap.configurationDoneRequest();
    await client.dap.configurationDoneRequest();
    assert.match(await refused(step()), /pause it first/);
    await client.until(() => client.dap.pauseRequest({ threadId: 1 }));
    const stops = client.events.length;
    await client.dap.pauseRequest({ threadId: 1 });
    await client.frames();
    assert.equal(client.events.length, stops, 'what stands has nothing new to tell');
    // Launched again within the session, and again after its end.
    await client.launch({ program: fixture('basic.asm') });
    for (const again of [() => client.dap.configurationDoneRequest(), () => client.dap.restartRequest({})]) {
      const terminated = client.dap.waitForEvent('terminated');
      await again();
      await terminated;
      assert.match(await refused(step()), /has ended; restart it/);
    }
    await client.dap.terminateRequest();
    assert.match(await refused(step()), /has ended; start a new one/);
  });

  it('pops nothing up about what the client asks by itself, or about a session that is over', async () => {
    await client.dap.initializeRequest();
    assert.equal(await client.popsUp('dataBreakpointInfo', { name: 'x' }), false);
    assert.equal(await client.popsUp('loadedSources'), false);
    assert.equal(await client.popsUp('continue'), true);
    await client.launch({ program: fixture('spin.asm') });
    // Stopped while it starts: what VS Code has still to send crosses with the end.
    const configured = client.dap.configurationDoneRequest();
    const terminate = client.dap.terminateRequest();
    await Promise.all([configured, terminate, client.dap.configurationDoneRequest()]);
    assert.equal(await client.popsUp('continue'), false);
  });

  it('gives up a launch that is cancelled, not one beside a cancelled request', async () => {
    await client.dap.initializeRequest();
    const lab = { lab: join(root, 'guests/labs/hypercall') };
    const launch = client.dap.launchRequest(lab as object);
    const cancelled = client.custom('cancel', {});
    assert.match(await refused(launch), /cancelled/);
    await cancelled;
    const again = client.dap.launchRequest(lab as object);
    await client.custom('cancel', { requestId: 1 });
    await again;
  });

  it('ends while the machine runs', async () => {
    await client.launch({ program: fixture('spin.asm') });
    await client.dap.configurationDoneRequest();
    const terminated = client.dap.waitForEvent('terminated');
    await client.dap.terminateRequest();
    await terminated;
  });
});
