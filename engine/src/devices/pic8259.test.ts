import assert from 'node:assert/strict';
import { Pic8259 } from './pic8259';
import { PortSpace } from './ports';

describe('Pic8259', () => {
  function pic(icw4 = 1) {
    const ports = new PortSpace();
    let changes = 0;
    const device = new Pic8259({ onChange: () => changes++ });
    device.attach(ports);
    const out = (port: number, ...values: number[]) => {
      for (const value of values) ports.write(port, value, 1);
    };
    out(0x20, 0x11);
    out(0x21, 0x20, 4, icw4);
    out(0xa0, 0x11);
    out(0xa1, 0x28, 2, icw4);
    out(0x21, 0);
    out(0xa1, 0);
    const irr = (port: number) => {
      out(port, 0x0a);
      return ports.read(port, 1);
    };
    const isr = (port: number) => {
      out(port, 0x0b);
      return ports.read(port, 1);
    };
    return { ports, device, out, irr, isr, changes: () => changes };
  }

  it('starts with everything masked', () => {
    const device = new Pic8259({ onChange: () => {} });
    device.setIrq(0, true);
    assert.equal(device.pending(), false);
  });

  it('gives vectors from ICW2 and services until EOI', () => {
    const { device, out, irr, isr } = pic();
    device.setIrq(4, true);
    assert.equal(device.pending(), true);
    assert.equal(irr(0x20), 0x10);
    assert.equal(device.acknowledge(), 0x24);
    assert.deepEqual([irr(0x20), isr(0x20), device.pending()], [0, 0x10, false]);
    device.setIrq(4, false);
    device.setIrq(4, true);
    assert.equal(device.pending(), false, 'blocked by itself');
    out(0x20, 0x20);
    assert.equal(device.acknowledge(), 0x24);
  });

  it('takes an edge once, and forgets a request whose line falls', () => {
    const { device, out } = pic();
    device.setIrq(3, true);
    device.acknowledge();
    out(0x20, 0x20);
    device.setIrq(3, true);
    assert.equal(device.pending(), false);
    device.setIrq(3, false);
    device.setIrq(3, true);
    device.setIrq(3, false);
    assert.equal(device.pending(), false);
  });

  it('level-triggered lines request as long as they are high', () => {
    const { device, out, ports } = pic();
    out(0x4d0, 0xff);
    assert.equal(ports.read(0x4d0, 1), 0xf8, 'IRQ 0–2 are always edges');
    device.setIrq(5, true);
    assert.equal(device.acknowledge(), 0x25);
    out(0x20, 0x20);
    assert.equal(device.pending(), true);
    device.setIrq(5, false);
    assert.equal(device.pending(), false);
  });

  it('lets higher priorities interrupt lower ones, not the other way', () => {
    const { device, out } = pic();
    device.setIrq(4, true);
    assert.equal(device.acknowledge(), 0x24);
    device.setIrq(5, true);
    assert.equal(device.pending(), false);
    device.setIrq(1, true);
    assert.equal(device.acknowledge(), 0x21);
    out(0x20, 0x20); // ends 1, the highest in service
    assert.equal(device.pending(), false);
    out(0x20, 0x20);
    assert.equal(device.acknowledge(), 0x25);
  });

  it('masks', () => {
    const { device, out, ports, changes } = pic();
    out(0x21, 0x10);
    assert.equal(ports.read(0x21, 1), 0x10);
    device.setIrq(4, true);
    assert.equal(device.pending(), false);
    const before = changes();
    out(0x21, 0);
    assert.equal(device.pending(), true);
    assert.ok(changes() > before, 'the processor is told');
  });

  it('cascades the slave on IRQ 2', () => {
    const { device, out, isr } = pic();
    device.setIrq(12, true);
    device.setIrq(9, true);
    assert.equal(device.acknowledge(), 0x29);
    assert.deepEqual([isr(0x20), isr(0xa0)], [4, 2]);
    assert.equal(device.pending(), false);
    out(0xa0, 0x20);
    assert.equal(device.pending(), false, 'the master’s IR2 is still in service');
    out(0x20, 0x20);
    assert.equal(device.acknowledge(), 0x2c);
    out(0xa0, 0x20);
    out(0x20, 0x20);
    assert.deepEqual([isr(0x20), isr(0xa0), device.pending()], [0, 0, false]);
  });

  it('gives IRQ 7 and 15 for requests that went away, with nothing of theirs in service', () => {
    const { device, isr } = pic();
    assert.equal(device.acknowledge(), 0x27);
    assert.equal(isr(0x20), 0);
    device.setIrq(10, true);
    // The slave's request goes away between the two INTA cycles: seen by masking behind the master's back.
    const state = device.save();
    state[1].irr = 0;
    device.load(state);
    assert.equal(device.acknowledge(), 0x2f);
    assert.deepEqual([isr(0x20), isr(0xa0)], [4, 0]);
  });

  it('ends interrupts itself in auto-EOI mode', () => {
    const { device, isr } = pic(3);
    device.setIrq(4, true);
    assert.equal(device.acknowledge(), 0x24);
    assert.equal(isr(0x20), 0);
  });

  it('specific EOI, rotation and set priority', () => {
    const { device, out, isr } = pic();
    device.setIrq(3, true);
    device.acknowledge();
    device.setIrq(1, true);
    device.acknowledge();
    out(0x20, 0x63); // specific EOI 3
    assert.equal(isr(0x20), 2);
    out(0x20, 0xa0); // rotate on EOI: 1 becomes the lowest
    assert.equal(isr(0x20), 0);
    device.setIrq(1, false);
    device.setIrq(1, true);
    device.setIrq(5, true);
    assert.equal(device.acknowledge(), 0x25);
    out(0x20, 0xe5); // rotate on specific EOI
    assert.equal(device.acknowledge(), 0x21);
    out(0x20, 0x61, 0xc0 | 6); // 6 lowest, so 7 is the highest
    device.setIrq(0, true);
    device.setIrq(7, true);
    assert.equal(device.acknowledge(), 0x27);
  });

  it('special mask mode lets lower priorities through', () => {
    const { device, out } = pic();
    device.setIrq(3, true);
    device.acknowledge();
    device.setIrq(6, true);
    out(0x21, 0x08);
    assert.equal(device.pending(), false);
    out(0x20, 0x68);
    assert.equal(device.acknowledge(), 0x26);
  });

  it('polls', () => {
    const { device, out, ports, isr } = pic();
    out(0x20, 0x0c);
    assert.equal(ports.read(0x20, 1), 0);
    device.setIrq(6, true);
    out(0x20, 0x0c);
    assert.equal(ports.read(0x20, 1), 0x86);
    assert.equal(isr(0x20), 0x40);
  });

  it('a single chip expects no ICW3', () => {
    const { out, ports } = pic();
    out(0x20, 0x12);
    out(0x21, 0x40, 0x5a); // ICW2, then OCW1
    assert.equal(ports.read(0x21, 1), 0x5a);
  });

  it('saves and restores', () => {
    const { device } = pic();
    device.setIrq(4, true);
    device.setIrq(9, true);
    const copy = new Pic8259({ onChange: () => {} });
    copy.load(JSON.parse(JSON.stringify(device.save())));
    assert.deepEqual([copy.acknowledge(), copy.acknowledge()], [device.acknowledge(), device.acknowledge()]);
    assert.deepEqual(copy.save(), device.save());
  });
});
