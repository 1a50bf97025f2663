/** The three ELF flavours NASM knows. */
export interface ElfVariant {
  name: 'elf32' | 'elf64' | 'elfx32';
  /** Bytes of an address in the file's structures. */
  word: 4 | 8;
  /** EM_386 or EM_X86_64. */
  machine: 3 | 62;
  /** Relocations carry their addends; otherwise the relocated field does. */
  rela: boolean;
  bits: 32 | 64;
}

/** By NASM's `-f` names. */
export const ELF_VARIANTS: Readonly<Record<string, ElfVariant>> = {
  elf32: { name: 'elf32', word: 4, machine: 3, rela: false, bits: 32 },
  elf64: { name: 'elf64', word: 8, machine: 62, rela: true, bits: 64 },
  elfx32: { name: 'elfx32', word: 4, machine: 62, rela: true, bits: 64 },
};
