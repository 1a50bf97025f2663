import { strict as assert } from 'node:assert';
import { ExitLog, Kind, Logged } from './exit-log';

/** A log with `count` exits of alternating guests; each has its number as its reason's qualification. */
function logged(count: number, capacity: number): ExitLog {
  const log = new ExitLog(capacity);
  for (let number = 0; number < count; number++) {
    const at = log.add(2 ** 33 + number, number % 5 === 0 ? `note ${number}` : undefined);
    log.words.fill(0, at, at + Logged.COUNT);
    log.words[at + Logged.KIND] = number % 2 ? Kind.ENTRY_FAILURE : Kind.EXIT;
    log.words[at + Logged.REASON] = number % 2 ? 33 : 48;
    log.words[at + Logged.VMCS] = number % 2 ? 0x3000 : 0x2000;
    log.words[at + Logged.QUALIFICATION] = number;
  }
  return log;
}

const numbers = (log: ExitLog, since?: number, most?: number) =>
  log.list(since, most).map(({ qualification }) => Number(qualification));

describe('ExitLog', () => {
  it('is empty at first', () => {
    const log = new ExitLog();
    assert.deepEqual([log.total, log.last, log.lastExit(), log.list()], [0, undefined, undefined, []]);
  });

  it('keeps the last ones, by number', () => {
    const log = logged(23, 10);
    assert.equal(log.total, 23);
    assert.deepEqual(numbers(log), [13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
    assert.deepEqual(numbers(log, 20), [20, 21, 22]);
    assert.deepEqual(numbers(log, 20, 2), [21, 22]);
    assert.deepEqual(numbers(log, 23), []);
    assert.deepEqual(numbers(logged(3, 10)), [0, 1, 2]);
  });

  it('finds the last exit or failure, of any guest or of one', () => {
    const log = logged(22, 10);
    assert.equal(log.lastExit()?.qualification, 21n);
    assert.equal(log.lastExit('vmcs:2000')?.qualification, 20n);
    assert.equal(log.lastExit('vmcs:4000'), undefined);
  });

  it('counts beyond 32 bits, and notes go with their transition', () => {
    const log = logged(20, 10);
    assert.equal(log.last?.count, 2 ** 33 + 19);
    const details = log.list().map((record) => record.failure ?? record.detail);
    assert.match(details[0], /note 10$/);
    assert.equal(details[5], 'note 15');
    assert.ok(details.every((text, i) => i % 5 === 0 || !text.includes('note')));
  });
});
