import { ByteWriter } from '../bytes';
import { SHT } from './constants';
import { type DebugSection, type DebugSource, rowsOf } from './dwarf';

/** Types of entries ("The stabs debug format", appendix A). */
const N = { SLINE: 0x44, SO: 0x64, SOL: 0x84 } as const;

/** Line information in the older format that `-F stabs` asks for. */
export function makeStabs(source: DebugSource): DebugSection[] {
  const { word, rela, machine } = source.variant;
  const order = [...source.sections.keys()];
  const rows = [...rowsOf(source)].filter((r) => r.changed);
  const names = [...new Set(rows.map((r) => source.files[r.file] ?? ''))];
  const strings = new ByteWriter();
  strings.u8(0);
  const places = new Map<string, number>();
  for (const name of names) {
    places.set(name, strings.length);
    strings.string(name);
  }
  const entries = new ByteWriter();
  const relocations = new ByteWriter();
  let count = 0;
  const put = (string: number, type: number, description: number, value: number) => {
    entries.number(string, 4);
    entries.u8(type);
    entries.u8(0);
    entries.number(description & 0xffff, 2);
    entries.number(value, 4);
    count++;
  };
  /** The value of the last entry is an address in the section. */
  const relocate = (section: (typeof rows)[number]['section'], addend: number) => {
    // Two symbols stand before those of the sections.
    const symbol = order.indexOf(section) + 2;
    const type = machine === 3 ? 1 : 10;
    relocations.number(entries.length - 4, word);
    if (word === 8) {
      relocations.number(type, 4);
      relocations.number(symbol, 4);
    } else relocations.number((symbol << 8) | type, 4);
    if (rela) relocations.number(addend, word);
  };
  let file = names.includes(source.module) ? source.module : names[0];
  if (rows.length > 0) {
    put(places.get(names[0])!, 0, 0, strings.length);
    put(places.get(file)!, N.SO, 0, 0);
    relocate(rows[0].section, 0);
    // The entry in front does not count itself.
    count--;
  }
  for (const { section, file: index, line, offset } of rows) {
    const name = source.files[index] ?? '';
    if (name !== file) {
      file = name;
      put(places.get(name)!, N.SOL, 0, offset);
      relocate(section, offset);
    }
    put(0, N.SLINE, line, offset);
    relocate(section, offset);
  }
  put(0, N.SO, 0, 0);
  const data = entries.bytes.slice();
  new DataView(data.buffer).setUint16(6, count, true);
  const blank = { symbol: false, index: 0 };
  return [
    { ...blank, name: '.stab', data, align: 4, entrySize: 12, link: '.stabstr' },
    { ...blank, name: '.stabstr', data: strings.bytes, align: 4, type: SHT.STRTAB },
    {
      ...blank,
      name: `${rela ? '.rela' : '.rel'}.stab`,
      data: relocations.bytes,
      align: word,
      relocates: '.stab',
    },
  ];
}
