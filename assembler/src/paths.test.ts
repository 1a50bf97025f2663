import assert from 'node:assert/strict';
import { baseName, directoryOf, isAbsolutePath, join, normalizePath, pathKey } from './paths';

/** Checks a function against a table of arguments and answers. */
function table<A>(f: (argument: A) => string, rows: readonly (readonly [A, string])[]): void {
  for (const [argument, expected] of rows) assert.equal(f(argument), expected, JSON.stringify(argument));
}

describe('paths', () => {
  it('are normalized: `.`, `..`, double slashes, backslashes, drives, shares', () => {
    table(normalizePath, [
      ['/a/b', '/a/b'],
      ['/a//b///c', '/a/b/c'],
      ['/a/./b/.', '/a/b'],
      ['./a', 'a'],
      ['a/', 'a'],
      ['/a/', '/a'],
      ['/a/../b', '/b'],
      ['/a/b/../../c', '/c'],
      ['/', '/'],
      ['', '.'],
      ['.', '.'],
      ['./', '.'],
      ['a/..', '.'],
      // Above the root there is nothing; above a relative beginning there may be.
      ['/..', '/'],
      ['/../../a', '/a'],
      ['C:/../a', 'C:/a'],
      ['..', '..'],
      ['../../a', '../../a'],
      ['a/../../b', '../b'],
      ['C:\\a\\.\\b\\..\\c', 'C:/a/c'],
      ['C:\\', 'C:/'],
      ['c:/a', 'c:/a'],
      ['a\\b', 'a/b'],
      ['\\a\\b', '/a/b'],
      // A name with a colon is no drive.
      ['ab:/c', 'ab:/c'],
      ['C:a/b', 'C:a/b'],
      ['\\\\server\\share\\x', '//server/share/x'],
      ['//server/../x', '//x'],
      ['///a', '/a'],
      ['...', '...'],
      ['a/..b/c', 'a/..b/c'],
    ]);
  });

  it('are joined: what is absolute stays', () => {
    table(([folder, path]) => join(folder, path), [
      [['/a', 'b'], '/a/b'],
      [['/a/', 'b'], '/a/b'],
      [['/', 'b'], '/b'],
      [['', 'b'], 'b'],
      [['.', 'b'], 'b'],
      [['.', './b'], 'b'],
      [['..', 'b'], '../b'],
      [['..', '../b'], '../../b'],
      [['a', '../../b'], '../b'],
      [['/a', '../../../b'], '/b'],
      [['/a', '/b//c'], '/b/c'],
      [['/a', 'C:/b'], 'C:/b'],
      [['/a', 'C:\\b'], 'C:/b'],
      [['C:/', 'b'], 'C:/b'],
      [['C:/a', '..\\b'], 'C:/b'],
      [['C:\\a', '/b'], '/b'],
      [['/a', ''], '/a'],
      [['//server/share', 'x'], '//server/share/x'],
    ] as const);
  });

  it('have a folder and a last name', () => {
    table(directoryOf, [
      ['/a/b', '/a'],
      ['/a', '/'],
      ['/', '/'],
      ['a/b', 'a'],
      ['a', '.'],
      ['.', '.'],
      ['C:/a', 'C:/'],
      ['C:/', 'C:/'],
      ['C:\\a\\b', 'C:\\a'],
      ['//server/share', '//server'],
      ['//server', '//'],
      ['//', '//'],
    ]);
    table(baseName, [
      ['/a/b.asm', 'b.asm'],
      ['b.asm', 'b.asm'],
      ['C:\\a\\b', 'b'],
      ['/', ''],
    ]);
  });

  it('climbing ends at the root', () => {
    for (const start of ['/a/b/c', 'C:/a/b', 'a/b', '//server/share/x', 'C:\\a\\b', '', '../..']) {
      let here = start;
      for (let steps = 0; here !== directoryOf(here); steps++) {
        assert.ok(steps < 5, start);
        here = directoryOf(here);
      }
    }
  });

  it('are absolute with a slash, a backslash or a drive', () => {
    for (const path of ['/', '/a', 'C:/a', 'c:\\a', '\\a', '\\\\server\\x'])
      assert.ok(isAbsolutePath(path), path);
    for (const path of ['', 'a', './a', 'C:', 'C:a', 'ab:/c']) assert.ok(!isAbsolutePath(path), path);
  });

  it('meet under one key on Windows, where letters come in either case', () => {
    assert.equal(pathKey('C:\\Guests\\A.asm'), pathKey('c:/guests/./a.asm'));
    assert.notEqual(pathKey('/A'), pathKey('/a'));
  });
});
