import assert from 'node:assert/strict';
import { EventQueue } from './clock';
import { LOCAL_APIC_BASE, LocalApic } from './local-apic';

/** An APIC, a clock that is moved by hand, and an 8259 that asks for vector 20h as long as `pic.asks`. */
function bench() {
  let now = 0;
  const clock = new EventQueue(() => now);
  const pic = { asks: false, pending: () => pic.asks, acknowledge: () => 0x20 };
  const surroundings = { enabled: true, taskClass: 0, complaints: [] as string[] };
  const wires = {
    clock,
    pic,
    enabled: () => surroundings.enabled,
    taskClass: () => surroundings.taskClass,
    setTaskClass: (value: number) => {
      surroundings.taskClass = value;
    },
    onChange: () => {},
    unsupported: (explanation: string) => surroundings.complaints.push(explanation),
  };
  const apic = new LocalApic(wires);
  return {
    apic,
    pic,
    surroundings,
    wires,
    read: (register: number) => apic.read(LOCAL_APIC_BASE + register, 4) >>> 0,
    write: (register: number, value: number) => apic.write(LOCAL_APIC_BASE + register, 4, value),
    advance: (ticks: number) => {
      now += ticks;
      clock.runDue(now);
    },
    next: () => clock.nextDeadline(),
  };
}

const SELF = 1 << 18;

// What Bochs does too is in test/system/apic.inc.
describe('local APIC (SDM 3A chapter 11)', () => {
  it('passes the 8259s on through LINT0, and past it when disabled', () => {
    const { apic, pic, surroundings, write } = bench();
    pic.asks = true;
    assert.ok(apic.pending());
    assert.equal(apic.acknowledge(), 0x20);
    write(0x350, 0x10700); // LINT0 masked
    assert.ok(!apic.pending());
    surroundings.enabled = false;
    assert.ok(apic.pending());
    assert.equal(apic.acknowledge(), 0x20);
    surroundings.enabled = true;
    write(0x350, 0x8700);
    write(0xf0, 0xff); // disabled by software: LINT0 is masked
    assert.ok(!apic.pending());
  });

  it('its own interrupts come before those of the 8259s', () => {
    const { apic, pic, write } = bench();
    pic.asks = true;
    write(0x300, SELF | 0x31);
    assert.equal(apic.acknowledge(), 0x31);
    assert.equal(apic.acknowledge(), 0x20);
  });

  it('task priority and CR8 are one', () => {
    const { surroundings, read, write } = bench();
    write(0x80, 0x57);
    assert.equal(surroundings.taskClass, 5);
    surroundings.taskClass = 9;
    assert.equal(read(0x80), 0x97);
  });

  it('reports illegal vectors and registers once they are asked for', () => {
    const { read, write, apic } = bench();
    write(0x370, 0x44); // error interrupt
    write(0x300, SELF | 5);
    assert.equal(read(0x280), 0);
    write(0x280, 0);
    assert.equal(read(0x280), 0x20);
    assert.equal(apic.acknowledge(), 0x44);
    read(0x40);
    write(0x280, 0);
    assert.equal(read(0x280), 0x80);
  });

  it('addresses by identity, flat and cluster', () => {
    const sent = (destination: number, low: number, prepare: [number, number][] = []) => {
      const { apic, write } = bench();
      for (const [register, value] of prepare) write(register, value);
      write(0x310, destination << 24);
      write(0x300, low | 0x40);
      return apic.pending();
    };
    const logical = 1 << 11;
    assert.ok(sent(0, 0));
    assert.ok(sent(0xff, 0));
    assert.ok(!sent(1, 0));
    assert.ok(sent(6, logical, [[0xd0, 2 << 24]]));
    assert.ok(!sent(5, logical, [[0xd0, 2 << 24]]));
    const cluster: [number, number][] = [
      [0xe0, 0],
      [0xd0, 0x32 << 24],
    ];
    assert.ok(sent(0x33, logical, cluster));
    assert.ok(!sent(0x43, logical, cluster));
    assert.ok(!sent(0, 3 << 18), 'all but myself');
    assert.ok(sent(0, 2 << 18), 'all');
  });

  it('counts, once or again and again, at the pace that is asked for', () => {
    const { apic, read, write, advance, next } = bench();
    write(0x3e0, 3); // by 16
    write(0x320, 0x20041); // periodic
    write(0x380, 10);
    assert.equal(next(), 160);
    advance(40);
    assert.equal(read(0x390), 8);
    advance(120);
    assert.ok(apic.pending());
    assert.equal(apic.acknowledge(), 0x41);
    write(0xb0, 0);
    // A clock that jumps over several turns brings one interrupt.
    advance(1000);
    assert.equal(apic.acknowledge(), 0x41);
    assert.equal(next(), 1280);
    write(0x320, 0x41); // one-shot
    write(0x380, 5);
    advance(80);
    assert.equal(read(0x390), 0);
    assert.equal(next(), Number.POSITIVE_INFINITY);
    write(0x380, 100);
    advance(160);
    write(0x3e0, 11); // by 1 from here on
    assert.equal(read(0x390), 90);
    advance(30);
    assert.equal(read(0x390), 60);
  });

  it('a masked timer wakes nobody', () => {
    const { write, next } = bench();
    write(0x380, 1000);
    assert.equal(next(), Number.POSITIVE_INFINITY);
    write(0x320, 0x50);
    assert.equal(next(), 2000);
  });

  it('says what it cannot deliver', () => {
    const { write, surroundings } = bench();
    write(0x300, SELF | (4 << 8));
    assert.match(surroundings.complaints[0], /NMI/);
    write(0x300, (3 << 18) | (5 << 8)); // INIT to the others
    assert.equal(surroundings.complaints.length, 1);
  });

  it('keeps its state', () => {
    const { apic, wires, write, next } = bench();
    write(0x320, 0x20041);
    write(0x380, 10);
    write(0x300, SELF | 0x77);
    const copy = new LocalApic({ ...wires, clock: new EventQueue(() => 0) });
    copy.load(apic.save());
    assert.deepEqual(copy.save(), apic.save());
    assert.equal(copy.acknowledge(), 0x77);
    assert.ok(apic.pending());
    assert.equal(next(), 20);
  });
});
