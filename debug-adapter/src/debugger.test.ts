import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { Debugger } from './debugger';
import { RequestError } from './errors';
import { parseLaunchConfig } from './launch/config';
import { nodeFiles } from './launch/node-files';

// The same cases at every run; HYPERSTEP_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['HYPERSTEP_SEED'] ?? 1) });

const lab = join(process.env.HYPERSTEP_ROOT ?? process.cwd(), 'guests/labs/hypercall');

/** A debugger whose event loop the test turns. */
function start() {
  const events: { event: string; body: unknown }[] = [];
  const queue: (() => void)[] = [];
  const debug = new Debugger({
    emit: (event, body) => events.push({ event, body }),
    defer: (callback) => queue.push(callback),
    files: nodeFiles,
    cancelled: () => false,
  });
  const turn = (most = 1000) => {
    for (let i = 0; i < most && queue.length > 0; i++) queue.shift()!();
  };
  return { debug, events, turn };
}

const ADDRESSES = [
  '0',
  '0x100000',
  '0x200010',
  '0x40000000',
  '0xffffffffffffffff',
  '0x800000000000',
  'rsp',
  'hpa:0xffffffffffff',
  'gla:vmcs:123:0x0',
  'gla:host:0xfffffffffffffff0',
  '',
  'x',
  '[[',
  '-1',
];
const COMMANDS = [
  'setBreakpoints', 'setFunctionBreakpoints', 'setInstructionBreakpoints', 'setExceptionBreakpoints', 'breakpointLocations',
  'dataBreakpointInfo', 'setDataBreakpoints',
  'exceptionInfo', 'continue', 'pause', 'next', 'stepIn', 'stepOut', 'gotoTargets', 'goto', 'threads', 'stackTrace', 'scopes',
  'variables', 'setVariable', 'evaluate', 'setExpression', 'completions', 'disassemble', 'readMemory', 'loadedSources',
  'hyperstep.translate', 'hyperstep.vmExits', 'hyperstep.serialInput', 'nonsense',
]; // biome-ignore format: a list

const address = fc.constantFrom(...ADDRESSES);
const small = fc.integer({ min: -20, max: 40 });
const junk = fc.oneof(
  address,
  small,
  fc.constant(null),
  fc.constant([]),
  fc.constant({}),
  fc.double(),
  fc.string(),
);
const args = fc.record(
  {
    source: fc.oneof(fc.constant({ path: join(lab, 'steps.asm') }), junk),
    breakpoints: fc.oneof(
      fc.array(
        fc.record(
          {
            line: small,
            condition: address,
            hitCondition: junk,
            logMessage: fc.string(),
            name: address,
            instructionReference: address,
            dataId: fc.constantFrom(
              'gla:host:0x100000/4',
              'hpa:0x200000/4096',
              '0xffffffffffffffff/8',
              'x/1',
              '0x0/0',
            ),
            accessType: fc.oneof(fc.constantFrom('read', 'write', 'readWrite'), junk),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
      junk,
    ),
    filters: fc.oneof(fc.array(address, { maxLength: 2 }), junk),
    threadId: fc.oneof(fc.integer({ min: 0, max: 4 }), junk),
    frameId: fc.oneof(small, junk),
    variablesReference: fc.oneof(small, junk),
    name: fc.oneof(fc.constantFrom('rax', 'rip', 'ZF', 'cs', 'nothing', 'dword [rsp]'), address),
    bytes: fc.oneof(small, junk),
    value: address,
    expression: fc.oneof(address, junk),
    memoryReference: fc.oneof(address, junk),
    address: fc.oneof(address, junk),
    access: fc.oneof(fc.constantFrom('read', 'write', 'execute'), junk),
    context: fc.oneof(fc.constantFrom('host', 'vmcs:1', 'repl'), junk),
    count: fc.oneof(small, junk),
    offset: fc.oneof(small, junk),
    instructionCount: fc.oneof(small, junk),
    instructionOffset: fc.oneof(small, junk),
    granularity: fc.constantFrom('instruction', 'statement', 'line', undefined),
    text: fc.oneof(address, junk),
    column: fc.oneof(small, junk),
    line: fc.oneof(small, junk),
    targetId: fc.oneof(small, junk),
    since: fc.oneof(small, junk),
    limit: fc.oneof(small, junk),
    startFrame: fc.oneof(small, junk),
    levels: fc.oneof(small, junk),
  },
  { requiredKeys: [] },
);

describe('debugger', () => {
  it('answers whatever is sent, or says why not', function () {
    this.timeout(120_000);
    const { debug, turn } = start();
    debug.request('launch', parseLaunchConfig({ lab, stopOnEntry: true }));
    debug.request('configurationDone', {});
    debug.request('setFunctionBreakpoints', { breakpoints: [{ name: 'step_lazy_memory' }] });
    debug.request('continue', {});
    turn();
    const request = fc.tuple(fc.constantFrom(...COMMANDS), fc.oneof({ weight: 5, arbitrary: args }, junk));
    fc.assert(
      fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
        for (const [command, given] of requests) {
          try {
            JSON.stringify(debug.request(command, given));
          } catch (error) {
            assert.ok(
              error instanceof RequestError,
              `${command} ${JSON.stringify(given)}: ${(error as Error).stack}`,
            );
          }
          turn(2);
        }
        try {
          debug.request('pause', {});
        } catch (error) {
          assert.match((error as Error).message, /has ended/);
          debug.request('restart', undefined);
        }
        turn(3);
      }),
      { numRuns: 300 },
    );
  });

  it('runs the same instructions whatever the steps', function () {
    this.timeout(120_000);
    const run = (steps: string[]) => {
      const { debug, events, turn } = start();
      debug.request('launch', parseLaunchConfig({ lab, stopOnEntry: true }));
      debug.request('setFunctionBreakpoints', { breakpoints: [{ name: 'step_lazy_memory' }] });
      debug.request('configurationDone', {});
      debug.request('continue', {});
      turn();
      for (const step of steps) {
        debug.request(step, { threadId: 1 });
        turn();
      }
      debug.request('setFunctionBreakpoints', { breakpoints: [{ name: 'step_halt' }] });
      debug.request('continue', {});
      turn();
      assert.equal(
        (events.findLast((one) => one.event === 'stopped')!.body as { reason: string }).reason,
        'function breakpoint',
      );
      const value = (expression: string) =>
        (debug.request('evaluate', { expression }) as { result: string }).result;
      const [frame] = (debug.request('stackTrace', { threadId: 2 }) as { stackFrames: { id: number }[] })
        .stackFrames;
      const { scopes } = debug.request('scopes', { frameId: frame.id }) as {
        scopes: { name: string; variablesReference: number }[];
      };
      const mode = scopes.find((scope) => scope.name === 'Mode')!;
      const { variables } = debug.request('variables', mode) as {
        variables: { name: string; value: string }[];
      };
      return [value('rip'), variables.find((one) => one.name === 'instruction count')!.value];
    };
    const free = run([]);
    assert.deepEqual(run(['next', 'next', 'next', 'next', 'next', 'next', 'next']), free);
    assert.deepEqual(run(Array.from({ length: 40 }, () => 'stepIn')), free);
    assert.deepEqual(run(['next', 'next', 'next', 'next', 'stepIn', 'stepIn', 'stepOut']), free);
  });
});
