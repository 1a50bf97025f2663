/**
 * The statements whose bytes are compared with NASM's: common mnemonics times
 * operand forms, sizes and addressing modes, as data and always in this order.
 */
import type {
  ImmediateOperand,
  InstructionStatement,
  MemoryOperand,
  Operand,
  SizeKeyword,
  Value,
} from '../../assembler/src/encode';
import { here, label } from './print';

const number = (value: bigint | number): Value => ({ value: BigInt(value), forward: false, address: false });
const address = (value: bigint | number): Value => ({ value: BigInt(value), forward: false, address: true });
const reg = (name: string): Operand => ({ kind: 'register', name });
const imm = (value: bigint | number, more: Partial<ImmediateOperand> = {}): Operand => ({
  kind: 'immediate',
  value: number(value),
  ...more,
});
const target = (distance: number, more: Partial<ImmediateOperand> = {}): Operand => ({
  kind: 'immediate',
  value: address(here + BigInt(distance)),
  ...more,
});
const mem = (more: Partial<MemoryOperand>): MemoryOperand => ({ kind: 'memory', scale: 1, ...more });

/** Shorthand: `m32` is dword memory, `#5` an immediate, `$10` a target 10 bytes on, anything else a register. */
function operand(word: string): Operand {
  if (word.startsWith('#')) return imm(BigInt(word.slice(1)));
  if (word.startsWith('-#')) return imm(-BigInt(word.slice(2)));
  if (word.startsWith('$')) return target(Number(word.slice(1)));
  const m = /^m(\d*)$/.exec(word);
  // A base register that exists in every mode, with a displacement that needs a byte.
  if (m)
    return mem({
      base: 'ebx',
      displacement: number(4),
      size: m[1] ? (Number(m[1]) as SizeKeyword) : undefined,
    });
  return reg(word);
}

const all: InstructionStatement[] = [];

function put(mnemonic: string, operands: Operand[] = [], prefixes: string[] = []) {
  all.push({ mnemonic, prefixes, operands });
}

/** Each mnemonic with each operand list; lists are separated by blanks, operands by commas. */
function table(mnemonics: string, lists: string) {
  for (const mnemonic of mnemonics.split(' ')) {
    for (const list of lists.split(' ')) put(mnemonic, list === '-' ? [] : list.split(',').map(operand));
  }
}

/** Each mnemonic with every pair. */
function cross(mnemonics: string, first: string, second: string) {
  for (const mnemonic of mnemonics.split(' ')) {
    for (const a of first.split(' '))
      for (const b of second.split(' ')) put(mnemonic, [operand(a), operand(b)]);
  }
}

const general = 'al ch bl ax cx eax edx rax rsi r9b r10w r11d r12 sil';
const memories = 'm m8 m16 m32 m64';

function integer() {
  cross(
    'add mov',
    `${general} ${memories} ds`,
    `${general} ${memories} ds fs #1 #5 #0x80 #0x1234 #0x12345678 -#1`,
  );
  cross(
    'cmp test xchg imul',
    `al bx eax r12 ${memories}`,
    `al cl bx eax ecx rdx r12 ${memories} #1 #0x80 #0x1234`,
  );
  cross(
    'adc and or sbb sub xor',
    'al cl ax eax edx r8 m8 m32 m64 m',
    'dl bx ebp r15 m m8 m32 #5 #0xff #0x12345 -#128',
  );
  cross('shl rcr sar', 'al bx eax rdx r9b m m8 m16 m32 m64', 'cl ecx #1 #5 #0xff al');
  for (const op of ['shl', 'ror']) {
    for (const size of [8, 16, 32] as const) {
      for (const value of [1, 5]) put(op, [reg('eax'), imm(value, { size })]);
      put(op, [mem({ base: 'ebx', size: 32 }), imm(1, { size })]);
    }
    put(op, [reg('eax'), imm(1, { strict: true })]);
  }
  table('rol ror rcl shr sal', 'eax,#1 eax,cl m8,#3 r12,#1 m,cl ax');
  cross('movzx movsx', 'al ax eax rax r12 m32', 'bl bh cx ecx rdx r9b m m8 m16 m32 m64');
  table('movsxd', 'rax,ecx rax,m32 rax,m eax,ecx rax,rcx');
  table('inc dec neg not mul div idiv imul', 'al ah bx ecx rdx r8b r9d m m8 m16 m32 m64 #5 ds');
  cross('bt bts', 'ax eax r12 m m16 m32 m64 al', 'cx ecx rdx r9 cl #5 #300');
  table('btr btc', 'eax,ecx m,eax m32,#7 m,#7 rax,#63');
  cross('bsf bsr popcnt lzcnt tzcnt', 'ax ecx r12 m32', 'dx eax rcx m m16 m32 m64 #1');
  cross('cmpxchg xadd', 'al bx m m8 m32 eax r9', 'cl dx eax r12 m32');
  table('cmpxchg8b cmpxchg16b', 'm m32 m64 m128 eax');
  cross('shld shrd', 'ax', 'dx');
  table('shld shrd', 'ax,dx,#5 m,eax,cl m32,ecx,#3 eax,edx,dl r12,r13,cl eax,dx,cl m64,rax,#1');
  table(
    'imul',
    'eax,ecx,#5 eax,m,#5 ax,m16,#300 r12,r13,#0x12345 eax,ecx,edx m32,eax,#1 rax,#5 eax,#300 eax,ecx,#0xffffffff',
  );
  table('bswap', 'ax eax edx rax r9 al m32');
  table('lea', 'eax,m ax,m rax,m r9,m eax,m8 eax,m64 al,m m,eax eax,ecx eax,#5');
  table('movbe', 'eax,m m,ax rax,m64 eax,ecx m32,edx');
  table('crc32', 'eax,bl eax,m8 eax,m eax,cx eax,ecx rax,rcx rax,m8 ax,bl eax,m32');
  table('adcx adox', 'eax,ecx rax,m rax,m64 eax,m32 ax,cx');
  table(
    'andn bextr bzhi pdep pext sarx shlx shrx',
    'eax,ecx,edx rax,r9,rdx eax,ecx,m32 eax,m,ecx rax,m64,rcx ax,cx,dx',
  );
  table('blsi blsr blsmsk', 'eax,ecx rax,m r9,m64 ax,cx');
  table('mulx rorx', 'eax,ecx,edx rax,r12,m eax,ecx,#5 rax,m64,#5');
  table('sete setnz setc setae setg setle setpe seto', 'al ah r9b m m8 ax m16 sil');
  table('cmove cmovnz cmovb cmovge cmovnle', 'ax,cx eax,edx rax,m r12,r9 eax,m32 eax,m16 al,cl m32,eax');
  table(
    'mov',
    'rax,#0x7fffffff rax,#0x80000000 rax,#0xffffffff rax,#0x100000000 rax,-#1 rax,-#0x80000001 r9,#5 m64,#0xffffffff m64,#5',
  );
  table('nop', '- eax m m16 m32 m64 rax ax');
}

function stackAndFlow() {
  const one = `${general} ${memories} es cs ss ds fs gs #1 #127 #128 -#128 -#129 #0xffff #0x12345678 #0xffffffff`;
  table('push', one);
  table('pop', `${general} ${memories} es cs ss ds fs gs #1`);
  table(
    'pusha pushad pushaw popa popad popaw pushf pushfw pushfd pushfq popf popfw popfd popfq leave into',
    '-',
  );
  table('enter', '#5,#1 #0x1234,#0 #5');
  table('ret retn retf retw retd retq retfw retfd retfq', '- #8 #0x1234 eax');
  table(
    'iret iretw iretd iretq int3 int1 icebp ud2 hlt cli sti cld std clc stc cmc lahf sahf wait fwait',
    '-',
  );
  table('int', '#3 #0x80 #1 eax');
  table('cbw cwde cdqe cwd cdq cqo xlat xlatb cpuid rdtsc rdtscp rdmsr wrmsr rdpmc pause', '-');
  table(
    'syscall sysret sysenter sysexit invd wbinvd clts swapgs rsm mfence lfence sfence emms monitor mwait xgetbv xsetbv',
    '-',
  );
  table('aaa aas daa das salc', '-');
  table('aad aam', '- #5 #10');
  table(
    'movsb movsw movsd movsq stosb stosd stosq lodsb lodsw lodsq scasb scasd cmpsb cmpsq insb insd outsb outsw',
    '-',
  );
  table('in', 'al,dx ax,dx eax,dx al,#0x60 eax,#0x60 rax,dx dx,al al,cx');
  table('out', 'dx,al dx,ax dx,eax #0x60,al #0x60,eax dx,rax al,dx');
  table('jmp call', 'ax eax rax r9 m m16 m32 m64 al m8');
  for (const distance of [
    0, 2, 3, 5, 127, 128, 129, 130, 131, 300, 0x1234, -100, -125, -126, -127, -128, -129, -1000,
  ]) {
    for (const jump of ['jmp', 'je', 'jnle', 'call', 'loop', 'jecxz']) put(jump, [target(distance)]);
  }
  for (const jump of 'jo jno jb jnae jc jae jnb jnc jz jne jnz jbe jna ja jnbe js jns jp jpe jnp jpo jl jnge jge jnl jle jng jg'.split(
    ' ',
  )) {
    put(jump, [target(20)]);
    put(jump, [target(20, { distance: 'near' })]);
  }
  for (const jump of ['jmp', 'call', 'jc', 'loop', 'jcxz']) {
    for (const distance of ['short', 'near'] as const) {
      for (const size of [undefined, 16, 32, 64] as const) put(jump, [target(40, { distance, size })]);
    }
    for (const size of [16, 32] as const) put(jump, [target(40, { size })]);
    put(jump, [target(40, { strict: true })]);
    put(jump, [target(4000, { distance: 'short' })]);
  }
  for (const loop of ['loop', 'loope', 'loopz', 'loopne', 'loopnz', 'jcxz', 'jecxz', 'jrcxz']) {
    put(loop, [target(-20)]);
    for (const counter of ['cx', 'ecx', 'rcx', 'eax'])
      if (loop.startsWith('loop')) put(loop, [target(5), reg(counter)]);
  }
  for (const branch of ['jmp', 'call']) {
    for (const size of [undefined, 16, 32] as const) {
      put(branch, [{ kind: 'far', segment: number(0x10), offset: number(0x1234), size }]);
      put(branch, [{ kind: 'far', segment: number(8), offset: address(label), size }]);
    }
    for (const size of [undefined, 16, 32, 64] as const) {
      for (const distance of ['far', 'near'] as const) put(branch, [mem({ base: 'ebx', size, distance })]);
    }
    put(branch, [mem({ displacement: address(label) })]);
    put(branch, [mem({ displacement: address(here + 30n), relative: true })]);
  }
}

function system() {
  cross('mov', 'cr0 cr2 cr3 cr4 cr8 dr0 dr7 tr6', 'eax rax r9 ax m32 #1');
  cross('mov', 'eax rbx r12 cx', 'cr0 cr4 cr8 dr6 tr7');
  cross('mov', 'es ss ds fs gs', 'ax ecx rdx m m16 m32 al #1');
  cross('mov', 'ax ecx rdx m m16 m32 m64 al', 'es cs gs');
  table('lgdt lidt sgdt sidt', 'm m16 m32 m64 eax');
  table('lldt sldt ltr str lmsw smsw verr verw', 'ax ecx rdx r9w m m16 m32 m64 al');
  table('invlpg clflush fxsave fxrstor xsave xrstor prefetcht0 prefetchnta', 'm m8 m32 m64 eax');
  table('lar lsl', 'ax,cx eax,ecx rax,rcx eax,cx eax,m rax,m16 eax,m32');
  table('les lds lss lfs lgs', 'ax,m eax,m rax,m eax,m32 eax,ecx');
  table('bound', 'ax,m eax,m');
  table('arpl', 'ax,cx m16,dx m,dx eax,ecx');
  table('vmxon vmclear vmptrld vmptrst', 'm m64 m32 rax');
  table('vmcall vmlaunch vmresume vmxoff vmfunc vmmcall vmload vmsave vmrun stgi clgi skinit invlpga', '-');
  table('vmread', 'eax,ecx rax,rcx m,rdx m64,rdx m32,eax r12,r13 ax,cx');
  table('vmwrite', 'eax,ecx rax,rcx rdx,m rdx,m64 eax,m32 ecx,#5');
  table('invept invvpid invpcid', 'eax,m rax,m rcx,m128 r9,m128 eax,m32 m,eax');
  table('rdfsbase wrgsbase', 'eax rax r9 ax m');
  table('rdrand rdseed', 'ax eax rax r9 al m');
}

function floatingPoint() {
  table('fadd fsub fdivr fmul', '- st1 st0,st3 st3,st0 m m32 m64 m80 st1,st2 st0,st0 eax');
  for (const op of ['fadd', 'fsubr', 'faddp']) put(op, [{ kind: 'register', name: 'st4', to: true }]);
  table('faddp fsubp fsubrp fdivp fmulp', '- st1 st3,st0 st0,st3 m32');
  table('fld fst fstp', 'st0 st5 m m32 m64 m80 m16');
  table('fild fist fistp fisttp', 'm m16 m32 m64 st1');
  table('fcom fcomp fucom fucomp fcomi fcomip fucomi fucomip fxch', '- st2 st0,st2 st2,st0 m32 m64 m');
  table('fiadd fidiv ficom', 'm m16 m32 m64');
  table('fcmovb fcmovnu', 'st1 st0,st1');
  table('fstsw fnstsw', 'ax m m16 eax');
  table('fldcw fstcw fnstcw fldenv fstenv fnstenv fsave fnsave frstor fbld fbstp', 'm m16 m32 m80');
  table(
    'finit fninit fclex fnclex fchs fabs ftst fxam fld1 fldpi fldz fsin fcos fsqrt fptan f2xm1 fyl2x fscale frndint fprem fnop fcompp fucompp fincstp fwait',
    '-',
  );
  table('ffree ffreep', 'st1 -');
}

function vectors() {
  cross('movaps movups movdqa movdqu movapd lddqu', 'xmm1 xmm9 m m128 m64 eax', 'xmm2 xmm10 m m128 m32');
  cross('movss movsd movq movd', 'xmm1 xmm9 mm2 m m32 m64 eax rax', 'xmm2 xmm12 mm3 m m32 m64 ecx r9');
  table('movlps movhps movlpd movhpd', 'xmm1,m xmm1,m64 m,xmm2 m64,xmm9 xmm1,xmm2');
  table('movhlps movlhps', 'xmm1,xmm2 xmm1,m');
  table('movntps movntdq movntdqa', 'm,xmm1 m128,xmm9 xmm1,m');
  table('movnti', 'm,eax m32,ecx m64,rdx eax,m');
  table(
    'addps subpd mulss divsd xorps andnpd pxor paddd pand pcmpeqb punpcklbw punpckhqdq pshufb',
    'xmm1,xmm2 xmm9,xmm10 xmm1,m xmm1,m128 xmm1,m64 xmm1,m32 mm1,mm2 mm1,m mm1,m64',
  );
  table('ucomiss comisd sqrtss rsqrtps maxps', 'xmm1,xmm2 xmm1,m xmm9,m32 xmm1,m64 xmm1,m128');
  table('cvtsi2ss cvtsi2sd', 'xmm1,eax xmm1,r9 xmm1,m xmm1,m32 xmm1,m64');
  table('cvttss2si cvtsd2si', 'eax,xmm1 rax,xmm9 eax,m eax,m32 rax,m64');
  table('cvtps2pd cvtpd2ps cvtdq2ps cvtss2sd cvtps2pi', 'xmm1,xmm2 xmm1,m xmm1,m64 xmm1,m128 mm1,xmm2');
  table(
    'shufps pshufd pshufw cmpps cmpsd roundss palignr aeskeygenassist',
    'xmm1,xmm2,#3 xmm1,m,#3 xmm9,m128,#3 mm1,mm2,#1 xmm1,m64,#3',
  );
  table('cmpeqps cmpltss cmpneqsd cmpordpd', 'xmm1,xmm2 xmm1,m');
  table('psllw psrad psrlq pslldq', 'xmm1,#5 mm1,#5 xmm1,xmm2 xmm1,m128 mm1,m64');
  table(
    'pextrw pextrb pextrd pextrq',
    'eax,xmm1,#1 rax,xmm1,#1 m,xmm1,#1 m8,xmm2,#1 m16,xmm2,#1 m32,xmm2,#1 m64,xmm2,#1',
  );
  table('pinsrw pinsrb pinsrd pinsrq', 'xmm1,eax,#1 xmm1,rax,#1 xmm1,m,#1 xmm1,m32,#1 mm1,eax,#1 xmm1,m8,#1');
  table('pmovmskb movmskps', 'eax,xmm1 rax,xmm1 eax,mm1');
  table('ldmxcsr stmxcsr', 'm m32 eax');
  table('aesenc aesdeclast sha1nexte pmulld ptest pabsb', 'xmm1,xmm2 xmm1,m xmm9,m128');
  table(
    'vaddps vsubsd vpxor vpaddb vpand vmulss',
    'xmm1,xmm2,xmm3 ymm1,ymm2,ymm3 xmm9,xmm2,xmm11 xmm1,xmm2,m ymm1,ymm2,m xmm1,xmm2 ymm1,m xmm1,xmm2,m128 xmm1,xmm2,m32',
  );
  table(
    'vmovaps vmovdqu vmovups',
    'xmm1,xmm2 ymm1,ymm12 xmm9,xmm2 xmm1,m ymm1,m256 m,ymm2 m128,xmm9 xmm1,m64',
  );
  table('vmovd vmovq', 'xmm1,eax xmm1,rax xmm1,m m,xmm1 eax,xmm1 rax,xmm1 xmm1,xmm2');
  table('vbroadcastss vpbroadcastd', 'xmm1,m ymm1,m32 ymm1,xmm2');
  table('vinsertf128 vperm2f128', 'ymm1,ymm2,xmm3,#1 ymm1,ymm2,ymm3,#1 ymm1,ymm2,m,#1');
  table('vfmadd213ps vfmadd231sd', 'xmm1,xmm2,xmm3 ymm1,ymm2,m xmm1,xmm2,m64');
  table('vzeroupper vzeroall', '-');
  table(
    'vptest vpshufb vpermq vblendvps vcmpeqps',
    'xmm1,xmm2 xmm1,xmm2,xmm3 ymm1,ymm2,#5 xmm1,xmm2,xmm3,xmm4 ymm1,ymm2,m',
  );
}

/** AVX-512: masks, zeroing, broadcast, rounding, high registers, scaled displacements. */
function evex() {
  const masked = (name: string, mask?: string, zeroing?: boolean): Operand => ({
    kind: 'register',
    name,
    mask,
    zeroing,
  });
  const ops = ['vaddps', 'vpaddd', 'vmulpd', 'vpandq', 'vfmadd231ps', 'vmaxps'];
  for (const op of ops) {
    for (const [a, b, c] of [
      ['xmm1', 'xmm2', 'xmm3'],
      ['ymm1', 'ymm18', 'ymm3'],
      ['zmm1', 'zmm2', 'zmm31'],
      ['zmm1', 'ymm2', 'zmm3'],
    ]) {
      put(op, [reg(a), reg(b), reg(c)]);
      put(op, [masked(a, 'k1'), reg(b), reg(c)]);
      put(op, [masked(a, 'k7', true), reg(b), reg(c)]);
      for (const broadcast of [2, 4, 8, 16]) {
        put(op, [masked(a, 'k2'), reg(b), mem({ base: 'eax', displacement: number(8), broadcast })]);
      }
      for (const displacement of [16, 32, 64, 0x100, 0x1000, 0x2000, -0x2000, 4]) {
        put(op, [reg(a), reg(b), mem({ base: 'eax', displacement: number(displacement) })]);
      }
    }
    for (const rounding of ['rn-sae', 'rd-sae', 'ru-sae', 'rz-sae', 'sae']) {
      all.push({ mnemonic: op, prefixes: [], operands: [reg('zmm1'), reg('zmm2'), reg('zmm3')], rounding });
    }
    for (const encoding of ['{vex}', '{vex3}', '{evex}'])
      put(op, [reg('xmm1'), reg('xmm2'), reg('xmm3')], [encoding]);
  }
  for (const op of ['vmovdqa32', 'vmovups', 'vmovdqu8', 'vcompressps', 'vpexpandd']) {
    put(op, [masked('zmm1', 'k1', true), reg('zmm2')]);
    put(op, [masked('ymm1', 'k1'), mem({ base: 'eax', displacement: number(32) })]);
    put(op, [mem({ base: 'eax', displacement: number(64), mask: 'k3' }), reg('zmm9')]);
  }
  for (const [dest, index] of [
    ['xmm1', 'xmm2'],
    ['ymm1', 'ymm2'],
    ['zmm1', 'zmm30'],
  ]) {
    put('vgatherdps', [masked(dest, 'k1'), mem({ base: 'eax', index, scale: 4 })]);
    put('vpscatterdd', [
      mem({ base: 'eax', index, scale: 4, displacement: number(4), mask: 'k1' }),
      reg(dest),
    ]);
    put('vgatherdps', [reg(dest), mem({ base: 'eax', index, scale: 2 }), reg(dest)]);
  }
  table('kmovb kmovw kmovd', 'k1,k2 k1,eax eax,k3 k1,m m,k2 k1,k2,k3');
  table('kandw kortestb knotd kunpckbw kshiftlw', 'k1,k2 k1,k2,k3 k1,k2,#5');
  table('vpcmpeqd vpcmpgtb vptestmd', 'k1,xmm2,xmm3 k1,zmm2,zmm3 xmm1,xmm2,xmm3 k2,zmm9,m512');
  table('vpternlogd vpermi2d vpermb valignq', 'zmm1,zmm2,zmm3,#5 zmm1,zmm2,zmm3 xmm1,xmm2,m');
  table(
    'vpmovqd vpmovwb vextracti64x4 vinserti32x8 vpconflictd',
    'ymm1,zmm2 m,zmm3 ymm1,zmm2,#1 zmm1,zmm2,ymm3,#1 zmm1,zmm2 m256,zmm1,#1',
  );
}

const displacements: (Value | undefined)[] = [
  undefined,
  number(0),
  number(1),
  number(127),
  number(128),
  number(-128),
  number(-129),
  number(0x7fff),
  number(0xff80),
  number(0x12345678),
  number(0xffffffff),
  address(label),
];

function addressing() {
  for (const size of [undefined, 8, 16, 32, 64] as const) {
    for (const displacement of displacements) {
      for (const accumulator of ['al', 'eax', 'ecx', 'rax']) {
        put('mov', [
          reg(accumulator),
          mem({ displacement: displacement ?? number(0x1234), displacementSize: size }),
        ]);
      }
      for (const base of ['bx', 'bp', 'eax', 'ebp', 'esp', 'rdx', 'r12', 'r13']) {
        if (size !== undefined && displacement === displacements[7]) continue;
        put('add', [mem({ base, displacement, displacementSize: size }), reg('ecx')]);
      }
    }
  }
  const words = ['bx', 'bp', 'si', 'di', 'ax', 'sp'];
  for (const base of words) for (const index of words) put('mov', [reg('dl'), mem({ base, index })]);
  for (const displacement of displacements)
    put('mov', [reg('dx'), mem({ base: 'bp', index: 'si', displacement })]);
  const longs = ['eax', 'esp', 'ebp', 'esi'];
  for (const base of [...longs, undefined]) {
    for (const index of longs) {
      for (const scale of [1, 2, 4, 8] as const) put('mov', [reg('bh'), mem({ base, index, scale })]);
      put('lea', [reg('edi'), mem({ base, index, scale: 2, displacement: number(100), nosplit: true })]);
      put('lea', [reg('edi'), mem({ base, index, scale: 1, displacement: number(100), nosplit: true })]);
    }
  }
  const quads = ['rax', 'rsp', 'rbp', 'r12', 'r13', 'r15'];
  for (const base of [...quads, undefined]) {
    for (const index of [...quads, undefined]) {
      for (const scale of index ? ([1, 2, 8] as const) : ([1] as const)) {
        put('mov', [
          reg('r8'),
          mem({ base, index, scale, displacement: base || index ? undefined : number(5) }),
        ]);
        put('cmp', [mem({ base, index, scale, displacement: number(0x80), size: 8 }), imm(7)]);
      }
    }
  }
  for (const [base, index] of [
    ['eax', 'cx'],
    ['rax', 'ecx'],
    ['eax', 'rcx'],
    ['bx', 'esi'],
    ['r8d', 'r9d'],
    ['al', 'ecx'],
    ['ds', 'eax'],
  ]) {
    put('mov', [reg('eax'), mem({ base, index })]);
  }
  for (const segment of ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const) {
    put('mov', [reg('eax'), mem({ base: 'eax', segment })]);
    put('mov', [mem({ displacement: number(0x20), segment }), reg('al')]);
    put('inc', [mem({ base: 'rbp', segment, size: 64 })]);
  }
  for (const relative of [true, false, undefined]) {
    for (const displacement of [number(0x1234), address(here + 50n), address(label)]) {
      if (relative === true && displacement.value === label) continue;
      if (relative !== true && displacement.value === here + 50n) continue;
      for (const segment of [undefined, 'fs'] as const) {
        for (const r of ['eax', 'rcx']) put('mov', [reg(r), mem({ displacement, relative, segment })]);
        put('mov', [mem({ displacement, relative, segment, size: 32 }), imm(0x11223344)]);
        put('add', [mem({ displacement, relative, segment, size: 16 }), imm(5)]);
      }
    }
  }
}

function immediates() {
  const values = [0, 1, 127, 128, 255, 256, -1, -128, -129, 0x7fff, 0xff80, 0xffff, 0x10000, 0x7fffffff];
  const wide = [
    0x80000000n,
    0xffffff80n,
    0xffffffffn,
    0x100000000n,
    0xffffffff80000000n,
    0x123456789abcdef0n,
  ];
  for (const value of [...values, ...wide]) {
    for (const size of [undefined, 8, 16, 32, 64] as const) {
      for (const strict of size === undefined || value === 1 ? [false, true] : [false]) {
        const i = imm(value, { size, strict });
        put('push', [i]);
        for (const r of ['bl', 'ax', 'cx', 'edx', 'rax', 'rbx']) {
          if (size === undefined || r === 'cx' || r === 'rbx' || r === 'edx') put('add', [reg(r), i]);
          if (size === undefined || r === 'rbx' || r === 'edx') put('mov', [reg(r), i]);
        }
        put('and', [mem({ base: 'ebx', size: 32 }), i]);
        if (size) put('cmp', [mem({ base: 'ebx' }), i]);
        put('imul', [reg('edx'), reg('ecx'), i]);
      }
    }
  }
  for (const size of [undefined, 8, 16, 32, 64] as const) {
    const i: Operand = { kind: 'immediate', value: address(label), size };
    put('push', [i]);
    for (const r of ['al', 'cx', 'edx', 'rax', 'r9']) {
      put('mov', [reg(r), i]);
      put('add', [reg(r), i]);
    }
    put('mov', [mem({ base: 'ebx', size: 64 }), i]);
    put('sub', [mem({ base: 'ebx', size: 32 }), i]);
  }
}

function prefixes() {
  for (const prefix of [
    'rep',
    'repe',
    'repne',
    'lock',
    'a16',
    'a32',
    'a64',
    'o16',
    'o32',
    'o64',
    'es',
    'fs',
    'wait',
    'bnd',
  ]) {
    put('movsb', [], [prefix]);
    put('stosd', [], [prefix]);
    put('nop', [], [prefix]);
    put('push', [imm(5)], [prefix]);
    put('push', [reg('fs')], [prefix]);
    put('iret', [], [prefix]);
    put('ret', [], [prefix]);
    put('retf', [], [prefix]);
    put('add', [mem({ base: 'ebx' }), reg('ecx')], [prefix]);
    put('mov', [reg('eax'), mem({ displacement: number(0x1234) })], [prefix]);
    put('mov', [reg('ax'), reg('cx')], [prefix]);
    put('jmp', [target(9)], [prefix]);
    put('loop', [target(9)], [prefix]);
  }
  put('add', [mem({ base: 'ebx' }), reg('ecx')], ['lock', 'es', 'a32', 'o32']);
  put('add', [mem({ base: 'ebx', segment: 'gs' }), reg('ecx')], ['o16', 'rep', 'lock']);
  put('add', [mem({ base: 'ebx', segment: 'gs' }), reg('ecx')], ['fs']);
  put('movsb', [], ['rep', 'rep']);
  put('movsb', [], ['rep', 'repne']);
  put('nop', [], ['o16', 'o32']);
  for (const high of ['ah', 'bh']) {
    for (const other of ['r8b', 'sil', 'al']) put('mov', [reg(high), reg(other)]);
    put('mov', [reg(high), mem({ base: 'r9' })]);
    put('movzx', [reg('eax'), reg(high)]);
    put('movzx', [reg('r8d'), reg(high)]);
  }
}

/** Every statement of the comparison, without duplicates, in a fixed order. */
export function cases(): InstructionStatement[] {
  if (all.length === 0) {
    integer();
    stackAndFlow();
    system();
    floatingPoint();
    vectors();
    evex();
    addressing();
    immediates();
    prefixes();
  }
  return all;
}
