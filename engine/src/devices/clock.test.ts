import assert from 'node:assert/strict';
import { EventQueue } from './clock';

describe('EventQueue', () => {
  it('runs what is due by time, then by order of scheduling', () => {
    let now = 0;
    const queue = new EventQueue(() => now);
    const log: string[] = [];
    for (const [at, name] of [
      [20, 'c'],
      [10, 'a'],
      [20, 'd'],
      [10, 'b'],
      [30, 'e'],
    ] as const)
      queue.schedule(at, () => log.push(name));
    assert.equal(queue.nextDeadline(), 10);
    queue.runDue(9);
    assert.deepEqual(log, []);
    queue.runDue(20);
    assert.deepEqual(log, ['a', 'b', 'c', 'd']);
    assert.equal(queue.nextDeadline(), 30);
    queue.runDue(1000);
    assert.equal(queue.nextDeadline(), Number.POSITIVE_INFINITY);
    now = 7;
    assert.equal(queue.now(), 7);
  });

  it('says when the next timer is due sooner than the one before', () => {
    let said = 0;
    const queue = new EventQueue(
      () => 0,
      () => said++,
    );
    const said1 = [20, 30, 10, 10].map((at) => {
      queue.schedule(at, () => {});
      return said;
    });
    assert.deepEqual(said1, [1, 1, 2, 2]);
  });

  it('withdraws timers, also twice and after they ran', () => {
    const queue = new EventQueue(() => 0);
    const log: string[] = [];
    const a = queue.schedule(5, () => log.push('a'));
    queue.schedule(5, () => log.push('b'));
    a.cancel();
    a.cancel();
    queue.runDue(5);
    a.cancel();
    assert.deepEqual(log, ['b']);
  });

  it('lets callbacks schedule: what is due runs at once, the rest later', () => {
    const queue = new EventQueue(() => 0);
    const log: number[] = [];
    const tick = (at: number): void => {
      queue.schedule(at, () => {
        log.push(at);
        tick(at + 10);
      });
    };
    tick(10);
    queue.runDue(35);
    assert.deepEqual(log, [10, 20, 30]);
    assert.equal(queue.nextDeadline(), 40);
  });
});
