import assert from 'node:assert/strict';
import { EventQueue, TICKS_PER_SECOND } from './clock';
import { PIT_HZ, Pit8254, pitClocks, ticksOf } from './pit8254';
import { PortSpace } from './ports';

describe('PIT clocks and ticks', () => {
  it('are converted exactly', () => {
    const hz = BigInt(PIT_HZ);
    const second = 1_000_000_000n;
    for (let i = 0; i < 20_000; i++) {
      // Around whole numbers of clocks, where rounding would show, up to days.
      const clocks = i < 10_000 ? i * 119 : Math.floor(i * i * 3_000.7);
      const ticks = Number((BigInt(clocks) * second + hz - 1n) / hz);
      assert.equal(ticksOf(clocks), ticks);
      for (const t of [ticks - 1, ticks, ticks + 1])
        if (t >= 0) assert.equal(pitClocks(t), Number((BigInt(t) * hz) / second));
    }
  });
});

describe('Pit8254', () => {
  function pit() {
    let now = 0;
    const ports = new PortSpace();
    const events = new EventQueue(() => now);
    const edges: [number, boolean][] = [];
    const clocks = () => Math.floor((now * PIT_HZ) / TICKS_PER_SECOND);
    const device = new Pit8254(events, (level) => edges.push([clocks(), level]));
    device.attach(ports);
    /** Lets time pass until `target` PIT clocks, event by event as the machine does. */
    const until = (target: number) => {
      const end = Math.ceil((target * TICKS_PER_SECOND) / PIT_HZ);
      while (events.nextDeadline() <= end) {
        now = Math.max(now, events.nextDeadline());
        events.runDue(now);
      }
      now = end;
    };
    const out = (port: number, ...values: number[]) => {
      for (const value of values) ports.write(port, value, 1);
    };
    const inb = (port: number) => ports.read(port, 1);
    /** Latches and reads a 16-bit counter. */
    const counter = (channel: number) => {
      out(0x43, channel << 6);
      return inb(0x40 + channel) | (inb(0x40 + channel) << 8);
    };
    return { device, events, edges, until, out, inb, counter };
  }

  it('does nothing before it is programmed', () => {
    const { events, edges, until } = pit();
    assert.equal(events.nextDeadline(), Number.POSITIVE_INFINITY);
    until(100000);
    assert.deepEqual(edges, []);
  });

  it('mode 0: the output rises when the count is over, and the counter goes on', () => {
    const { edges, until, out, counter, inb } = pit();
    out(0x43, 0x30);
    out(0x40, 10, 0);
    until(9);
    assert.deepEqual([edges, counter(0)], [[], 1]);
    until(12);
    assert.deepEqual(edges, [[10, true]]);
    assert.equal(counter(0), 0xfffe);
    out(0x43, 0x30);
    assert.deepEqual(edges.at(-1), [12, false]);
    out(0x40, 5);
    until(100);
    assert.equal(edges.length, 2, 'half a count does not count');
    out(0x40, 0);
    until(105);
    assert.deepEqual(edges.at(-1), [105, true]);
    assert.equal(inb(0x43), 0xff);
  });

  it('mode 2: low for the last clock of each period', () => {
    const { edges, until, out, counter } = pit();
    out(0x43, 0x34);
    out(0x40, 100, 0);
    // The control word raises the output, which was undefined before.
    edges.length = 0;
    until(250);
    assert.deepEqual(edges, [
      [99, false],
      [100, true],
      [199, false],
      [200, true],
    ]);
    assert.equal(counter(0), 50);
  });

  it('mode 3: a square wave, longer high for odd counts', () => {
    const { edges, until, out, counter } = pit();
    out(0x43, 0x36);
    out(0x40, 7, 0);
    edges.length = 0;
    until(14);
    assert.deepEqual(edges, [
      [4, false],
      [7, true],
      [11, false],
      [14, true],
    ]);
    out(0x43, 0x36);
    out(0x40, 100, 0);
    until(14 + 10);
    assert.equal(counter(0), 80);
    until(14 + 60);
    assert.equal(counter(0), 80);
  });

  it('mode 4: one low clock', () => {
    const { edges, until, out } = pit();
    out(0x43, 0x38);
    out(0x40, 50, 0);
    edges.length = 0;
    until(200);
    assert.deepEqual(edges, [
      [50, false],
      [51, true],
    ]);
  });

  it('a count of 0 is 65536: 18.2 Hz', () => {
    const { edges, until, out } = pit();
    out(0x43, 0x34);
    out(0x40, 0, 0);
    edges.length = 0;
    until(3 * 65536);
    assert.deepEqual(
      edges.filter(([, level]) => level).map(([at]) => at),
      [65536, 131072, 196608],
    );
  });

  it('does not drift: a second of 1 kHz interrupts', () => {
    const { edges, until, out } = pit();
    out(0x43, 0x34);
    out(0x40, 1193 & 0xff, 1193 >> 8);
    edges.length = 0;
    until(PIT_HZ);
    const rising = edges.filter(([, level]) => level);
    assert.equal(rising.length, Math.floor(PIT_HZ / 1193));
    assert.equal(rising.at(-1)![0], rising.length * 1193);
  });

  it('latches the count until it has been read', () => {
    const { until, out, inb } = pit();
    out(0x43, 0x34);
    out(0x40, 0xe8, 3);
    until(100);
    out(0x43, 0x00);
    until(200);
    out(0x43, 0x00); // a second latch is ignored
    assert.equal(inb(0x40) | (inb(0x40) << 8), 900);
    assert.equal(inb(0x40) | (inb(0x40) << 8), 800, 'unlatched reads follow the counter');
  });

  it('reads back status and count', () => {
    const { until, out, inb } = pit();
    out(0x43, 0xb4); // channel 2, mode 2
    out(0x43, 0xe8); // status of channel 2
    assert.equal(inb(0x42), 0x80 | 0x40 | 0x34, 'OUT high, null count');
    out(0x42, 0xe8, 3);
    out(0x61, 1);
    until(100);
    out(0x43, 0xc8); // both
    until(200);
    out(0x43, 0xb4); // a new control word forgets what was latched
    out(0x42, 0xe8, 3);
    until(300);
    out(0x43, 0xc8);
    out(0x43, 0x80); // latched already
    until(1299); // OUT is low now
    out(0x43, 0xe8); // the first latched status stays
    assert.equal(inb(0x42), 0x80 | 0x34);
    assert.equal(inb(0x42) | (inb(0x42) << 8), 900);
  });

  it('counts in BCD', () => {
    const { until, out, counter } = pit();
    out(0x43, 0x35);
    out(0x40, 0x00, 0x10); // 1000
    until(1);
    assert.equal(counter(0), 0x0999);
  });

  it('takes single bytes', () => {
    const { until, out, inb } = pit();
    out(0x43, 0x14); // low byte, mode 2
    out(0x40, 100);
    until(30);
    assert.equal(inb(0x40), 70);
    out(0x43, 0x24); // high byte
    out(0x40, 2);
    until(31);
    assert.equal(inb(0x40), 1);
  });

  it('port 0x61 gates channel 2 and shows its output', () => {
    const { until, out, inb } = pit();
    out(0x43, 0xb0); // mode 0
    out(0x42, 100, 0);
    until(500);
    assert.equal(inb(0x61) & 0x23, 0, 'the gate is closed');
    out(0x61, 3);
    until(550);
    out(0x61, 2); // pause
    until(5000);
    assert.equal(inb(0x61) & 0x23, 2);
    out(0x61, 1);
    until(5049);
    assert.equal(inb(0x61) & 0x20, 0);
    until(5050);
    assert.equal(inb(0x61) & 0x21, 0x21);
  });

  it('mode 1: a rising gate triggers, and triggers again', () => {
    const { until, out, inb } = pit();
    const out2 = () => inb(0x61) >> 5;
    out(0x43, 0xb2);
    out(0x42, 100, 0);
    until(200);
    assert.equal(out2() & 1, 1);
    out(0x61, 1);
    until(250);
    assert.equal(out2() & 1, 0);
    out(0x61, 0);
    out(0x61, 1);
    until(349);
    assert.equal(out2() & 1, 0);
    until(350);
    assert.equal(out2() & 1, 1);
  });

  it('the refresh bit toggles', () => {
    const { until, inb } = pit();
    const seen = new Set<number>();
    for (let i = 1; i < 100; i++) {
      until(i * 10);
      seen.add(inb(0x61) & 0x10);
    }
    assert.equal(seen.size, 2);
  });

  it('saves and restores in the middle of a period', () => {
    const a = pit();
    a.out(0x43, 0x34);
    a.out(0x40, 100, 0);
    a.until(150);
    const b = pit();
    b.until(150);
    b.device.load(JSON.parse(JSON.stringify(a.device.save())));
    a.edges.length = b.edges.length = 0;
    a.until(420);
    b.until(420);
    assert.deepEqual(b.edges, a.edges);
    assert.equal(b.counter(0), a.counter(0));
  });
});
