import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { Client, lineWith, root, type Stop } from '../dap/harness';

/**
 * Walks through docs/labs/hypercall.md as a student does, in one session, and
 * sees what the guide's checks promise. Breakpoints are set by the texts that
 * the guide names, in every language it exists in.
 */
const lab = join(root, 'guests/labs/hypercall');
const vmm = join(root, 'guests/vmm/hvm');
const guides = ['hypercall.md', 'hypercall.zh-cn.md']
  .map((name) => join(root, 'docs/labs', name))
  .filter(existsSync);

const HOST = 1;
const GUEST_1 = 2;
const GUEST_2 = 3;

interface Walk {
  steps: { stage: string; name: string; value: string; flags: string[]; verdict: string; serves?: string }[];
  result: { ok: boolean; fault?: string; guestPhysical?: string; hostPhysical?: string; pageSize?: number };
}

interface Exits {
  exits: {
    kind: string;
    reasonName: string;
    detail: string;
    guest: string;
    symbol?: string;
    count: number;
  }[];
  next: number;
}

describe('the guide of the hypercall lab, step by step', () => {
  let client: Client;
  let stop: Stop;
  /** Breakpoints as `file` → lines, as the student has them. */
  const set = new Map<string, number[]>();

  before(async () => {
    client = await Client.start();
    await client.launch({ lab, stopOnEntry: true });
    stop = await client.until(() => client.dap.configurationDoneRequest());
  });
  after(() => client.stop());

  const guest = (name: string) => join(lab, name);
  const host = (name: string) => join(vmm, name);
  const frames = () => client.frames(stop.threadId);
  const names = async () => (await frames()).map((frame) => frame.name);
  const where = () => client.where(stop.threadId);
  const mode = async (key: string) => (await client.scope('Mode', stop.threadId)).get(key)!.value;
  const lastExit = async (key: string) =>
    (await client.scope('Last VM exit', stop.threadId)).get(key)?.value ?? '';
  const value = async (expression: string) => BigInt((await client.value(expression)).split(' ')[0]);
  const walk = (address: string) => client.custom<Walk>('hyperstep.translate', { address });
  const exits = (limit: number) => client.custom<Exits>('hyperstep.vmExits', { limit });

  async function stepIn(times = 1) {
    for (let i = 0; i < times; i++) stop = await client.stepIn();
  }
  async function stepOver(times = 1) {
    for (let i = 0; i < times; i++) stop = await client.next();
  }
  async function stepOut(times = 1) {
    for (let i = 0; i < times; i++) stop = await client.stepOut();
  }
  async function goOn() {
    stop = await client.continue();
  }

  /** Sets a breakpoint that this step of the guide names by file and text. `text` may be a label: then the line below it. */
  async function breakpoint(step: number, path: string, text: string): Promise<number> {
    for (const guide of guides) {
      const section = stepOf(guide, step);
      const label = text.endsWith(':') ? text.slice(0, -1).replace(/^\./, '') : text;
      assert.ok(section.includes(basename(path)), `${basename(guide)}, step ${step}: no ${basename(path)}`);
      assert.ok(section.includes(`\`${label}\``), `${basename(guide)}, step ${step}: no \`${label}\``);
    }
    const line = text.endsWith(':') ? lineWith(path, text) + 1 : instruction(path, text);
    set.set(path, [...(set.get(path) ?? []), line]);
    const answer = await client.breakpoints(path, ...set.get(path)!.map((one) => ({ line: one })));
    assert.deepEqual(
      answer.map((one) => [one.verified, one.line]),
      set.get(path)!.map((one) => [true, one]),
    );
    return line;
  }

  async function remove(path: string) {
    set.delete(path);
    await client.breakpoints(path);
  }

  /** Breakpoint, continue, hit, removed. */
  async function runTo(step: number, path: string, text: string) {
    const line = await breakpoint(step, path, text);
    await goOn();
    assert.equal(stop.reason, 'breakpoint');
    assert.equal(await where(), `${basename(path)}:${line}`);
    await remove(path);
  }

  const filters = (filterOptions: DebugProtocol.ExceptionFilterOptions[]) =>
    client.dap.setExceptionBreakpointsRequest({ filters: [], filterOptions });

  it('start: the first instruction of the VMM', async () => {
    assert.equal(stop.reason, 'entry');
    assert.equal(await where(), `entry.asm:${lineWith(host('entry.asm'), '        cli')}`);
  });

  it('1: a guest is born', async () => {
    await runTo(1, host('run.asm'), 'vmlaunch');
    await stepIn();
    assert.equal(stop.threadId, GUEST_1);
    assert.deepEqual(await names(), ['kernel_entry']);
    assert.equal((await frames())[0].source?.name, 'boot.asm');
    assert.equal(await mode('operation'), 'VMX non-root operation');
    assert.equal(await mode('CPU mode'), '32-bit protected');
    assert.equal(await mode('ring'), '0');
    assert.equal(await value('eax'), 0x48564d31n);
    assert.equal(await value('eax == BOOT_MAGIC'), 1n);
    const { steps, result } = await walk('rip');
    assert.ok(steps.length > 0 && steps.every((step) => step.stage === 'nested'));
    assert.deepEqual([result.guestPhysical, result.hostPhysical], ['0x200000', '0x1000000']);
  });

  it('2: into long mode, with help', async () => {
    for (let i = 0; i < 30 && stop.threadId === GUEST_1; i++) await stepIn();
    assert.equal(await where(), `run.asm:${lineWith(host('run.asm'), 'vm_exit:') + 1}`);
    assert.equal(await lastExit('reason'), 'RDMSR (31)');
    await runTo(2, host('exits/cr_access.asm'), 'or ecx, ENTRY_GUEST_64');
    assert.equal(await lastExit('reason'), 'Control-register accesses (28)');
    assert.match(await lastExit('qualification'), /MOV CR0, RAX/);
    await runTo(2, host('run.asm'), 'vmresume');
    await stepIn();
    assert.equal(stop.threadId, GUEST_1);
    const control = await client.scope('Control', GUEST_1);
    assert.match(control.get('efer')!.value, /LMA/);
    assert.match(control.get('cr4')!.value, /VMXE/);
    assert.equal(await mode('CPU mode'), 'compatibility');
  });

  it('3: the first hypercall', async () => {
    await runTo(3, guest('hypercall.asm'), 'vmcall');
    await stepIn();
    assert.equal(stop.threadId, HOST);
    assert.equal(await mode('operation'), 'VMX root operation');
    assert.equal(await value('rsp == vmm_stack_top'), 1n);
    assert.equal(await value('rax == HC_CONSOLE_WRITE'), 1n);
    assert.equal(await value('rsi'), 0x31n, "the guest's rsi: the length of its text");

    // Past the macro, then in by single steps through dispatcher, handler and hypercall.
    while (!(await lineText()).startsWith('guest_registers')) await stepOver();
    await stepOver();
    assert.match(await lineText(), /^pop/);
    const visited = new Set<string>();
    for (let i = 0; i < 100 && !visited.has('hypercall_console_write'); i++) {
      await stepIn();
      visited.add((await names())[0]);
    }
    for (const name of ['dispatch_exit', 'exit_vmcall', 'hypercall_console_write'])
      assert.ok(visited.has(name), `${name}, not only ${[...visited].join(', ')}`);
    assert.deepEqual(await names(), [
      'hypercall_console_write',
      'vm_exit',
      'VM exit: VMCALL',
      'console_write',
      'step_hello',
      'kernel_main',
    ]);

    await runTo(3, host('ept.asm'), 'add rax, rdx');
    await stepOver();
    assert.equal(await value('rax == rdi - 0x200000 + 0x1000000'), 1n);
    const inner = (await frames()).find((frame) => frame.name === 'console_write')!;
    assert.match(text(inner.source!.path!, inner.line), /^ret/);
    await stepOut(3);
    assert.equal(stop.threadId, GUEST_1);
    assert.match(await lineText(), /^ret/);
    assert.equal(await value('rax'), 0n);
  });

  it('4: all exits of one kind', async () => {
    await filters([{ filterId: 'vm-exit', condition: 'CPUID' }]);
    await goOn();
    assert.deepEqual([stop.reason, stop.description, stop.threadId], ['exception', 'VM exit: CPUID', HOST]);
    assert.deepEqual(await names(), ['vm_exit', 'VM exit: CPUID', 'step_cpuid', 'kernel_main']);
    const newest = (await exits(1)).exits[0];
    assert.equal(newest.reasonName, 'CPUID');
    assert.match(newest.detail, /leaf 0x40000000/);
    await stepOut();
    assert.equal(stop.threadId, GUEST_1);
    assert.equal(await value("ebx == 'Hype'"), 1n);
    await filters([]);
  });

  it('5: memory that does not exist yet', async () => {
    const line = await breakpoint(5, guest('steps.asm'), 'mov [rbx], rbx');
    const here = `steps.asm:${line}`;
    await goOn();
    assert.equal(await where(), here);
    const rip = await value('rip');
    const forPage = (w: Walk) => w.steps.filter((step) => step.stage === 'nested' && step.serves === 'page');

    const before = await walk('0x40000000');
    const leaf = before.steps.findLast((step) => step.stage === 'guest')!;
    assert.deepEqual([leaf.name, leaf.verdict], ['PDE', 'page']);
    assert.equal(before.result.fault, 'EPT violation');
    assert.equal(before.result.guestPhysical, '0x400000');
    assert.deepEqual(
      forPage(before).map((step) => step.verdict),
      ['next', 'next', 'not-present'],
    );

    await stepIn();
    assert.equal((await names())[1], 'VM exit: EPT violation');
    assert.match(await lastExit('guest linear address'), /^0x40000000\b/);
    assert.match(await lastExit('guest physical address'), /^0x400000\b/);
    await goOn();
    assert.equal(await where(), here);
    assert.equal(await value('rip'), rip);
    assert.equal(await value('rbx'), 0x40000000n);
    const after = await walk('0x40000000');
    assert.deepEqual(
      forPage(after).map((step) => step.name),
      ['EPT PML4E', 'EPT PDPTE', 'EPT PDE', 'EPT PTE'],
    );
    assert.deepEqual([after.result.ok, after.result.pageSize], [true, 4096]);
    await stepOver();
    assert.deepEqual([stop.threadId, await where()], [GUEST_1, `steps.asm:${line + 1}`]);
    await goOn();
    assert.equal(await where(), here);
    assert.equal(await value('rbx'), 0x40001000n);
    await remove(guest('steps.asm'));
  });

  it('6: a UART made of software', async () => {
    await runTo(6, guest('steps.asm'), 'out dx, al');
    const character = await value('al');
    const before = client.output;
    await stepIn();
    assert.match(await lastExit('qualification'), /^0x3f80000\b/);
    await runTo(6, host('exits/io.asm'), 'call console_putc');
    assert.equal(await value('dil'), character);
    await stepIn();
    assert.equal((await names())[0], 'console_putc');
    await stepOut(3);
    assert.equal(stop.threadId, GUEST_1);
    assert.equal(client.output, before, 'nothing on the line before it is complete');
    // The open port: no exit between the breakpoint and the first IN.
    const { exits: all } = await exits(1000);
    assert.ok(!all.some((one) => /OUT 0x80\b/.test(one.detail)));
  });

  it('7: an exception that nobody raised', async () => {
    await runTo(7, guest('steps.asm'), 'rdmsr');
    await stepIn();
    await runTo(7, host('inject.asm'), 'inject_gp:');
    await stepOver(2);
    assert.equal(await value('r10'), 0x80000b0dn);
    await runTo(7, host('run.asm'), 'vmresume');
    await stepIn();
    assert.equal(stop.threadId, GUEST_1);
    assert.equal((await frames())[0].source?.name, 'exceptions.asm');
    assert.equal(await value('(rip - exception_stubs) / STUB_SIZE'), 13n);
    assert.match((await exits(1)).exits[0].detail, /injects vector 13/);
  });

  it('8: the timer', async () => {
    const spin = await breakpoint(8, guest('steps.asm'), 'je .spin');
    const timer = await breakpoint(8, host('exits/timer.asm'), 'exit_timer:');
    await goOn();
    assert.deepEqual([stop.threadId, await where()], [GUEST_1, `steps.asm:${spin}`]);
    await remove(guest('steps.asm'));
    await goOn();
    assert.equal(await where(), `timer.asm:${timer}`);
    assert.equal(await lastExit('reason'), 'VMX-preemption timer expired (52)');
    const inner = (await frames()).find((frame) => frame.name === 'step_preempted')!;
    assert.ok(inner.line === spin || inner.line === spin - 1, 'in the middle of the loop');
    await remove(host('exits/timer.asm'));
    await runTo(8, guest('turn.asm'), 'turn_wait:');
    assert.equal(stop.threadId, GUEST_2);
    for (let i = 0; i < 20 && !(await lineText()).startsWith('call yield'); i++) await stepOver();
    assert.match(await lineText(), /^call yield/);
    assert.doesNotMatch(client.output, /\[vm1\] kernel: was stopped by the timer/);
    await stepOver();
    assert.equal(stop.threadId, GUEST_2);
    assert.match(client.output, /\[vm1\] kernel: was stopped by the timer/);
  });

  it('9: ring 3', async () => {
    await runTo(9, guest('app.asm'), 'write:');
    assert.equal(await mode('ring'), '3');
    const { next } = await exits(1);
    await stepIn(2);
    assert.equal(await where(), `syscall.asm:${lineWith(guest('syscall.asm'), 'system_call:') + 1}`);
    assert.equal(await mode('ring'), '0');
    assert.equal((await exits(1)).next, next, 'no VM exit');
    const stack = await value('rsp');
    assert.ok(stack < 0x800000n && stack > 0x7ff000n);
    await stepIn(2);
    assert.equal(await value('rsp == syscall_stack_top'), 1n);
    await runTo(9, guest('hypercall.asm'), 'vmcall');
    await stepIn();
    assert.deepEqual(await names(), ['vm_exit', 'VM exit: VMCALL', 'console_write', 'system_call', 'write']);
    await stepOut();
    assert.equal((await names())[0], 'console_write');
    await stepOut();
    assert.equal((await names())[0], 'system_call');
    await stepOut();
    assert.equal((await frames())[0].source?.name, 'app.asm');
    assert.equal(await mode('ring'), '3');
  });

  it('10: who may call whom', async () => {
    await runTo(10, guest('app.asm'), 'vmcall');
    assert.equal(await mode('ring'), '3');
    await stepIn();
    assert.deepEqual(await names(), ['vm_exit', 'VM exit: VMCALL', 'app_main']);
    await runTo(10, host('inject.asm'), 'and eax, AR_DPL_MASK');
    await stepOver();
    assert.equal(await value('eax'), 3n);
    await runTo(10, guest('app.asm'), 'cli');
    assert.equal(stop.threadId, GUEST_1);
    const { next } = await exits(1);
    await stepIn();
    assert.equal((await frames())[0].source?.name, 'exceptions.asm');
    assert.equal(await mode('ring'), '0');
    assert.ok((await value('interrupt_stack_top - rsp')) <= 64n);
    assert.equal((await exits(1)).next, next, 'no VM exit');
    // The other VM's, before it is delivered.
    await filters([{ filterId: 'vector-13' }]);
    await goOn();
    assert.deepEqual([stop.reason, stop.threadId], ['exception', GUEST_2]);
    assert.match(await lineText(), /^cli/);
    await filters([]);
  });

  it('the end: the figures', async () => {
    const exited = client.dap.waitForEvent('exited');
    await client.dap.continueRequest({ threadId: 1 });
    assert.equal((await exited).body.exitCode, 33);
    const figures = client.output.split('\n').find((line) => line.startsWith('[vmm] vm1: exit code'))!;
    for (const guide of guides) assert.ok(readFileSync(guide, 'utf8').includes(figures.trim()), guide);
  });

  /** The innermost frame's line, without indentation and comment. */
  async function lineText(): Promise<string> {
    const [frame] = await frames();
    return text(frame.source!.path!, frame.line);
  }
});

function text(path: string, line: number): string {
  return squeeze(readFileSync(path, 'utf8').split('\n')[line - 1]);
}

function squeeze(line: string): string {
  return line.replace(/;.*/, '').trim().replace(/\s+/g, ' ');
}

/** Line of the first one that is just this instruction. */
function instruction(path: string, wanted: string): number {
  const index = readFileSync(path, 'utf8')
    .split('\n')
    .findIndex((line) => squeeze(line) === wanted);
  assert.ok(index >= 0, `no line '${wanted}' in ${path}`);
  return index + 1;
}

/** The text of one numbered step of a guide. */
function stepOf(guide: string, step: number): string {
  const sections = readFileSync(guide, 'utf8').split(/^### /m);
  const section = sections.find((one) => one.startsWith(`${step}.`));
  assert.ok(section, `${basename(guide)} has no step ${step}`);
  return section;
}
