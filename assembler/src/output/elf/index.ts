import type { AssembleOptions } from '../../api';
import type { Files } from '../../layout/files';
import type { Layout } from '../../layout/layout';
import { makeDwarf } from './dwarf';
import { ElfFormat } from './format';
import { makeStabs } from './stabs';
import { makeSymbols } from './symbols';
import { ELF_VARIANTS } from './variant';
import { writeElf } from './write';

/** What the debugging information names as its maker. */
const PRODUCER = 'Hyperstep assembler';

/** An object format and what it makes of the finished layout. */
export interface ObjectOutput {
  format: ElfFormat;
  write(
    layout: Layout,
    files: Files,
    options: AssembleOptions,
    problem: (complaint: unknown) => void,
  ): Uint8Array;
}

/** The object output that the options ask for; undefined for flat binaries. */
export function makeObject(options: AssembleOptions): ObjectOutput | undefined {
  const variant = Object.hasOwn(ELF_VARIANTS, options.format ?? '')
    ? ELF_VARIANTS[options.format!]
    : undefined;
  if (!variant) return undefined;
  const format = new ElfFormat(variant, options.debug !== undefined && options.debug !== false);
  return {
    format,
    write(layout, files, o, problem) {
      try {
        return write(format, layout, files, o, problem);
      } catch (complaint) {
        problem(complaint);
        return new Uint8Array(0);
      }
    },
  };
}

function write(
  format: ElfFormat,
  layout: Layout,
  files: Files,
  options: AssembleOptions,
  problem: (complaint: unknown) => void,
): Uint8Array {
  format.finish();
  const { sections, order, globals, elements } = format;
  const symbols = makeSymbols({ layout, sections, order, globals, elements, problem });
  const debug = options.debug
    ? (options.debug === 'stabs' ? makeStabs : makeDwarf)({
        variant: format.variant,
        sections,
        records: layout.records.list,
        files: files.paths,
        module: options.main,
        folder: options.folder ?? '',
        producer: PRODUCER,
      })
    : [];
  const { prefix = '', postfix = '', localPrefix = '', localPostfix = '' } = layout.affixes;
  const rename = (name: string, local: boolean) =>
    local ? `${localPrefix}${name}${localPostfix}` : `${prefix}${name}${postfix}`;
  return writeElf({ format, layout, module: options.main, symbols, debug, rename });
}
