/** First line of `-v`; build scripts look for NASM's version in it. */
export const VERSION = 'NASM version 2.16.01 compatible: Hyperstep assembler 0.1.0';

/** Text of `-h`. */
export const HELP = `Usage: hyperstep-asm [options...] [--] filename

    -h, -hf       show this text and exit
    -v            print the version and exit
    -y            list the debugging formats
    -@ file       read options from a file, one a line

    -o outfile    write output to outfile
    --keep-all    do not remove an older output file after errors
    -f format     output format: bin (default), elf32 (elf), elf64, elfx32
    -l listfile   write a listing
    -g            debugging information (elf: DWARF lines)
    -F format     debugging format: dwarf, null
    -O0 -O1 -Ox   no, some, all optimisation (default -Ox); -Ov: print the passes

    -E            preprocess only
    -a            source is already preprocessed
    -Ipath        search includes there
    -Pfile        include a file before the source
    -Dname[=str]  define a macro       -Uname   undefine it
    --before str  a line before the source
    --pragma str  a %pragma before the source
    --no-line     take no notice of %line
    --prefix, --postfix, --lprefix, --lpostfix str
                  texts around names of global and local symbols

    -M            print dependencies for make; -MG: missing files are made
    -MD [file]    the same, besides assembling
    -MF file  -MT target  -MQ target  -MP

    -Xgnu -Xvc    format of messages
    -s  -Zfile    messages to standard output, to a file
    -w+x -w-x -w+error[=x]   warnings (also -Wx -Wno-x -Werror[=x])
`;

/** Text of `-y`. */
export const DEBUG_FORMATS = `       elf32:     dwarf     DWARF 2 lines [default]
                  stabs     stabs lines (older)
       elf64:     dwarf     DWARF 3 lines [default]
                  stabs     stabs lines (older)
       elfx32:    dwarf     DWARF 3 lines [default]
                  stabs     stabs lines (older)
`;
