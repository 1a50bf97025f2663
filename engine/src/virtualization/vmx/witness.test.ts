import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Machine } from '../../machine';
import type { ExitRecord } from '../../records';
import { Reason } from './reasons';

const root = process.env.HYPERSTEP_ROOT ?? process.cwd();
const folder = join(root, 'engine/src/virtualization/vmx/witness');

/** What one case ended with: the fields of its line, or the whole text of a failed VMLAUNCH. */
type Outcome = Map<string, string>;

function parse(text: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const line of text.split('\n')) {
    const [, name, body] = /^(.*?): ((?:why=|root=|VMfail).*)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const fields = [...body.matchAll(/(\w+)= ?(\w+)/g)].map((m) => [m[1], m[2]] as const);
    outcomes.set(name, new Map(fields.length > 0 ? fields : [['result', body]]));
  }
  return outcomes;
}

/** Cases in which we follow the manual and Bochs 2.7 does not, or its processor has more features. */
const BOCHS_DIFFERS: Readonly<Record<string, string>> = {
  'vmwrite read-only': 'its processor allows it by IA32_VMX_MISC[29]',
  'ept page walk, accessed flag': 'it sets accessed flags without asking EPT (SDM 3C 29.3.3.2)',
  'guest: long without paging': 'it does not check CR0.PG with "IA-32e mode guest" (27.3.1.1)',
  'guest: debugctl': 'it does not check reserved bits of IA32_DEBUGCTL (27.3.1.1)',
  'guest: pending bs': 'it does not check BS against RFLAGS.TF (27.3.1.5)',
};

const RF = 0x10000;

/** Fields whose values the manual leaves undefined, or where Bochs is known to differ, are evened out. */
function comparable(outcome: Outcome): Outcome {
  const result = new Map(outcome);
  const why = Number.parseInt(outcome.get('why') ?? '0', 16);
  const hardware = ((Number.parseInt(outcome.get('int') ?? '0', 16) >>> 8) & 7) === 3;
  const exception = why === Reason.EXCEPTION_OR_NMI && hardware;
  // The instruction length is defined only for instructions and software events (28.2.5); a failed entry keeps it (27.8).
  if (exception || why >>> 31) result.delete('len');
  // Bochs does not save RF as 28.3.3 demands for what is like a fault; a test of its own below does.
  const faultLike = why === Reason.EPT_VIOLATION || why === Reason.EPT_MISCONFIGURATION || exception;
  if (faultLike || why === Reason.TRIPLE_FAULT) {
    const flags = Number.parseInt(outcome.get('flg') ?? '0', 16) & ~RF;
    result.set('flg', flags.toString(16));
  }
  return result;
}

/** For a refused entry: a name that the explanation must begin with. */
const NAMED: Readonly<Record<string, string>> = {
  'control: pin': 'Pin-based VM-execution controls',
  'control: primary default1': 'Primary processor-based VM-execution controls',
  'control: secondary': 'Secondary processor-based VM-execution controls',
  'control: cr3 targets': 'CR3-target count',
  'control: io bitmap width': 'Address of I/O bitmap B',
  'control: msr bitmap': 'Address of MSR bitmaps',
  'control: vpid 0': 'Virtual-processor identifier (VPID)',
  'control: eptp length': 'EPT pointer (EPTP)',
  'control: save timer': 'Primary VM-exit controls',
  'control: entry default1': 'VM-entry controls',
  'control: msr list': 'VM-exit MSR-load address',
  'control: error code missing': 'VM-entry interruption-information field',
  'control: event length': 'VM-entry instruction length',
  'host: cr0': 'Host CR0',
  'host: cr4 pae': 'Host CR4',
  'host: sysenter': 'Host IA32_SYSENTER_ESP',
  'host: pat': 'Host IA32_PAT',
  'host: efer': 'Host IA32_EFER',
  'host: cs rpl': 'Host CS selector',
  'host: tr null': 'Host TR selector',
  'host: fs base': 'Host FS base',
  'host: rip': 'Host RIP',
  'host: 32-bit': 'Primary VM-exit controls',
  'guest: cr0 ne': 'Guest CR0',
  'guest: cr4 pae': 'Guest CR4',
  'guest: cr3': 'Guest CR3',
  'guest: dr7': 'Guest DR7',
  'guest: debugctl': 'Guest IA32_DEBUGCTL',
  'guest: efer lma': 'Guest IA32_EFER',
  'guest: tr type': 'Guest TR access rights',
  'guest: ldtr type': 'Guest LDTR access rights',
  'guest: cs dpl': 'Guest CS access rights',
  'guest: ss type': 'Guest SS access rights',
  'guest: ds not accessed': 'Guest DS access rights',
  'guest: gs granularity': 'Guest GS access rights',
  'guest: fs base': 'Guest FS base',
  'guest: gdtr limit': 'Guest GDTR limit',
  'guest: rflags bit 1': 'Guest RFLAGS',
  'guest: hlt at ring 3': 'Guest activity state',
  'guest: blocking twice': 'Guest interruptibility state',
  'guest: pending debug': 'Guest pending debug exceptions',
  'guest: link pointer': 'VMCS link pointer',
  'guest: pdpte': 'Guest PDPTE0',
  'entry msr load, refused': 'VM-entry MSR-load address: entry 2',
};

describe('VMX instructions, exits and refused entries against Bochs 2.7 (witness/)', () => {
  const expected = parse(readFileSync(join(folder, 'witness.txt'), 'latin1'));
  let got: Map<string, Outcome>;
  /** The record that the observer got last before each line was complete. */
  const records = new Map<string, ExitRecord>();

  before(() => {
    const machine = new Machine({ memoryMiB: 64 });
    assert.deepEqual(machine.loadMultiboot(readFileSync(join(folder, 'witness.img'))), {});
    const names = [...expected.keys()].filter((name) => !expected.get(name)!.has('root'));
    let said = '';
    let last: ExitRecord | undefined;
    machine.serial.onTransmit = (byte) => {
      said += String.fromCharCode(byte);
      if (byte === 10 && last) records.set(names[records.size], last);
    };
    machine.observe.transition = (record) => {
      last = record;
      return false;
    };
    assert.deepEqual(machine.run({ limit: 10_000_000 }), { kind: 'exit', code: 33 });
    got = parse(said);
  });

  it('runs every case', () => assert.deepEqual([...got.keys()], [...expected.keys()]));

  for (const [name, outcome] of expected) {
    const differs = BOCHS_DIFFERS[name];
    it(`${name}${differs ? ` (not as Bochs: ${differs})` : ''}`, () => {
      const equal = assert[differs ? 'notDeepEqual' : 'deepEqual'];
      equal(Object.fromEntries(comparable(got.get(name)!)), Object.fromEntries(comparable(outcome)));
    });
  }

  it('saves RF as 1 for fault-like exits, as 0 for instructions (SDM 3C 28.3.3)', () => {
    const rf = (name: string) => Number.parseInt(got.get(name)!.get('flg')!, 16) & RF;
    for (const name of ['#UD', '#PF, reads', 'ept write, not present', 'ept misconfiguration'])
      assert.equal(rf(name), RF, name);
    for (const name of ['cpuid', 'int3', 'single step', 'inject into a missing IDT'])
      assert.equal(rf(name), 0, name);
  });

  it('the manual is followed where Bochs does not check', () => {
    assert.equal(got.get('guest: debugctl')!.get('why'), '80000021');
    assert.equal(got.get('guest: pending bs')!.get('why'), '80000021');
    assert.equal(got.get('guest: long without paging')!.get('why'), '80000021');
    const walk = got.get('ept page walk, accessed flag')!;
    assert.equal(walk.get('why'), '30');
    // Read and write (the flag is set by a locked access), readable, linear address valid, not the final page.
    assert.equal(walk.get('qua'), '8b');
  });

  it('an explanation names the field of every refused entry', () => {
    for (const [name, outcome] of got) {
      if (!outcome.get('result')?.startsWith('VMfail') && !(outcome.get('why') ?? '').startsWith('800000'))
        continue;
      const record = records.get(name)!;
      assert.equal(record.kind, 'entry-failure', name);
      assert.match(record.failure ?? '', /\(SDM 3C (27\.\d|A\.6)/, name);
    }
    for (const [name, field] of Object.entries(NAMED)) {
      const failure = records.get(name)?.failure ?? '';
      assert.ok(failure.startsWith(field), `${name}: ${failure}`);
    }
  });

  it('records say in words what happened', () => {
    const detail = (name: string) => records.get(name)!.detail;
    assert.equal(detail('out dx, eax'), 'OUT 0x3f8, 4 bytes');
    assert.equal(detail('rep outsd, fs'), 'REP OUTS 0x72, 4 bytes');
    assert.equal(detail('mov to cr3'), 'MOV CR3, RSI');
    assert.equal(detail('mov from dr6'), 'MOV R9, DR6');
    assert.equal(detail('#PF, reads'), '#PF page fault, error code 0x0, address 0x40000123');
    assert.match(detail('ept write, not present'), /^write, not present, guest-physical 0x1f0456/);
    assert.match(detail('ept write, read only'), /^write, EPT allows read, guest-physical 0x1f1008/);
    assert.equal(records.get('cpuid')!.from, records.get('hlt')!.from);
    assert.equal(records.get('cpuid')!.to, 'host');
  });

  const nasm = spawnSync('nasm', ['-v']).status === 0;
  it(`witness.img is what NASM makes of its source${nasm ? '' : ' (skipped: no nasm)'}`, function () {
    if (!nasm) return this.skip();
    const out = mkdtempSync(join(tmpdir(), 'hyperstep-witness-'));
    const includes = ['-I', join(root, 'guests/include/'), '-I', `${folder}/`];
    const image = join(out, 'witness.img');
    const made = spawnSync('nasm', ['-f', 'bin', ...includes, '-o', image, join(folder, 'witness.asm')]);
    assert.equal(made.status, 0, String(made.stderr));
    assert.ok(readFileSync(image).equals(readFileSync(join(folder, 'witness.img'))));
    rmSync(out, { recursive: true });
  });
});
