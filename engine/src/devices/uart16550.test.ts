import assert from 'node:assert/strict';
import { PortSpace } from './ports';
import { Uart16550 } from './uart16550';

const [RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];

describe('Uart16550', () => {
  function uart() {
    const ports = new PortSpace();
    const irq: boolean[] = [];
    const sent: number[] = [];
    const device = new Uart16550({ setIrq: (level) => irq.push(level) });
    device.attach(ports);
    device.onTransmit = (byte) => sent.push(byte);
    return {
      ports,
      irq,
      sent,
      device,
      out: (register: number, value: number) => ports.write(0x3f8 + register, value, 1),
      inb: (register: number) => ports.read(0x3f8 + register, 1),
    };
  }
  const bytes = (...values: number[]) => Uint8Array.from(values);

  it('sends, and is always ready to', () => {
    const { sent, out, inb } = uart();
    out(RBR, 0x41);
    assert.equal(inb(LSR), 0x60);
    out(RBR, 0x42);
    assert.deepEqual(sent, [0x41, 0x42]);
  });

  it('receives in order; nothing there reads 0', () => {
    const { device, inb } = uart();
    assert.equal(inb(RBR), 0);
    device.receive(bytes(1, 2, 3));
    assert.equal(inb(LSR), 0x61);
    assert.deepEqual([inb(RBR), inb(RBR), inb(RBR)], [1, 2, 3]);
    assert.equal(inb(LSR), 0x60);
  });

  it('has the divisor behind DLAB, and a scratch register', () => {
    const { sent, out, inb } = uart();
    out(LCR, 0x83);
    out(RBR, 1);
    out(IER, 2);
    assert.deepEqual([inb(RBR), inb(IER), inb(LCR)], [1, 2, 0x83]);
    out(LCR, 3);
    assert.deepEqual([sent, inb(IER)], [[], 0]);
    out(SCR, 0x5a);
    assert.equal(inb(SCR), 0x5a);
  });

  it('shows a connected cable', () => assert.equal(uart().inb(MSR), 0xb0));

  it('interrupts when something arrives, until it is read, through OUT2', () => {
    const { device, irq, out, inb } = uart();
    out(IER, 1);
    device.receive(bytes(7));
    assert.deepEqual(irq, [], 'OUT2 is off');
    out(MCR, 0x0b);
    assert.deepEqual(irq, [true]);
    assert.equal(inb(IIR), 4);
    assert.equal(inb(RBR), 7);
    assert.deepEqual(irq, [true, false]);
    assert.equal(inb(IIR), 1);
  });

  it('interrupts when the transmitter is empty; every character makes a new edge', () => {
    const { irq, out, inb } = uart();
    out(MCR, 8);
    out(IER, 2);
    assert.deepEqual(irq, [true]);
    assert.equal(inb(IIR), 2);
    assert.deepEqual(irq, [true, false], 'reading IIR acknowledges');
    assert.equal(inb(IIR), 1);
    out(RBR, 1);
    out(RBR, 2);
    assert.deepEqual(irq, [true, false, true, false, true]);
    out(IER, 0);
    assert.equal(irq.at(-1), false);
  });

  it('reports receiving before transmitting, and keeps the latter', () => {
    const { device, out, inb } = uart();
    out(IER, 3);
    device.receive(bytes(1));
    assert.equal(inb(IIR), 4);
    inb(RBR);
    assert.equal(inb(IIR), 2);
  });

  it('FIFO: trigger level, time-out below it, clearing', () => {
    const { device, out, inb } = uart();
    out(IIR, 0x81); // FIFOs on, 8 characters
    out(IER, 1);
    assert.equal(inb(IIR), 0xc1);
    device.receive(bytes(1, 2, 3));
    assert.equal(inb(IIR), 0xcc);
    device.receive(bytes(4, 5, 6, 7, 8));
    assert.equal(inb(IIR), 0xc4);
    out(IIR, 0x83);
    assert.equal(inb(LSR), 0x60);
  });

  it('loses nothing of what the host sends, however much', () => {
    const { device, inb } = uart();
    device.receive(Uint8Array.from({ length: 100 }, (_, i) => i));
    for (let i = 0; i < 100; i++) assert.equal(inb(RBR), i);
    assert.equal(inb(LSR) & 2, 0);
  });

  it('loops back data and modem lines', () => {
    const { sent, out, inb, device } = uart();
    out(MCR, 0x1a); // RTS, OUT2
    assert.equal(inb(MSR) & 0xf0, 0x90);
    assert.equal(inb(MSR) & 0x0f, 0, 'the changes have been read');
    device.receive(bytes(9));
    out(RBR, 0xae);
    assert.deepEqual([sent, inb(RBR)], [[], 0xae]);
    assert.equal(inb(RBR), 0, 'the line is cut off');
    out(MCR, 0);
    assert.equal(inb(RBR), 9);
  });

  it('overruns in loop-back, without FIFO the newest character stays', () => {
    const { out, inb } = uart();
    out(MCR, 0x10);
    out(RBR, 1);
    out(RBR, 2);
    assert.equal(inb(LSR), 0x63);
    assert.equal(inb(LSR), 0x61, 'reading clears the error');
    assert.equal(inb(RBR), 2);
  });

  it('interrupts for errors and modem changes', () => {
    const { out, inb } = uart();
    out(MCR, 0x10);
    assert.equal(inb(MSR) & 0xf, 0xb);
    out(IER, 0xc);
    out(RBR, 1);
    out(RBR, 2);
    assert.equal(inb(IIR), 6);
    inb(LSR);
    out(MCR, 0x12);
    assert.equal(inb(IIR), 0);
    assert.equal(inb(MSR) & 0xf, 1);
    assert.equal(inb(IIR), 1);
  });

  it('saves and restores', () => {
    const { device, out } = uart();
    out(IIR, 0x41);
    out(IER, 3);
    out(MCR, 8);
    device.receive(bytes(1, 2, 3, 4, 5));
    const copy = uart();
    copy.device.load(JSON.parse(JSON.stringify(device.save())));
    assert.deepEqual(copy.device.save(), device.save());
    assert.deepEqual([copy.inb(IIR), copy.inb(RBR)], [0xc4, 1]);
  });
});
