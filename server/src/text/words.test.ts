import { strict as assert } from 'node:assert';
import { Document } from './document';

describe('the index of words', () => {
  const text = 'main: jmp main.next\n.next:\n resb item_size\n%define N %[main]\n mov eax, %$Local\n';
  const lines = (document: Document, name: string) => document.words.find(name)?.map((l) => l.number);

  it('finds the parts of names, whatever their case', () => {
    const document = new Document('/x', '', text);
    assert.deepEqual(lines(document, 'main'), [1, 4]);
    assert.deepEqual(lines(document, '.next'), [1, 2]);
    assert.deepEqual(lines(document, 'item'), [3]);
    assert.deepEqual(lines(document, 'local'), [5]);
    assert.deepEqual(lines(document, 'nothing'), []);
  });
  it('keeps no count of registers and instructions', () => {
    assert.equal(lines(new Document('/x', '', text), 'eax'), undefined);
  });
  it('follows edits', () => {
    const document = new Document('/x', '', text);
    assert.deepEqual(lines(document, 'item'), [3]);
    document.update(
      [
        {
          range: { start: { line: 0, character: 0 }, end: { line: 1, character: 0 } },
          text: 'a:\nitem:\nb:\n',
        },
      ],
      1,
    );
    assert.deepEqual(lines(document, 'item'), [2, 5]);
    assert.deepEqual(lines(document, 'main'), [6]);
  });
});
