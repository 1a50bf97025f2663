import { Random } from '@hyperstep/engine/testing';

const SIZES = ['byte', 'word', 'dword', 'qword'] as const;

/**
 * Random programs: functions of forward branches, counted loops and calls, in
 * which flags, partial registers, memory operands, divisions, faults, string
 * instructions, indirect jumps and stores into their own code occur. They run
 * for `rounds` rounds and end at `done`.
 */
export class ProgramMaker {
  private readonly lines: string[] = [];
  private label = 0;
  private readonly random: Random;
  private readonly names: readonly (readonly string[])[];
  private readonly wide: boolean;

  constructor(
    seed: number,
    bits: 32 | 64,
    private readonly rounds: number,
    /** Some repetitions are longer than what helpers do at once. */
    private readonly longRepetitions = false,
  ) {
    this.random = new Random(seed);
    this.wide = bits === 64;
    // Free registers by size. rsp is the stack; rbp holds the data's address; rsi, rdi and rcx are free as well.
    this.names = this.wide
      ? [
          ['al', 'cl', 'dl', 'bl', 'sil', 'dil', 'r8b', 'r11b'],
          ['ax', 'cx', 'dx', 'bx', 'si', 'di', 'r8w', 'r11w'],
          ['eax', 'ecx', 'edx', 'ebx', 'esi', 'edi', 'r8d', 'r11d'],
          ['rax', 'rcx', 'rdx', 'rbx', 'rsi', 'rdi', 'r8', 'r11'],
        ]
      : [
          ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'],
          ['ax', 'cx', 'dx', 'bx', 'si', 'di', 'ax', 'dx'],
          ['eax', 'ecx', 'edx', 'ebx', 'esi', 'edi', 'eax', 'ecx'],
        ];
  }

  make(): string {
    const { random, wide } = this;
    const counter = wide ? 'qword [COUNTS + 16]' : 'dword [COUNTS + 16]';
    const functions = 3 + random.below(4);
    this.emit(`mov ${counter}, ${this.rounds}`);
    this.lines.push('round:');
    this.emit(`mov ${wide ? 'rbp' : 'ebp'}, DATA`);
    for (let i = 0; i < functions; i++) this.emit(`call f${i}`);
    this.lines.push('recover:');
    this.emit(`sub ${counter}, 1`, 'jnz near round', 'jmp near done');
    for (let i = 0; i < functions; i++) {
      if (random.chance(30)) this.lines.push(`align ${random.pick([16, 64, 4096])}`);
      this.lines.push(`f${i}:`);
      if (random.chance(30)) this.emit(`sub ${counter}, 0`);
      this.statements(4 + random.below(8), i, functions);
      this.emit('ret');
    }
    return this.lines.join('\n');
  }

  private emit(...lines: string[]): void {
    for (const line of lines) this.lines.push(`\t${line}`);
  }

  private newLabel(): string {
    return `l${this.label++}`;
  }

  private statements(count: number, self: number, functions: number): void {
    const { random } = this;
    for (let i = 0; i < count; i++) {
      const kind = random.below(100);
      if (kind < 62) for (let k = 1 + random.below(4); k > 0; k--) this.instruction();
      else if (kind < 78) this.branch(self, functions);
      else if (kind < 88) this.loop(self, functions);
      else if (kind < 92 && self + 1 < functions)
        this.emit(`call f${self + 1 + random.below(functions - self - 1)}`);
      else if (kind < 95) this.indirect();
      else if (kind < 97) this.patch();
      else if (kind < 98) this.fault();
      else this.string();
    }
  }

  private branch(self: number, functions: number): void {
    const { random } = this;
    const over = this.newLabel();
    const cc = random.pick('o no b ae e ne be a s ns p np l ge le g'.split(' '));
    if (random.chance(70)) this.compare();
    this.emit(`j${cc} ${over}`);
    if (random.chance(25)) this.emit(`j${random.pick(['b', 'a', 'e', 'l', 's'])} ${over}`);
    this.statements(1 + random.below(2), self, functions);
    this.lines.push(`${over}:`);
  }

  private loop(self: number, functions: number): void {
    const { random, wide } = this;
    const head = this.newLabel();
    const counter = wide ? random.pick(['r12d', 'r13d', 'r14d']) : 'dword [COUNTS + 24]';
    if (wide) this.emit(`push ${counter.replace('d', '')}`);
    this.emit(`mov ${counter}, ${1 + random.below(12)}`);
    this.lines.push(`${head}:`);
    this.statements(1 + random.below(3), wide ? self : functions, functions);
    this.emit(...random.pick([[`dec ${counter}`], [`sub ${counter}, 1`], [`inc ebx`, `dec ${counter}`]]));
    this.emit(random.chance(20) && wide ? `jg ${head}` : `jnz ${head}`);
    if (wide) this.emit(`pop ${counter.replace('d', '')}`);
  }

  private indirect(): void {
    const { random, wide } = this;
    const [a, b, table] = [this.newLabel(), this.newLabel(), this.newLabel()];
    this.emit('mov eax, ebx', 'and eax, 1');
    this.emit(`jmp [${table} + ${wide ? 'rax * 8' : 'eax * 4'}]`);
    this.lines.push(`${table}: ${wide ? 'dq' : 'dd'} ${a}, ${b}`);
    this.lines.push(`${a}:`);
    this.instruction();
    this.lines.push(`${b}:`);
    if (random.chance(50)) this.instruction();
  }

  /** Seldom: an access anywhere, or a division that may not be possible. */
  private fault(): void {
    const { random } = this;
    const over = this.newLabel();
    const pointer = random.pick(this.names[this.names.length - 1]);
    this.emit('add ecx, 7', 'test cl, 31', `jnz ${over}`);
    this.emit(
      random.pick([
        `mov [${pointer}], ecx`,
        `add ebx, [${pointer}]`,
        `div ${this.register(2)}`,
        `idiv ${this.register(0)}`,
        'ud2',
        'int3',
        `push dword [${pointer}]`.replace('dword', this.wide ? 'qword' : 'dword'),
      ]),
    );
    this.lines.push(`${over}:`);
  }

  /** Writes into the code it runs: an immediate, or data between instructions. */
  private patch(): void {
    const { random } = this;
    const at = this.newLabel();
    if (random.chance(50)) {
      this.emit(random.chance(50) ? 'test byte [COUNTS + 16], 63' : 'test al, al', `jnz ${at}`);
      this.emit(`mov [${at} + 1], bl`);
      this.lines.push(`${at}: mov eax, 0x12345678`);
    } else {
      this.emit(`mov [${at}], ebx`, `jmp ${at}x`);
      this.lines.push(`${at}: dd 0`, `${at}x:`);
      this.emit(`add ecx, [${at}]`);
    }
  }

  private string(): void {
    const { random, wide } = this;
    const [si, di, cx] = wide ? ['rsi', 'rdi', 'rcx'] : ['esi', 'edi', 'ecx'];
    if (random.chance(20)) this.emit('std');
    this.emit(
      `mov ${si}, DATA + ${0x1000 + random.below(0x2000)}`,
      `mov ${di}, DATA + ${0x1000 + random.below(0x2000)}`,
    );
    const long = this.longRepetitions && random.chance(25);
    this.emit(`mov ${cx}, ${long ? 120 + random.below(400) : random.below(30)}`);
    const what = random.pick([
      'rep movs',
      'rep stos',
      'rep lods',
      'repe cmps',
      'repne scas',
      'repe scas',
      'movs',
    ]);
    this.emit(`${what}${random.pick(wide ? ['b', 'w', 'd', 'q'] : ['b', 'w', 'd'])}`, 'cld');
  }

  private register(size: number): string {
    return this.random.pick(this.names[size]);
  }

  private memory(size: number): string {
    const { random, wide } = this;
    const base = wide ? 'rbp' : 'ebp';
    const sized = SIZES[size];
    if (random.chance(4)) return `${sized} [${base} + ${0xff8 + random.below(16)}]`; // page ends
    if (random.chance(20)) {
      const index = random.pick(wide ? ['rdx', 'r8', 'r11'] : ['edx', 'esi']);
      this.emit(`and ${wide && index !== 'rdx' ? `${index}d` : `e${wide ? 'dx' : index.slice(1)}`}, 0xff`);
      return `${sized} [${base} + ${index} * ${random.pick([1, 2, 4, 8])} + ${random.below(64)}]`;
    }
    return `${sized} [${base} + ${random.below(512)}]`;
  }

  private operand(size: number): string {
    return this.random.chance(30) ? this.memory(size) : this.register(size);
  }

  private immediate(size: number): string {
    const { random } = this;
    const value = random.pick([0, 1, -1, 2, 7, -128, 127, random.below(256) - 128, random.below(0x7fffffff)]);
    return size === 0 ? String(value % 128) : size === 1 ? String(value % 32768) : String(value);
  }

  private size(): number {
    return this.random.pick(this.wide ? [0, 1, 2, 2, 3, 3, 3] : [0, 1, 2, 2, 2]);
  }

  private compare(): void {
    const size = this.size();
    const { random } = this;
    const op = random.pick(['cmp', 'cmp', 'cmp', 'test', 'add', 'sub']);
    const left = this.operand(size);
    this.emit(`${op} ${left}, ${random.chance(50) ? this.register(size) : this.immediate(size)}`);
  }

  private instruction(): void {
    const { random, wide } = this;
    const size = this.size();
    const big = wide ? 3 : 2;
    const wordUp = size === 0 ? 2 : size;
    const r = () => this.register(size);
    const cc = () => random.pick('o no b ae e ne be a s ns p np l ge le g'.split(' '));
    const choices: (() => string[])[] = [
      () => [
        `${random.pick(['add', 'sub', 'and', 'or', 'xor', 'adc', 'sbb', 'mov'])} ${this.operand(size)}, ${r()}`,
      ],
      () => [
        `${random.pick(['add', 'sub', 'and', 'or', 'xor', 'adc', 'sbb', 'mov', 'cmp'])} ${r()}, ${this.operand(size)}`,
      ],
      () => [
        `${random.pick(['add', 'sub', 'and', 'or', 'xor', 'adc', 'sbb', 'mov', 'test'])} ${this.operand(size)}, ${this.immediate(size)}`,
      ],
      () => [`${random.pick(['inc', 'dec', 'neg', 'not'])} ${this.operand(size)}`],
      () => [
        `${random.pick(['shl', 'shr', 'sar', 'rol', 'ror', 'rcl', 'rcr'])} ${this.operand(size)}, ${random.below(size === 3 ? 64 : 32)}`,
      ],
      () => [`${random.pick(['shl', 'shr', 'sar', 'rol', 'ror'])} ${this.operand(size)}, cl`],
      () => [`imul ${this.register(wordUp)}, ${this.operand(wordUp)}`],
      () => [`imul ${this.register(wordUp)}, ${this.operand(wordUp)}, ${this.immediate(wordUp)}`],
      () => [`${random.pick(['mul', 'imul'])} ${this.operand(size)}`],
      () =>
        random.chance(50)
          ? ['xor edx, edx', 'or ebx, 1', `div ${random.pick(wide ? ['ebx', 'rbx'] : ['ebx'])}`]
          : random.pick([
              ['cdq', 'or ebx, 2', 'idiv ebx'],
              wide ? ['cqo', 'or rbx, 3', 'idiv rbx'] : ['and edx, 0xff', 'or ebx, 0x7f000', 'div ebx'],
            ]),
      () => [
        `lea ${this.register(wordUp)}, [${this.register(big)} + ${this.register(big)} * ${random.pick([1, 2, 4, 8])} + ${random.below(99)}]`,
      ],
      () => [`movzx ${this.register(2)}, ${this.operand(random.below(2))}`],
      () => [`movsx ${this.register(big)}, ${this.operand(random.below(2))}`],
      () => [`cmov${cc()} ${this.register(wordUp)}, ${this.operand(wordUp)}`],
      () => [`set${cc()} ${this.operand(0)}`],
      () => [`${random.pick(['bt', 'bts', 'btr', 'btc'])} ${this.register(wordUp)}, ${random.below(16)}`],
      () => [`${random.pick(['bsf', 'bsr'])} ${this.register(wordUp)}, ${this.operand(wordUp)}`],
      () => [`bswap ${this.register(random.pick(wide ? [2, 3] : [2]))}`],
      () => [`${random.pick(['xchg', 'xadd', 'cmpxchg'])} ${this.operand(size)}, ${r()}`],
      () => [`push ${this.register(big)}`, `pop ${this.register(big)}`],
      () => [
        random.pick([
          'lahf',
          'sahf',
          'stc',
          'clc',
          'cmc',
          'cbw',
          'cwde',
          'cdq',
          ...(wide ? ['cqo', 'cdqe'] : []),
        ]),
      ],
      () => [wide ? 'pushfq' : 'pushfd', `pop ${this.register(big)}`],
      () => [
        `${random.pick(['shld', 'shrd'])} ${this.operand(wordUp)}, ${this.register(wordUp)}, ${random.below(16)}`,
      ],
    ];
    if (random.chance(12)) this.vector();
    else this.emit(...random.pick(choices)());
  }

  /** SSE and SSE2 between XMM registers, memory (its page ends too) and general registers. */
  private vector(): void {
    const { random, wide } = this;
    const x = () => `xmm${random.pick(wide ? [0, 1, 2, 3, 9, 14] : [0, 1, 2, 3, 5, 7])}`;
    const at = (size: number): string => {
      const base = wide ? 'rbp' : 'ebp';
      if (random.chance(4)) return `[${base} + ${0xff0 + random.below(16)}]`;
      // Seldom not aligned, which is #GP(0) for packed arithmetic.
      return `[${base} + ${random.below(500) & -(random.chance(97) ? size : 1)}]`;
    };
    const source = (size: number): string => (random.chance(30) ? at(size) : x());
    const shape = random.pick(['ps', 'ss', 'pd', 'sd']);
    const size = { ps: 16, ss: 4, pd: 16, sd: 8 }[shape]!;
    const gpr = this.register(2);
    this.emit(
      ...random.pick<() => string[]>([
        () => [
          `${random.pick(['add', 'sub', 'mul', 'div', 'min', 'max', 'sqrt'])}${shape} ${x()}, ${source(size)}`,
        ],
        () => [`cvtsi2sd ${x()}, ${gpr}`, `cvtsi2ss ${x()}, ${gpr}`],
        () => [`cvttsd2si ${gpr}, ${source(8)}`],
        () => [`cvtss2sd ${x()}, ${source(4)}`, `cvtsd2ss ${x()}, ${source(8)}`],
        () => [`cvtdq2ps ${x()}, ${source(16)}`, `cvttps2dq ${x()}, ${x()}`, `cvtdq2pd ${x()}, ${x()}`],
        () => [`ucomisd ${x()}, ${source(8)}`, `setb ${this.register(0)}`],
        () => [`cmp${shape} ${x()}, ${source(size)}, ${random.below(8)}`],
        () => [`movups ${x()}, ${at(1)}`],
        () => [`movups ${at(1)}, ${x()}`],
        () => [`${random.pick(['movaps', 'movdqa'])} ${x()}, ${source(16)}`],
        () => [`movdqa ${at(16)}, ${x()}`],
        () => [`${random.pick(['movss', 'movsd', 'movq'])} ${x()}, ${source(8)}`],
        () => [`${random.pick(['movss', 'movsd', 'movlps', 'movhps'])} ${at(8)}, ${x()}`],
        () => [`movd ${x()}, ${gpr}`, `movd ${this.register(2)}, ${x()}`],
        () => [
          `${random.pick('paddb paddd paddq psubw pmullw pmuludq pand pxor pcmpeqd pcmpgtb punpcklbw packuswb pavgb psadbw'.split(' '))} ${x()}, ${source(16)}`,
        ],
        () => [`${random.pick(['psllw', 'psrld', 'psrlq', 'psrad', 'psrldq'])} ${x()}, ${random.below(40)}`],
        () => [`pshufd ${x()}, ${source(16)}, ${random.below(256)}`],
        () => [`shufps ${x()}, ${x()}, ${random.below(256)}`],
        () => [`pmovmskb ${gpr}, ${x()}`],
      ])(),
    );
  }
}
