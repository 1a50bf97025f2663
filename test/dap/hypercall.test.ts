import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Client, lineWith, root } from './harness';

const lab = join(root, 'guests/labs/hypercall');
const vmm = join(root, 'guests/vmm/hvm');
const hypercall = join(lab, 'hypercall.asm');
const steps = join(lab, 'steps.asm');
const syscall = join(lab, 'syscall.asm');
const app = join(lab, 'app.asm');
const run = join(vmm, 'run.asm');

const HOST = 1;
const GUEST_1 = 2;

const names = (frames: DebugProtocol.StackFrame[]) => frames.map((frame) => frame.name);

describe('debug adapter: the hypercall lab', () => {
  let client: Client;
  beforeEach(async () => {
    client = await Client.start();
  });
  afterEach(() => client.stop());

  /** Launches and runs to the first of these lines that is reached. */
  async function runTo(path: string, ...lines: number[]) {
    await client.launch({ lab });
    const set = await client.breakpoints(path, ...lines.map((line) => ({ line })));
    assert.ok(set.every((breakpoint) => breakpoint.verified));
    return client.until(() => client.dap.configurationDoneRequest());
  }

  it('steps from a guest through VMCALL into the VMM and back', async () => {
    const vmcall = lineWith(hypercall, 'vmcall');
    const stop = await runTo(hypercall, vmcall);
    assert.equal(stop.threadId, GUEST_1);
    assert.equal(await client.where(GUEST_1), `hypercall.asm:${vmcall}`);
    assert.deepEqual(names(await client.frames(GUEST_1)), ['console_write', 'step_hello', 'kernel_main']);
    const guestMode = await client.scope('Mode', GUEST_1);
    assert.equal(guestMode.get('operation')!.value, 'VMX non-root operation');
    assert.equal(guestMode.get('CPU mode')!.value, '64-bit');

    // In: the VMM's source, root mode, the guest's frames below the exit.
    const inside = await client.stepIn();
    assert.deepEqual([inside.reason, inside.threadId], ['step', HOST]);
    assert.equal(await client.where(HOST), `run.asm:${lineWith(run, 'vm_exit:') + 1}`);
    const frames = await client.frames(HOST);
    assert.deepEqual(names(frames), [
      'vm_exit',
      'VM exit: VMCALL',
      'console_write',
      'step_hello',
      'kernel_main',
    ]);
    assert.equal(frames[1].presentationHint, 'label');
    assert.equal(frames[2].source?.path, hypercall);
    assert.equal((await client.scope('Mode', HOST)).get('operation')!.value, 'VMX root operation');
    const exit = await client.scope('Last VM exit', HOST);
    assert.equal(exit.get('reason')!.value, 'VMCALL (18)');

    // In the handler the VMM's own callers come first.
    const handler = join(vmm, 'exits/vmcall.asm');
    await client.breakpoints(handler, { line: lineWith(handler, 'exit_vmcall:') + 1 });
    await client.continue();
    assert.deepEqual(names(await client.frames(HOST)).slice(0, 4), [
      'exit_vmcall',
      'vm_exit',
      'VM exit: VMCALL',
      'console_write',
    ]);

    // Out: first to the caller in the VMM, then through the VM entry into the guest.
    await client.stepOut();
    assert.equal((await client.frames(HOST))[0].name, 'vm_exit');
    const back = await client.stepOut();
    assert.equal(back.threadId, GUEST_1);
    assert.equal(await client.where(GUEST_1), `hypercall.asm:${vmcall + 1}`);
  });

  it('steps on in the VMM until it enters the guest', async () => {
    await runTo(run, lineWith(run, 'vmresume'));
    const entered = await client.stepIn();
    assert.equal(entered.threadId, GUEST_1);
    assert.equal((await client.frames(GUEST_1))[0].source?.name, 'boot.asm');
  });

  it('steps over VMCALL in the guest and over the guest in the VMM', async () => {
    const vmcall = lineWith(hypercall, 'vmcall');
    await runTo(hypercall, vmcall);
    const over = await client.next();
    assert.deepEqual([over.reason, over.threadId], ['step', GUEST_1]);
    assert.equal(await client.where(GUEST_1), `hypercall.asm:${vmcall + 1}`);
    await client.breakpoints(hypercall);
    await client.breakpoints(run, { line: lineWith(run, 'vmresume') });
    await client.continue();
    const exited = await client.next();
    assert.deepEqual([exited.reason, exited.threadId], ['step', HOST]);
    assert.equal(await client.where(HOST), `run.asm:${lineWith(run, 'vm_exit:') + 1}`);
  });

  it('steps over an access for which the VMM maps a page', async () => {
    const touch = lineWith(steps, 'mov     [rbx], rbx');
    await runTo(steps, touch);
    type Walk = {
      result: { ok: boolean; fault?: string };
      steps: { stage: string; name: string; verdict: string }[];
    };
    const walk = () => client.custom<Walk>('hyperstep.translate', { address: 'rbx', access: 'write' });
    const before = await walk();
    assert.deepEqual([before.result.ok, before.result.fault], [false, 'EPT violation']);
    assert.equal(before.steps.at(-1)!.verdict, 'not-present');
    assert.ok(
      before.steps.some((step) => step.stage === 'guest') && before.steps.some((s) => s.name === 'EPT PML4E'),
    );
    const stop = await client.next();
    assert.equal(stop.threadId, GUEST_1);
    assert.equal(await client.where(GUEST_1), `steps.asm:${touch + 1}`);
    assert.equal((await walk()).result.ok, true);
    type Exits = {
      exits: { reasonName: string; guest: string; location?: { path: string; line: number } }[];
    };
    const { exits } = await client.custom<Exits>('hyperstep.vmExits', { since: 0 });
    const violation = exits.findLast((one) => one.reasonName === 'EPT violation')!;
    assert.equal(violation.guest, 'guest 1');
    assert.deepEqual(violation.location, { path: steps, line: touch });
  });

  it('goes on from a breakpoint on such an access without stopping there twice', async () => {
    await runTo(steps, lineWith(steps, 'mov     [rbx], rbx'));
    const first = BigInt((await client.value('rbx')).split(' ')[0]);
    assert.equal((await client.continue()).reason, 'breakpoint');
    assert.equal(BigInt((await client.value('rbx')).split(' ')[0]) - first, 0x1000n);
  });

  it('steps from ring 3 into the kernel and back', async () => {
    const call = lineWith(app, 'syscall');
    await runTo(app, call);
    assert.equal((await client.scope('Mode', GUEST_1)).get('ring')!.value, '3');
    await client.stepIn();
    assert.equal(await client.where(GUEST_1), `syscall.asm:${lineWith(syscall, 'system_call:') + 1}`);
    assert.equal((await client.scope('Mode', GUEST_1)).get('ring')!.value, '0');
    const write = lineWith(syscall, 'sys_vm_id:') + 1;
    await client.breakpoints(syscall, { line: write });
    await client.breakpoints(app);
    await client.continue();
    assert.deepEqual(names(await client.frames(GUEST_1)), ['sys_vm_id', 'system_call', 'app_main']);
    await client.stepOut();
    assert.equal((await client.frames(GUEST_1))[0].name, 'system_call');
    await client.stepOut();
    assert.equal(await client.where(GUEST_1), `app.asm:${call + 1}`);
  });

  it('stops at VM exits by reason', async () => {
    await client.launch({ lab });
    await client.dap.setExceptionBreakpointsRequest({
      filters: [],
      filterOptions: [{ filterId: 'vm-exit', condition: 'CPUID, EPT violation' }],
    });
    const cpuid = await client.until(() => client.dap.configurationDoneRequest());
    assert.deepEqual(
      [cpuid.reason, cpuid.description, cpuid.threadId],
      ['exception', 'VM exit: CPUID', HOST],
    );
    assert.match(cpuid.text!, /guest at 0x[0-9a-f]+ in step_cpuid\+0x[0-9a-f]+ \(steps\.asm:\d+\)/);
    // VM 2 makes the same steps.
    const second = await client.continue();
    assert.equal(second.description, 'VM exit: CPUID');
    assert.equal((await client.continue()).description, 'VM exit: EPT violation');
    const { threads } = (await client.dap.threadsRequest()).body;
    assert.deepEqual(
      threads.map((thread) => `${thread.id} ${thread.name}`),
      ['1 VMM', '2 guest 1', '3 guest 2'],
    );
    assert.ok(client.events.some((event) => event.event === 'thread' && event.body.threadId === 3));
    // A guest that does not run still has a stack, and registers that say what is not known.
    assert.equal(
      (await client.scope('Registers', 3)).get('rax')!.value,
      'unknown while this context does not run',
    );
    assert.ok((await client.frames(3)).length > 0);
  });

  it('prints VM transitions when asked to', async () => {
    await client.launch({ lab, trace: true });
    const exited = client.dap.waitForEvent('exited');
    await client.dap.configurationDoneRequest();
    await exited;
    assert.match(client.output, /^\[\d+\] VM exit: VMCALL.* \(guest at 0x[0-9a-f]+ in console_write/m);
    assert.match(client.output, /^\[\d+\] VM entry/m);
  });

  it('assembles anew at a restart, and keeps the breakpoints', async () => {
    const vmcall = lineWith(hypercall, 'vmcall');
    await runTo(hypercall, vmcall);
    await client.breakpoints(hypercall, { line: vmcall, hitCondition: '2' });
    const stop = await client.until(() => client.dap.restartRequest({}));
    assert.deepEqual([stop.reason, stop.threadId], ['breakpoint', GUEST_1]);
    const { exits } = await client.custom<{ exits: { reasonName: string }[] }>('hyperstep.vmExits', {});
    // console_write, get_vm_id, and now console_write again: counted from the restart on.
    assert.equal(exits.filter((one) => one.reasonName === 'VMCALL').length, 2);
  });

  it('runs to the end with the expected output', async () => {
    await client.launch({ lab });
    const exited = client.dap.waitForEvent('exited');
    await client.dap.configurationDoneRequest();
    assert.equal((await exited).body.exitCode, 33);
    const expected = readFileSync(join(lab, 'expected.txt'), 'utf8');
    assert.equal(client.output.trimEnd(), expected.replaceAll('\r', '').trimEnd());
  });
});
