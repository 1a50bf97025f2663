import assert from 'node:assert/strict';
import type { ExceptionRecord, ExitRecord } from '@hyperstep/engine';
import { ExceptionFilters } from './filters';

const exception = (vector: number, kind: ExceptionRecord['kind'] = 'fault'): ExceptionRecord => ({
  context: 'host',
  vector,
  kind,
  rip: 0n,
  count: 0,
});
const transition = (reason: number, reasonName: string, kind: ExitRecord['kind'] = 'exit'): ExitRecord => ({
  kind,
  from: 'vmcs:1',
  to: 'host',
  reason,
  reasonName,
  qualification: 0n,
  detail: '',
  instructionLength: 0,
  guestRip: 0n,
  count: 0,
});

describe('exception filters', () => {
  it('stop at double faults, triple faults and failed entries unless told otherwise', () => {
    const filters = new ExceptionFilters();
    assert.equal(filters.wantsException(exception(8)), true);
    assert.equal(filters.wantsException(exception(14)), false);
    assert.equal(filters.wantsTransition(transition(33, 'VM entry', 'entry-failure')), true);
    assert.equal(filters.wantsTransition(transition(2, 'triple fault')), true);
    assert.equal(filters.wantsTransition(transition(18, 'VMCALL')), false);
  });

  it('stop at chosen vectors, but not at interrupts of that number', () => {
    const filters = new ExceptionFilters();
    filters.configure({ filters: ['vector-14'] });
    assert.equal(filters.wantsException(exception(14)), true);
    assert.equal(filters.wantsException(exception(14, 'external')), false);
    assert.equal(filters.wantsException(exception(8)), false);
    assert.equal(filters.wantsTransition(transition(33, 'x', 'entry-failure')), false);
    assert.equal(filters.wantsTransition(transition(2, 'triple fault')), true);
  });

  it('stop at VM exits by reason', () => {
    const filters = new ExceptionFilters();
    filters.configure({
      filters: [],
      filterOptions: [{ filterId: 'vm-exit', condition: 'ept violation, CPUID' }],
    });
    assert.equal(filters.wantsTransition(transition(48, 'EPT violation')), true);
    assert.equal(filters.wantsTransition(transition(10, 'CPUID')), true);
    assert.equal(filters.wantsTransition(transition(18, 'VMCALL')), false);
    filters.configure({ filters: ['vm-exit'] });
    assert.equal(filters.wantsTransition(transition(18, 'VMCALL')), true);
    assert.equal(filters.wantsTransition(transition(-1, 'VM entry', 'entry')), false);
  });

  it('say which reason is unknown', () => {
    const filters = new ExceptionFilters();
    const { breakpoints } = filters.configure({
      filters: [],
      filterOptions: [{ filterId: 'vm-exit', condition: 'VMCAL' }],
    })!;
    assert.deepEqual(breakpoints, [
      { verified: false, message: "There is no exit reason 'vmcal'. Did you mean 'VMCALL'?" },
    ]);
    assert.equal(filters.wantsTransition(transition(18, 'VMCALL')), false);
  });

  it('say which filter is unknown', () => {
    const { breakpoints } = new ExceptionFilters().configure({ filters: ['vm-exit', 'nonsense'] })!;
    assert.deepEqual(
      breakpoints!.map((one) => one.verified),
      [true, false],
    );
  });
});
