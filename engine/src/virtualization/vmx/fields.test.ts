import { strict as assert } from 'node:assert';
import { CR4_FIXED0, CR4_FIXED1, fieldExists, VMCS_REVISION, vmxCapabilityMsr } from './capabilities';
import { allowedOnes, CONTROLS } from './controls';
import { FieldAccess, fieldAccess } from './field-access';
import { F, fieldByEncoding, fieldByName, fieldName, OFFSETS, VMCS_FIELDS } from './fields';

describe('VMCS fields (SDM 3C Appendix B)', () => {
  it('have ascending, distinct encodings whose low bit is clear', () => {
    const encodings = VMCS_FIELDS.map((f) => f.encoding);
    assert.deepEqual(
      encodings,
      [...new Set(encodings)].sort((a, b) => a - b),
    );
    for (const encoding of encodings) assert.equal(encoding & 1, 0);
  });

  it('fit into the region, eight bytes each, behind its header', () => {
    for (const { encoding, offset } of VMCS_FIELDS) {
      assert.ok(offset >= 32 && offset % 8 === 0 && offset + 8 <= 4096, fieldName(encoding));
      assert.equal(OFFSETS[encoding], offset);
    }
    assert.equal(OFFSETS[0x7ffe], 0);
  });

  it('know width and kind from their encoding', () => {
    const known = (e: F) => {
      const { width, kind, readOnly } = fieldByEncoding(e)!;
      return [width, kind, readOnly];
    };
    assert.deepEqual(known(F.VPID), [16, 'control', false]);
    assert.deepEqual(known(F.EPT_POINTER), [64, 'control', false]);
    assert.deepEqual(known(F.GUEST_PHYSICAL_ADDRESS), [64, 'read-only', true]);
    assert.deepEqual(known(F.EXIT_REASON), [32, 'read-only', true]);
    assert.deepEqual(known(F.GUEST_RIP), ['natural', 'guest', false]);
    assert.deepEqual(known(F.HOST_TR_SELECTOR), [16, 'host', false]);
  });

  it('are found by name, however it is written', () => {
    assert.equal(fieldByName('Guest RIP')?.encoding, F.GUEST_RIP);
    assert.equal(fieldByName('guest_cs_access_rights')?.encoding, F.GUEST_CS_ACCESS);
    assert.equal(fieldByName('guest pdpte3')?.encoding, 0x2810);
    assert.equal(fieldByName('no such field'), undefined);
  });

  it('have a row for VMREAD and VMWRITE at every encoding that is supported, and only there', () => {
    const offsets = new Set<number>();
    for (let encoding = 0; encoding < 0x10000; encoding++) {
      const field = fieldByEncoding(encoding & ~1);
      const supported = field && fieldExists(field) && (!(encoding & 1) || field.width === 64);
      const row = fieldAccess(encoding, 0);
      assert.equal(row !== 0, supported === true, encoding.toString(16));
      if (!supported) continue;
      assert.equal(row & FieldAccess.OFFSET, field.offset + (encoding & 1 ? 4 : 0));
      assert.equal((row & FieldAccess.READ_ONLY) !== 0, field.readOnly);
      assert.ok(!offsets.has(row & FieldAccess.OFFSET));
      offsets.add(row & FieldAccess.OFFSET);
      assert.equal(fieldAccess(encoding, 1), 0);
    }
  });

  it('exist exactly when their control does', () => {
    const exists = (e: F) => fieldExists(fieldByEncoding(e)!);
    assert.ok(exists(F.VPID) && exists(F.EPT_POINTER) && exists(F.PREEMPTION_TIMER) && exists(F.GUEST_RIP));
    assert.ok(!exists(F.PML_ADDRESS) && !exists(F.VIRTUAL_APIC_ADDRESS) && !exists(F.TSC_MULTIPLIER));
  });
});

describe('VMX capability MSRs (SDM 3C Appendix A)', () => {
  const msr = (index: number) => {
    const value = vmxCapabilityMsr(index)!;
    return { low: Number(value & 0xffffffffn), high: Number(value >> 32n) };
  };

  it('IA32_VMX_BASIC: revision, region size, write-back, "true" MSRs', () => {
    const value = vmxCapabilityMsr(0x480)!;
    assert.equal(Number(value & 0xffffffffn), VMCS_REVISION);
    assert.equal((value >> 32n) & 0x1fffn, 4096n);
    assert.equal((value >> 50n) & 15n, 6n);
    assert.equal((value >> 54n) & 3n, 3n);
  });

  for (const [word, plain, real] of [
    ['pin', 0x481, 0x48d],
    ['primary', 0x482, 0x48e],
    ['exit', 0x483, 0x48f],
    ['entry', 0x484, 0x490],
  ] as const) {
    it(`${word} controls: what must be 1 may be 1, and the "true" MSR demands no more than the plain one`, () => {
      for (const m of [msr(plain), msr(real)]) assert.equal((m.low & ~m.high) >>> 0, 0);
      assert.equal((msr(real).low & ~msr(plain).low) >>> 0, 0);
      assert.equal(msr(real).high, msr(plain).high);
      assert.equal(msr(real).high, allowedOnes(word));
    });
  }

  it('secondary controls have no default1 class', () => {
    assert.deepEqual(msr(0x48b), { low: 0, high: CONTROLS.secondary.optional });
  });

  it('CR4: what must be 1 may be 1', () => assert.equal(CR4_FIXED0 & ~CR4_FIXED1, 0));

  it('there is no IA32_VMX_VMFUNC without VM functions, and nothing beyond', () => {
    assert.equal(vmxCapabilityMsr(0x491), undefined);
    assert.equal(vmxCapabilityMsr(0x47f), undefined);
  });
});
