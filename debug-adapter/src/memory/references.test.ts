import assert from 'node:assert/strict';
import { linearReference, parseReference, physicalReference } from './references';

describe('memory references', () => {
  it('come back as they were made', () => {
    const text = linearReference('vmcs:5000', 0xffff800000001000n);
    assert.equal(text, 'gla:vmcs:5000:0xffff800000001000');
    assert.deepEqual(parseReference(text, 'host', 16), {
      space: 'linear',
      context: 'vmcs:5000',
      address: 0xffff800000001010n,
    });
    assert.deepEqual(parseReference(physicalReference(0x1000n), 'host', -16), {
      space: 'physical',
      address: 0xff0n,
    });
  });

  it('may be plain numbers of the context that runs', () => {
    assert.deepEqual(parseReference('0x10', 'vmcs:1'), { space: 'linear', context: 'vmcs:1', address: 16n });
    assert.deepEqual(parseReference('4096', 'host'), { space: 'linear', context: 'host', address: 4096n });
  });

  for (const bad of ['', 'here', 'gla:0x1', 'gla:guest:0x1', 'gla:vmcs:xyz:0x1', 'hpa:'])
    it(`refuses ${JSON.stringify(bad)}`, () =>
      assert.throws(() => parseReference(bad, 'host'), /memory reference/));
});
