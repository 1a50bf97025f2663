import assert from 'node:assert/strict';
import type { RegisterSnapshot } from '@hyperstep/engine';
import { extendedText, sseNodes, x87Nodes } from './floating-point';
import type { RegisterView } from './view';

function view(snapshot: Partial<RegisterSnapshot>): RegisterView {
  return { snapshot: () => snapshot as RegisterSnapshot } as RegisterView;
}

describe('scopes: floating point', () => {
  it('shows 80-bit numbers in decimal', () => {
    const cases: [bigint, string][] = [
      [0x3fff8000000000000000n, '1'],
      [0xbffe8000000000000000n, '-0.5'],
      [0x4000c90fdaa22168c235n, '3.141592653589793'],
      [0n, '0'],
      [0x80000000000000000000n, '-0'],
      [0x7fff8000000000000000n, 'Infinity'],
      [0xffff8000000000000000n, '-Infinity'],
      [0xffffc000000000000000n, 'NaN'],
      [0x40000000000000000001n, 'unsupported'],
      [0x00000000000000000001n, '1 · 2^-16445'],
      [0x7ffe8000000000000000n, '9223372036854775808 · 2^16320'],
      [0x43fe8000000000000000n, '8.98846567431158e+307'],
    ];
    for (const [bits, text] of cases) assert.equal(extendedText(bits), text);
  });

  it('the x87: stack, control and status in words', () => {
    const st = [0x3fff8000000000000000n, ...new Array(7).fill(undefined)];
    const nodes = x87Nodes(view({ x87: { st, control: 0x37b, status: 0x3884, tags: 0x80 } }));
    const of = (name: string) => nodes.find((node) => node.name === name)!;
    assert.deepEqual([of('st0').value, of('st0').type], ['1', '0x3fff8000000000000000']);
    assert.equal(of('st1').value, 'empty');
    assert.equal(of('control').type, 'to nearest, 64 bits');
    assert.equal(of('status').type, 'TOP 7, C3=0 C2=0 C1=0 C0=0; raised ZE, not masked ZE');
    assert.equal(of('tags').value, '0b10000000');
  });

  it('XMM registers lane by lane', () => {
    const xmm = [(0x4008000000000000n << 64n) | 0xbf8000003f000000n, ...new Array(15).fill(0n)];
    const nodes = sseNodes(view({ xmm, mxcsr: 0x1fa0, mode: '64-bit' }));
    assert.equal(nodes.length, 17);
    const lanes = new Map(nodes[0].children!().map(({ name, value }) => [name, value]));
    assert.equal(lanes.get('singles'), '{0.5, -1, 0, 2.125}');
    assert.equal(lanes.get('doubles'), '{-0.007812501833541319, 3}');
    assert.equal(lanes.get('doublewords'), '{0x3f000000, 0xbf800000, 0x00000000, 0x40080000}');
    assert.equal(nodes[16].type, 'to nearest; raised PE, not masked none');
    assert.equal(sseNodes(view({ xmm, mxcsr: 0x1f80, mode: '32-bit protected' })).length, 9);
    assert.match(sseNodes(view({}))[0].value, /unknown/);
  });
});
