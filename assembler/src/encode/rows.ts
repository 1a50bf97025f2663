/** Reads the rows of the opcode table, which iced.ts wrote when the program was bundled. */
import table from 'hyperstep:opcode-table';
import { type EvexTraits, type Form, type Slot, USUAL } from './form';

/** The beginning of the table: what several rows have. */
interface Shared {
  slots: Slot[];
  traits: EvexTraits[];
  /** Where the rows begin. */
  end: number;
}

function readShared(): Shared {
  const first = table.indexOf('\n');
  const second = table.indexOf('\n', first + 1);
  return {
    slots: JSON.parse(table.slice(0, first)),
    traits: JSON.parse(table.slice(first, second)),
    end: second + 1,
  };
}

let shared: Shared | undefined;

/** Offset of a mnemonic's line, behind its name. */
let lines: Map<string, number> | undefined;

function formAt(at: number): Form {
  shared ??= readShared();
  const { slots, traits } = shared;
  const tab = table.indexOf('\t', at);
  const line = table.indexOf('\n', at);
  const row = JSON.parse(table.slice(at, tab < 0 ? line : Math.min(tab, line)));
  return {
    ...USUAL,
    ...row,
    slots: row.slots.map((n: number) => slots[n]),
    evex: row.evex === undefined ? undefined : traits[row.evex],
  };
}

function readLines(): Map<string, number> {
  shared ??= readShared();
  const found = new Map<string, number>();
  for (let at = shared.end; at < table.length; at = table.indexOf('\n', at) + 1) {
    const tab = table.indexOf('\t', at);
    found.set(table.slice(at, tab), tab);
  }
  return found;
}

/** All mnemonics of the table, lower case. */
export function tableMnemonics(): Iterable<string> {
  lines ??= readLines();
  return lines.keys();
}

/** Has the table a mnemonic of that name? */
export function inTable(mnemonic: string): boolean {
  lines ??= readLines();
  return lines.has(mnemonic);
}

/** The rows of a mnemonic with their names in iced-x86, in its order. */
export function rowsOf(mnemonic: string): { name: string; form: Form }[] {
  lines ??= readLines();
  let tab = lines.get(mnemonic);
  const found: { name: string; form: Form }[] = [];
  if (tab === undefined) return found;
  const end = table.indexOf('\n', tab);
  while (tab >= 0 && tab < end) {
    const space = table.indexOf(' ', tab);
    found.push({ name: table.slice(tab + 1, space), form: formAt(space + 1) });
    tab = table.indexOf('\t', space);
  }
  return found;
}

/** The row of that name in iced-x86. */
export function rowNamed(name: string): Form | undefined {
  lines ??= readLines();
  // Mostly the name begins with the mnemonic, which saves going through the whole table.
  const likely = lines.get(name.split('_', 1)[0].toLowerCase());
  const row = `\t${name} `;
  let at = likely === undefined ? -1 : table.indexOf(row, likely);
  if (at < 0) at = table.indexOf(row);
  return at < 0 ? undefined : formAt(at + row.length);
}
