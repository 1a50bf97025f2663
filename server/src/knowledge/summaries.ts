/**
 * One sentence for every instruction. Each line of the table names
 * instructions, then says what they do; families with regular names
 * (conditions, vector types) are put together from their parts.
 */
import { intelName } from '@hyperstep/assembler';

const TABLE = `
mov: Copies the source to the destination; no flags change.
movabs: Moves a 64-bit immediate or absolute address.
movsx movsxd: Copies with the sign extended to the destination’s size.
movzx: Copies with zeros in front, up to the destination’s size.
xchg: Exchanges two operands; with memory the bus is locked.
bswap: Reverses the bytes of a register.
cbw: Extends the sign of AL into AX.
cwde: Extends the sign of AX into EAX.
cdqe: Extends the sign of EAX into RAX.
cwd: Extends the sign of AX into DX:AX.
cdq: Extends the sign of EAX into EDX:EAX.
cqo: Extends the sign of RAX into RDX:RAX.
lea: Computes the address of a memory operand without accessing memory.
push: Decrements the stack pointer and stores the operand there.
pop: Loads the operand from the stack and increments the stack pointer.
pusha pushaw pushad: Pushes all eight general registers.
popa popaw popad: Pops seven general registers and skips the stack pointer.
pushf pushfw pushfd pushfq: Pushes the flags register.
popf popfw popfd popfq: Pops the flags register; IOPL and IF only as far as the privilege level allows.
lahf: Copies SF, ZF, AF, PF and CF into AH.
sahf: Loads SF, ZF, AF, PF and CF from AH.
add: Adds the source to the destination.
adc: Adds the source and the carry flag to the destination.
sub: Subtracts the source from the destination.
sbb: Subtracts the source and the carry flag from the destination.
inc: Adds 1; the carry flag keeps its value.
dec: Subtracts 1; the carry flag keeps its value.
neg: Replaces the operand by its two’s complement; CF is 0 only for zero.
cmp: Subtracts without storing the result: only the flags change.
mul: Multiplies the accumulator by the operand, unsigned; the upper half goes to (R/E)DX or AH.
imul: Multiplies signed; with two or three operands only the lower half is kept.
mulx: Multiplies unsigned without touching flags; the result goes to two registers.
div: Divides (R/E)DX:(R/E)AX by the operand, unsigned: quotient in the accumulator, remainder in DX or AH.
idiv: Divides (R/E)DX:(R/E)AX by the operand, signed, rounding towards zero.
adcx: Adds with CF as carry, leaving the other flags alone.
adox: Adds with OF as carry, leaving the other flags alone.
xadd: Adds and leaves the destination’s old value in the source.
cmpxchg: Compares the accumulator with the destination; if equal stores the source, else loads the accumulator.
cmpxchg8b: Compares EDX:EAX with 8 bytes of memory; if equal stores ECX:EBX, else loads EDX:EAX.
cmpxchg16b: Compares RDX:RAX with 16 bytes of memory; if equal stores RCX:RBX, else loads RDX:RAX.
daa: Adjusts AL after adding packed decimal numbers.
das: Adjusts AL after subtracting packed decimal numbers.
aaa: Adjusts AX after adding unpacked decimal digits.
aas: Adjusts AX after subtracting unpacked decimal digits.
aam: Splits AL into two decimal digits (AH = AL / base, AL = AL mod base).
aad: Joins two decimal digits in AX to a number, before a division.
and: Bitwise AND; CF and OF become 0.
or: Bitwise OR; CF and OF become 0.
xor: Bitwise exclusive OR; CF and OF become 0. A register with itself becomes 0.
not: Inverts every bit; no flags change.
andn: Bitwise AND of the inverted first source with the second.
test: Bitwise AND without storing the result: only the flags change.
shl sal: Shifts left, filling with zeros; the last bit shifted out goes to CF.
shr: Shifts right, filling with zeros; the last bit shifted out goes to CF.
sar: Shifts right, keeping the sign; the last bit shifted out goes to CF.
shld: Shifts left, filling from the upper bits of the second operand.
shrd: Shifts right, filling from the lower bits of the second operand.
rol: Rotates left; CF is the bit that went round.
ror: Rotates right; CF is the bit that went round.
rcl: Rotates left through the carry flag.
rcr: Rotates right through the carry flag.
rorx: Rotates right by a constant without touching flags.
shlx: Shifts left without touching flags.
shrx: Shifts right without touching flags.
sarx: Shifts right, keeping the sign, without touching flags.
bt: Copies the selected bit into CF.
bts: Copies the selected bit into CF and sets it.
btr: Copies the selected bit into CF and clears it.
btc: Copies the selected bit into CF and inverts it.
bsf: Finds the lowest 1 bit; for 0 the destination is undefined and ZF is 1.
bsr: Finds the highest 1 bit; for 0 the destination is undefined and ZF is 1.
lzcnt: Counts the leading zero bits.
tzcnt: Counts the trailing zero bits.
popcnt: Counts the 1 bits.
bextr: Extracts a field of bits given by start and length.
blsi: Isolates the lowest 1 bit.
blsr: Clears the lowest 1 bit.
blsmsk: Makes a mask up to and including the lowest 1 bit.
bzhi: Clears all bits from a given position upwards.
pdep: Deposits low bits at the positions of a mask.
pext: Extracts the bits at the positions of a mask into the low bits.
crc32: Accumulates a CRC-32C checksum.
jmp: Continues at the target.
call: Pushes the return address and continues at the target.
ret retn retw retd retq: Pops the return address and continues there; an operand releases arguments.
retf retfw retfd retfq: Pops a far return address with its code segment; may change to an outer ring, and then also pops the stack.
iret iretw iretd iretq: Returns from an interrupt: pops IP, CS and flags, and the stack pointer where the ring changes (always in 64-bit mode).
int: Raises the software interrupt of that vector, through the IDT.
int3: Raises a breakpoint exception (#BP); one byte long, for debuggers.
int1 icebp int01 smi: Raises a debug exception (#DB) as hardware would.
into: Raises an overflow exception (#OF) if OF is 1.
bound: Raises #BR if an index is outside two bounds in memory.
loop: Decrements the counter (R/E)CX and jumps while it is not 0; no flags change.
loope loopz: Decrements the counter and jumps while it is not 0 and ZF is 1.
loopne loopnz: Decrements the counter and jumps while it is not 0 and ZF is 0.
jcxz jecxz jrcxz: Jumps if the counter register is 0.
enter: Makes a stack frame: pushes (R/E)BP and reserves room for locals.
leave: Releases a stack frame: (R/E)SP from (R/E)BP, then pops (R/E)BP.
nop: Does nothing.
endbr32 endbr64: Marks a valid target of indirect branches (CET); does nothing otherwise.
ud0 ud1 ud2 ud2a ud2b: Raises an invalid-opcode exception (#UD), by definition.
pause: Tells the processor that this is a spin-wait loop.
movsb movsw movsq: Copies from [(R/E)SI] to [(R/E)DI] and moves both pointers by the direction flag.
cmpsb cmpsw cmpsq: Compares [(R/E)SI] with [(R/E)DI] and moves both pointers.
scasb scasw scasd scasq: Compares the accumulator with [(R/E)DI] and moves the pointer.
lodsb lodsw lodsd lodsq: Loads the accumulator from [(R/E)SI] and moves the pointer.
stosb stosw stosd stosq: Stores the accumulator at [(R/E)DI] and moves the pointer.
insb insw insd: Reads from the port in DX to [(R/E)DI] and moves the pointer.
outsb outsw outsd: Writes [(R/E)SI] to the port in DX and moves the pointer.
in: Reads from an I/O port into the accumulator.
out: Writes the accumulator to an I/O port.
xlat xlatb: Loads AL from the table at [(R/E)BX + AL].
clc: Clears the carry flag.
stc: Sets the carry flag.
cmc: Inverts the carry flag.
cld: Clears the direction flag: string instructions go upwards.
std: Sets the direction flag: string instructions go downwards.
cli: Clears the interrupt flag: maskable interrupts wait.
sti: Sets the interrupt flag; interrupts come in after the next instruction.
clac: Clears AC: with SMAP the kernel may not touch user pages.
stac: Sets AC: with SMAP the kernel may touch user pages.
hlt: Stops until an interrupt, NMI or reset arrives.
cpuid: Reports the processor’s features: leaf in EAX, subleaf in ECX; answers in EAX, EBX, ECX, EDX.
rdtsc: Reads the time-stamp counter into EDX:EAX.
rdtscp: Reads the time-stamp counter into EDX:EAX and TSC_AUX into ECX, after all earlier instructions.
rdpmc: Reads the performance counter selected by ECX into EDX:EAX.
rdpid: Reads TSC_AUX, by convention the processor’s number.
rdpru: Reads a processor register selected by ECX for unprivileged code (AMD).
rdrand: Reads a random number; CF is 1 if there was one.
rdseed: Reads entropy for seeding a generator; CF is 1 if there was some.
rdmsr: Reads the model-specific register in ECX into EDX:EAX.
wrmsr: Writes EDX:EAX to the model-specific register in ECX.
rdfsbase rdgsbase: Reads the base of FS or GS.
wrfsbase wrgsbase: Writes the base of FS or GS.
swapgs: Exchanges GS.base with the MSR KERNEL_GS_BASE; for the entry into a 64-bit kernel.
syscall: Fast call into ring 0: RCX = RIP, R11 = RFLAGS, RIP from LSTAR, CS and SS from STAR.
sysret sysretq sysretd: Returns from SYSCALL to ring 3: RIP from RCX, RFLAGS from R11.
sysenter: Fast call into ring 0 by the SYSENTER MSRs; saves nothing.
sysexit sysexitq: Returns from SYSENTER to ring 3 with EIP from EDX and ESP from ECX.
lgdt: Loads the global descriptor table register: limit and base.
sgdt: Stores the global descriptor table register.
lidt: Loads the interrupt descriptor table register: limit and base.
sidt: Stores the interrupt descriptor table register.
lldt: Loads the local descriptor table register with a selector of the GDT.
sldt: Stores the selector of the local descriptor table.
ltr: Loads the task register with the selector of a TSS and marks it busy.
str: Stores the selector of the current TSS.
lmsw: Loads the low four bits of CR0; cannot clear PE.
smsw: Stores the low bits of CR0.
clts: Clears CR0.TS, the task-switched flag.
lar: Loads the access rights of a descriptor; ZF is 1 if it is visible.
lsl: Loads the limit of a descriptor; ZF is 1 if it is visible.
verr: Sets ZF if a segment can be read at this privilege level.
verw: Sets ZF if a segment can be written at this privilege level.
arpl: Raises the RPL of a selector to that of another.
lds les lfs lgs lss: Loads a far pointer: the segment register and a general register.
invlpg: Invalidates the TLB entries of the page that contains the address.
invpcid: Invalidates TLB entries by process-context identifier.
invlpga: Invalidates the TLB entry of an address and an ASID (SVM).
invlpgb: Invalidates TLB entries on all processors (AMD).
tlbsync: Waits until broadcast TLB invalidations are done (AMD).
invd: Empties the caches without writing back: modified data is lost.
wbinvd: Writes back all modified cache lines and empties the caches.
wbnoinvd: Writes back all modified cache lines and keeps them valid.
clflush: Writes back and invalidates the cache line of an address.
clflushopt: As CLFLUSH, with weaker ordering.
clwb: Writes back the cache line of an address and may keep it.
cldemote: Hints that a cache line should move to a farther level.
prefetch prefetchw prefetchwt1 prefetcht0 prefetcht1 prefetcht2 prefetchnta prefetchit0 prefetchit1: Hints that a cache line will be needed soon.
mfence: Orders all loads and stores before it before those after it.
lfence: Waits until all earlier instructions are complete; orders loads.
sfence: Orders all stores before it before those after it.
serialize: Waits until everything before it is complete and drains the pipeline.
monitor monitorx: Arms the monitor on the line at [(R/E)AX] for MWAIT.
mwait mwaitx: Waits in a light sleep until the monitored line is written or an interrupt arrives.
umonitor: Arms the monitor for UMWAIT in user mode.
umwait: Waits until the monitored line is written or the TSC reaches a deadline.
tpause: Pauses until the TSC reaches a deadline.
rsm: Returns from system-management mode.
xgetbv: Reads an extended control register (XCR0 for ECX = 0) into EDX:EAX.
xsetbv: Writes EDX:EAX to an extended control register (XCR0 for ECX = 0).
xsave xsave64: Saves the processor’s extended state selected by EDX:EAX.
xsavec xsavec64: Saves extended state in compacted form.
xsaveopt xsaveopt64: Saves only extended state that was modified.
xsaves xsaves64: Saves extended and supervisor state in compacted form.
xrstor xrstor64: Restores extended state selected by EDX:EAX.
xrstors xrstors64: Restores extended and supervisor state.
fxsave fxsave64: Saves x87, MMX and SSE state in 512 bytes.
fxrstor fxrstor64: Restores x87, MMX and SSE state.
ldmxcsr vldmxcsr: Loads the SSE control and status register MXCSR.
stmxcsr vstmxcsr: Stores the SSE control and status register MXCSR.
getsec: Safer Mode Extensions: the leaf in EAX selects the function.
vmcall: Calls the VMM from a guest: a VM exit with reason 18.
vmmcall: Calls the VMM from a guest on AMD processors.
vmclear: Writes a VMCS back to memory and makes its launch state clear.
vmptrld: Makes a VMCS current: VMREAD, VMWRITE and VM entries then use it.
vmptrst: Stores the address of the current VMCS.
vmread: Reads a field of the current VMCS.
vmwrite: Writes a field of the current VMCS.
vmlaunch: Enters the guest of the current VMCS, whose launch state must be clear.
vmresume: Enters the guest of the current VMCS again, after an earlier VMLAUNCH.
vmxon: Enters VMX root operation; the operand is the VMXON region.
vmxoff: Leaves VMX operation.
vmfunc: Calls a VM function from a guest without a VM exit, such as switching the EPT.
invept: Invalidates cached EPT mappings.
invvpid: Invalidates cached linear mappings of a VPID.
vmrun: Enters the guest described by the VMCB at the address in RAX (SVM).
vmload: Loads FS, GS, TR, LDTR and system-call MSRs from the VMCB at RAX (SVM).
vmsave: Saves FS, GS, TR, LDTR and system-call MSRs to the VMCB at RAX (SVM).
stgi: Sets the global interrupt flag (SVM).
clgi: Clears the global interrupt flag: even NMIs wait (SVM).
skinit: Starts a verified secure loader (SVM).
movbe: Copies with the bytes reversed.
movnti: Stores a register past the caches.
movdiri: Stores a register directly, past the caches and write-combined.
movdir64b: Copies 64 bytes directly, as one write.
enqcmd enqcmds: Writes a 64-byte command to a device’s queue; ZF is 1 if it was not accepted.
xabort: Aborts a transaction with a code.
xbegin: Begins a transaction; the operand is where an abort continues.
xend: Commits a transaction.
xtest: Clears ZF inside a transaction, sets it outside.
rep movsb: Copies (R/E)CX bytes.
salc: Sets AL to FFh if the carry flag is 1, to 0 otherwise (undocumented).
umov: Moves past the debugging hardware of the 386.
wait fwait: Waits for pending x87 exceptions.
fninit finit: Puts the x87 unit into its initial state.
fld: Pushes a floating-point value onto the x87 stack.
fst: Stores the top of the x87 stack.
fstp: Stores the top of the x87 stack and pops it.
fild: Pushes an integer, converted, onto the x87 stack.
fist: Stores the top of the x87 stack as an integer.
fistp: Stores the top of the x87 stack as an integer and pops it.
fisttp: Stores the top of the x87 stack as a truncated integer and pops it.
fbld: Pushes a packed decimal number.
fbstp: Stores the top of the x87 stack as a packed decimal number and pops it.
fld1: Pushes 1.0.
fldz: Pushes 0.0.
fldpi: Pushes π.
fldl2e: Pushes log2 e.
fldl2t: Pushes log2 10.
fldlg2: Pushes log10 2.
fldln2: Pushes ln 2.
fadd faddp fiadd: Adds floating-point values.
fsub fsubp fisub: Subtracts floating-point values.
fsubr fsubrp fisubr: Subtracts with the operands reversed.
fmul fmulp fimul: Multiplies floating-point values.
fdiv fdivp fidiv: Divides floating-point values.
fdivr fdivrp fidivr: Divides with the operands reversed.
fabs: Clears the sign of st0.
fchs: Inverts the sign of st0.
fsqrt: Square root of st0.
fsin: Sine of st0.
fcos: Cosine of st0.
fsincos: Replaces st0 by its sine and pushes its cosine.
fptan: Replaces st0 by its tangent and pushes 1.0.
fpatan: Arctangent of st1 / st0.
fprem fprem1: Remainder of st0 / st1.
frndint: Rounds st0 to an integer.
fscale: Scales st0 by a power of two.
fxtract: Splits st0 into exponent and significand.
f2xm1: 2 to the power of st0, minus 1.
fyl2x: st1 · log2 st0.
fyl2xp1: st1 · log2 (st0 + 1).
fcom fcomp fcompp ficom ficomp: Compares floating-point values; the result goes to the x87 condition codes.
fucom fucomp fucompp: Compares, quiet for quiet NaNs; the result goes to the x87 condition codes.
fcomi fcomip fucomi fucomip: Compares floating-point values; the result goes to ZF, PF and CF.
ftst: Compares st0 with 0.0.
fxam: Says what kind of value st0 is.
fxch: Exchanges st0 with another x87 register.
ffree: Marks an x87 register as empty.
fincstp: Increments the x87 stack pointer.
fdecstp: Decrements the x87 stack pointer.
fldcw: Loads the x87 control word.
fstcw fnstcw: Stores the x87 control word.
fstsw fnstsw: Stores the x87 status word.
fclex fnclex: Clears the x87 exception flags.
fldenv: Loads the x87 environment.
fstenv fnstenv: Stores the x87 environment.
frstor: Restores the x87 state.
fsave fnsave: Saves the x87 state and initialises the unit.
fnop: Does nothing in the x87 unit.
emms femms: Empties the MMX state, so that x87 code can follow.
movd vmovd: Moves 32 bits between a vector register and a general register or memory.
movq vmovq: Moves 64 bits between a vector register and a general register, memory or another one.
movaps movapd vmovaps vmovapd: Moves packed floating-point values; memory must be aligned.
movups movupd vmovups vmovupd: Moves packed floating-point values; memory need not be aligned.
movdqa vmovdqa vmovqqa vmovdqa32 vmovdqa64: Moves packed integers; memory must be aligned.
movdqu vmovdqu vmovqqu vldqqu vmovdqu8 vmovdqu16 vmovdqu32 vmovdqu64 lddqu vlddqu: Moves packed integers; memory need not be aligned.
movntdq movntps movntpd vmovntdq vmovntqq vmovntps vmovntpd movntq: Stores a vector past the caches.
movntdqa vmovntdqa: Loads a vector with a non-temporal hint.
movss vmovss: Moves one single-precision value.
vmovsd: Moves one double-precision value.
movsd: Copies a doubleword from [(R/E)SI] to [(R/E)DI]; with xmm operands moves one double-precision value.
cmpsd: Compares doublewords at [(R/E)SI] and [(R/E)DI]; with xmm operands compares double-precision values.
movhlps vmovhlps: Moves the high two singles to the low half.
movlhps vmovlhps: Moves the low two singles to the high half.
movhps movhpd vmovhps vmovhpd: Moves the high half of a vector register.
movlps movlpd vmovlps vmovlpd: Moves the low half of a vector register.
movmskps movmskpd vmovmskps vmovmskpd: Collects the signs of packed values into a general register.
pmovmskb vpmovmskb: Collects the top bit of every byte into a general register.
maskmovdqu maskmovq vmaskmovdqu: Stores selected bytes at [(R/E)DI].
vzeroall: Clears all vector registers.
vzeroupper: Clears the upper halves of all vector registers.
pxor vpxor vpxord vpxorq xorps xorpd vxorps vxorpd: Bitwise exclusive OR of vectors.
por vpor vpord vporq orps orpd vorps vorpd: Bitwise OR of vectors.
pand vpand vpandd vpandq andps andpd vandps vandpd: Bitwise AND of vectors.
pandn vpandn vpandnd vpandnq andnps andnpd vandnps vandnpd: Bitwise AND of the inverted first vector with the second.
pshufb vpshufb: Rearranges bytes by a vector of indexes.
pshufd vpshufd: Rearranges doublewords by a constant.
shufps shufpd vshufps vshufpd: Selects elements of two vectors by a constant.
palignr vpalignr: Takes bytes out of two joined vectors.
ptest vptest: Sets ZF and CF by AND and AND NOT of two vectors.
pclmulqdq vpclmulqdq: Multiplies without carries (polynomials over GF(2)).
aesenc vaesenc: One round of AES encryption.
aesenclast vaesenclast: The last round of AES encryption.
aesdec vaesdec: One round of AES decryption.
aesdeclast vaesdeclast: The last round of AES decryption.
aesimc vaesimc: Inverse mix columns of an AES round key.
aeskeygenassist vaeskeygenassist: Helps to generate AES round keys.
comiss comisd vcomiss vcomisd: Compares scalars; the result goes to ZF, PF and CF.
ucomiss ucomisd vucomiss vucomisd: Compares scalars, quiet for quiet NaNs; the result goes to ZF, PF and CF.
cvtsi2sd cvtsi2ss vcvtsi2sd vcvtsi2ss: Converts an integer to a floating-point value.
cvttsd2si cvttss2si vcvttsd2si vcvttss2si: Converts a floating-point value to an integer, truncating.
cvtsd2si cvtss2si vcvtsd2si vcvtss2si: Converts a floating-point value to an integer, rounding.
cvtss2sd vcvtss2sd: Converts single to double precision.
cvtsd2ss vcvtsd2ss: Converts double to single precision.
aadd: Adds to memory atomically, without ordering or result.
aand: ANDs to memory atomically, without ordering or result.
aor: ORs to memory atomically, without ordering or result.
axor: XORs to memory atomically, without ordering or result.
clzero: Writes zeros to the cache line at RAX (AMD).
clui: Clears the user interrupt flag.
stui: Sets the user interrupt flag.
testui: Copies the user interrupt flag into CF.
uiret: Returns from a user interrupt handler.
senduipi: Sends a user interrupt.
rdpkru: Reads the protection-key rights into EAX.
wrpkru: Writes the protection-key rights from EAX.
rdsspd rdsspq: Reads the shadow stack pointer.
incsspd incsspq: Pops entries off the shadow stack.
saveprevssp: Saves a token of the previous shadow stack.
rstorssp: Switches to another shadow stack.
setssbsy: Marks the supervisor shadow stack busy and switches to it.
clrssbsy: Marks a supervisor shadow stack free.
wrssd wrssq wrussd wrussq: Writes to a shadow stack.
ptwrite: Writes a value into the processor trace.
hreset: Resets the history of hardware predictions.
pconfig: Configures platform features, by the leaf in EAX.
encls enclu enclv: SGX enclave function selected by EAX.
loadiwkey: Loads the internal wrapping key of Key Locker.
rdmsrlist wrmsrlist: Reads or writes a list of model-specific registers.
wrmsrns: Writes a model-specific register without serializing.
seamcall: Enters the TDX module.
tdcall: Calls the TDX module from a trust domain.
vmgexit: Calls the hypervisor from an SEV-ES guest.
pvalidate: Validates a page of an SEV-SNP guest.
rmpadjust: Changes a page’s permissions of lower privilege levels (SEV-SNP).
rmpupdate: Changes an entry of the reverse map table (SEV-SNP).
rmpquery: Reads a page’s permissions (SEV-SNP).
psmash: Splits a 2 MiB entry of the reverse map table (SEV-SNP).
erets: Returns from an event to the same ring (FRED).
eretu: Returns from an event to ring 3 (FRED).
lkgs: Loads GS into KERNEL_GS_BASE.
bndmk: Makes MPX bounds. 
bndcl bndcu bndcn: Checks an address against MPX bounds.
bndmov bndldx bndstx: Moves, loads or stores MPX bounds.
blcfill blci blcic blcmsk blcs blsfill blsic t1mskc tzmsk: Manipulates trailing bits (AMD TBM).
sha1rnds4: Four rounds of SHA-1.
sha1nexte sha1msg1 sha1msg2: Helps to compute SHA-1.
sha256rnds2: Two rounds of SHA-256.
sha256msg1 sha256msg2: Computes the message schedule of SHA-256.
gf2p8mulb vgf2p8mulb: Multiplies bytes in GF(2^8).
gf2p8affineqb gf2p8affineinvqb vgf2p8affineqb vgf2p8affineinvqb: Transforms bytes by a matrix over GF(2).
ldtilecfg sttilecfg: Loads or stores the AMX tile configuration.
tileloadd tileloaddt1: Loads an AMX tile.
tilestored: Stores an AMX tile.
tilezero tilerelease: Clears an AMX tile, or all of them.
tdpbf16ps tdpbssd tdpbsud tdpbusd tdpbuud tdpfp16ps: Dot products of AMX tiles, accumulated.
movdq2q movq2dq: Moves 64 bits between an MMX and an xmm register.
movddup vmovddup: Duplicates the low double-precision value.
movshdup movsldup vmovshdup vmovsldup: Duplicates the odd or even single-precision values.
movntsd movntss: Stores a scalar past the caches (AMD).
vmovw vmovsh: Moves 16 bits.
mpsadbw vmpsadbw vdbpsadbw: Sums absolute differences of byte groups.
phminposuw vphminposuw: Finds the smallest word and its position.
extractps vextractps: Extracts a single-precision value.
insertps vinsertps: Inserts a single-precision value.
vtestps vtestpd: Sets ZF and CF by the signs of AND and AND NOT.
vp2intersectd vp2intersectq: Makes masks of the elements two vectors have in common.
xresldtrk xsusldtrk: Resumes or suspends tracking of loads in a transaction.
ffreep: Marks an x87 register as empty and pops.
lock: Makes the instruction that follows atomic.
rep repe repz: Repeats a string instruction while the counter is not 0 (and, comparing, ZF is 1).
repne repnz: Repeats a comparing string instruction while the counter is not 0 and ZF is 0.
int03: The breakpoint exception, in one byte.
retnw retnd retnq: Returns near with a return address of the given size.
cmpxchg486: Compare and exchange with the opcode of the first 486 processors.
ibts: Inserts a bit string (first 386 processors only).
xbts: Extracts a bit string (first 386 processors only).
loadall286: Loads all registers, descriptor caches included, from address 0x800 (286 only).
loadall: Loads all registers, descriptor caches included, from ES:EDI (386 only).
fdisi fndisi: Disables the interrupts of the 8087; does nothing since the 287.
feni fneni: Enables the interrupts of the 8087; does nothing since the 287.
fsetpm: Puts the 287 into protected mode; does nothing since the 387.
jmpe: Jumps to code of the IA-64 architecture (Itanium only).
extrq: Extracts a bit field from the low quadword (AMD SSE4a).
insertq: Inserts a bit field into the low quadword (AMD SSE4a).
mcommit: Waits until the stores before it are in memory; CF says whether none failed (AMD).
llwpcb: Loads the address of the control block of lightweight profiling (AMD).
slwpcb: Stores the address of the control block of lightweight profiling (AMD).
lwpins: Puts an event into the ring buffer of lightweight profiling (AMD).
lwpval: Counts down and, at zero, puts a value into the ring buffer of lightweight profiling (AMD).
pbndkb: Encrypts information so that only this platform can use it (Intel TSE).
seamret: Returns from the SEAM module, such as TDX’s, to the VMM.
montmul: Montgomery multiplication of long numbers (VIA PadLock).
xcryptecb xcryptcbc xcryptctr xcryptcfb xcryptofb: Encrypts or decrypts blocks with AES in the mode of its name (VIA PadLock).
xsha1 xsha256: Computes a SHA hash of memory (VIA PadLock).
xstore: Stores random bytes (VIA PadLock).
bb0_reset bb1_reset: Resets a pointer into the blit buffer (Cyrix MediaGX).
cpu_read: Reads the internal register that EBX names into EAX (Cyrix MediaGX).
cpu_write: Writes EAX to the internal register that EBX names (Cyrix MediaGX).
dmint: Enters debug management mode (AMD Geode).
rdm: Returns from debug management mode (AMD Geode).
smint smintold: Enters system management mode (Cyrix).
rdshr: Reads the pointer to the header of system management mode (Cyrix).
wrshr: Writes the pointer to the header of system management mode (Cyrix).
svdc: Saves a segment register with its descriptor to memory (Cyrix).
rsdc: Restores a segment register with its descriptor from memory (Cyrix).
svldt: Saves LDTR with its descriptor to memory (Cyrix).
rsldt: Restores LDTR with its descriptor from memory (Cyrix).
svts: Saves the task register with its descriptor to memory (Cyrix).
rsts: Restores the task register with its descriptor from memory (Cyrix).
paveb: Average of packed bytes (Cyrix).
pdistib: Adds the distances of packed bytes to the implied register (Cyrix).
pmagw: Keeps of each two packed words the one of larger magnitude (Cyrix).
pmvzb: Copies the bytes whose byte in the implied register is zero (Cyrix).
pmvnzb: Copies the bytes whose byte in the implied register is not zero (Cyrix).
pmvlzb: Copies the bytes whose byte in the implied register is negative (Cyrix).
pmvgezb: Copies the bytes whose byte in the implied register is not negative (Cyrix).
`;

const summaries = new Map<string, string>();
for (const line of TABLE.split('\n')) {
  const cut = line.indexOf(': ');
  if (cut < 0) continue;
  for (const name of line.slice(0, cut).split(' ')) summaries.set(name, line.slice(cut + 2));
}

/** Condition codes in words (SDM vol. 1, appendix B). */
const CONDITIONS: Readonly<Record<string, string>> = {
  o: 'overflow (OF = 1)',
  no: 'no overflow (OF = 0)',
  b: 'below, unsigned (CF = 1)',
  ae: 'above or equal, unsigned (CF = 0)',
  e: 'equal (ZF = 1)',
  ne: 'not equal (ZF = 0)',
  be: 'below or equal, unsigned (CF = 1 or ZF = 1)',
  a: 'above, unsigned (CF = 0 and ZF = 0)',
  s: 'negative (SF = 1)',
  ns: 'not negative (SF = 0)',
  p: 'parity even (PF = 1)',
  np: 'parity odd (PF = 0)',
  l: 'less, signed (SF ≠ OF)',
  ge: 'greater or equal, signed (SF = OF)',
  le: 'less or equal, signed (ZF = 1 or SF ≠ OF)',
  g: 'greater, signed (ZF = 0 and SF = OF)',
};
const SYNONYMS: Readonly<Record<string, string>> = {
  c: 'b',
  nae: 'b',
  nc: 'ae',
  nb: 'ae',
  z: 'e',
  nz: 'ne',
  na: 'be',
  nbe: 'a',
  pe: 'p',
  po: 'np',
  nge: 'l',
  nl: 'ge',
  ng: 'le',
  nle: 'g',
};

/** Element types of vector instructions by their suffix. */
const TYPES: Readonly<Record<string, string>> = {
  ps: 'packed single-precision values',
  pd: 'packed double-precision values',
  ss: 'a single-precision value',
  sd: 'a double-precision value',
  ph: 'packed half-precision values',
  sh: 'a half-precision value',
};
const INTEGERS: Readonly<Record<string, string>> = {
  b: 'bytes',
  w: 'words',
  d: 'doublewords',
  q: 'quadwords',
  dq: 'halves',
};

const FLOAT_VERBS: readonly [RegExp, string][] = [
  [/^add/, 'Adds'],
  [/^subadd|^addsub/, 'Alternately subtracts and adds'],
  [/^sub/, 'Subtracts'],
  [/^mul/, 'Multiplies'],
  [/^div/, 'Divides'],
  [/^sqrt/, 'Square root of'],
  [/^rsqrt/, 'Approximate reciprocal square root of'],
  [/^rcp/, 'Approximate reciprocal of'],
  [/^min/, 'Minimum of'],
  [/^max/, 'Maximum of'],
  [/^cmp/, 'Compares (by a predicate)'],
  [/^round/, 'Rounds'],
  [/^h?add/, 'Adds neighbouring'],
  [/^hsub/, 'Subtracts neighbouring'],
  [/^unpckl/, 'Interleaves the low halves of'],
  [/^unpckh/, 'Interleaves the high halves of'],
  [/^blend/, 'Selects elements of'],
  [/^fn?m(add|sub)/, 'Fused multiply-add or -subtract of'],
  [/^dp/, 'Dot product of'],
  [/^perm/, 'Rearranges'],
  [/^gather/, 'Gathers from memory by indexes'],
  [/^scatter/, 'Scatters to memory by indexes'],
  [/^getexp/, 'Exponents of'],
  [/^getmant/, 'Mantissas of'],
  [/^range/, 'Range restriction of'],
  [/^reduce/, 'Reduction of'],
  [/^scalef/, 'Scales by a power of two'],
  [/^compress/, 'Packs the selected of'],
  [/^expand/, 'Spreads'],
];
const INTEGER_VERBS: readonly [RegExp, string][] = [
  [/^padds/, 'Adds with signed saturation, packed'],
  [/^paddus/, 'Adds with unsigned saturation, packed'],
  [/^padd/, 'Adds packed'],
  [/^psubs/, 'Subtracts with signed saturation, packed'],
  [/^psubus/, 'Subtracts with unsigned saturation, packed'],
  [/^psub/, 'Subtracts packed'],
  [/^pmull/, 'Multiplies, keeping the low halves, packed'],
  [/^pmulh/, 'Multiplies, keeping the high halves, packed'],
  [/^pmul/, 'Multiplies packed'],
  [/^pmadd/, 'Multiplies and adds neighbouring packed'],
  [/^pcmpeq/, 'Compares for equality packed'],
  [/^pcmpgt/, 'Compares for greater, signed, packed'],
  [/^pcmp/, 'Compares packed'],
  [/^pmin/, 'Minimum of packed'],
  [/^pmax/, 'Maximum of packed'],
  [/^pavg/, 'Rounded average of packed'],
  [/^pabs/, 'Absolute values of packed'],
  [/^psign/, 'Applies signs to packed'],
  [/^psll/, 'Shifts left packed'],
  [/^psrl/, 'Shifts right packed'],
  [/^psra/, 'Shifts right, keeping the sign, packed'],
  [/^prol/, 'Rotates left packed'],
  [/^pror/, 'Rotates right packed'],
  [/^punpckl/, 'Interleaves the low halves of packed'],
  [/^punpckh/, 'Interleaves the high halves of packed'],
  [/^pack/, 'Narrows with saturation packed'],
  [/^pmovsx/, 'Extends with sign packed'],
  [/^pmovzx/, 'Extends with zeros packed'],
  [/^pextr/, 'Extracts one of packed'],
  [/^pinsr/, 'Inserts one of packed'],
  [/^pbroadcast/, 'Fills the vector with one of'],
  [/^pshuf/, 'Rearranges packed'],
  [/^pblend/, 'Selects elements of packed'],
  [/^perm/, 'Rearranges packed'],
  [/^phadd/, 'Adds neighbouring packed'],
  [/^phsub/, 'Subtracts neighbouring packed'],
  [/^psad/, 'Sums absolute differences of packed'],
  [/^pgather/, 'Gathers by indexes packed'],
  [/^pscatter/, 'Scatters by indexes packed'],
  [/^pcompress/, 'Packs the selected of'],
  [/^pexpand/, 'Spreads'],
  [/^pternlog/, 'Combines bits of three vectors by a truth table:'],
  [/^pconflict/, 'Finds equal elements among packed'],
  [/^plzcnt/, 'Counts leading zeros of packed'],
  [/^popcnt/, 'Counts 1 bits of packed'],
  [/^ptestn?m/, 'Tests and makes a mask from packed'],
];
const MASKS: Readonly<Record<string, string>> = {
  kmov: 'Moves a mask',
  kand: 'Bitwise AND of masks',
  kandn: 'Bitwise AND NOT of masks',
  kor: 'Bitwise OR of masks',
  kxor: 'Bitwise exclusive OR of masks',
  kxnor: 'Bitwise equivalence of masks',
  knot: 'Inverts a mask',
  kadd: 'Adds masks',
  kortest: 'Sets ZF and CF by the OR of two masks',
  ktest: 'Sets ZF and CF by AND and AND NOT of two masks',
  kshiftl: 'Shifts a mask left',
  kshiftr: 'Shifts a mask right',
  kunpck: 'Joins two masks',
};

const MASK = new RegExp(`^(${Object.keys(MASKS).join('|')})(b|w|d|q|bw|wd|dq)$`);

const EXTRA_VERBS: readonly [RegExp, string][] = [
  [/^broadcast[fi]?\d+/, 'Fills the vector with a part of the source.'],
  [/^broadcasts/, 'Fills the vector with one floating-point value.'],
  [/^extract[fi]\d+/, 'Extracts a part of a vector.'],
  [/^insert[fi]\d+/, 'Inserts a part into a vector.'],
  [/^shuf[fi]\d+/, 'Rearranges 128-bit parts of vectors.'],
  [/^align[dq]/, 'Shifts two joined vectors right by elements.'],
  [/^maskmov|^pmaskmov/, 'Loads or stores the elements that a mask selects.'],
  [/^pmov\w+2m$/, 'Makes a mask of the top bits.'],
  [/^pmovm2/, 'Spreads a mask over a vector.'],
  [/^pmov(u?s)?(qb|qw|qd|db|dw|wb)$/, 'Narrows packed integers.'],
  [/^p?4?p?dp(?![ps][sd])|^dpbf16/, 'Multiplies and accumulates neighbouring packed values.'],
  [/^psh[lr]d/, 'Shifts joined packed integers.'],
  [/^prot|^psh[al]/, 'Rotates or shifts packed integers (AMD XOP).'],
  [/^pcom|^pcmov|^pmac|^pmadcs|^pperm|^frcz/, 'Packed operation of AMD XOP.'],
  [/^rndscale/, 'Rounds to a number of fraction bits.'],
  [/^fpclass/, 'Makes a mask of values of certain classes.'],
  [/^fixupimm/, 'Repairs special floating-point values.'],
  [/^exp2/, 'Approximate power of two.'],
  [/^fc?m(ul|add)c/, 'Multiplies complex half-precision values.'],
  [/^4fn?madd/, 'Multiplies and accumulates over four registers.'],
  [/^(gather|scatter)pf/, 'Prefetches by indexes.'],
  [/^sha512/, 'Helps to compute SHA-512.'],
  [/^sm[34]/, 'Helps to compute the Chinese hash or cipher SM3, SM4.'],
  [/^cvt|^bcst/, 'Converts between number formats.'],
  [/^u?comis/, 'Compares scalars; the result goes to ZF, PF and CF.'],
  [/^pf|^pi2|^pswapd/, 'Packed operation of AMD 3DNow!.'],
];

/** What the instruction does, in one sentence; undefined where nobody has written it down. */
export function summaryOf(name: string): string | undefined {
  const mnemonic = intelName(name);
  const known = summaries.get(mnemonic);
  if (known) return known;
  if (/^hint_nop\d+$/.test(mnemonic)) return 'Does nothing; a no-operation that is reserved for hints.';
  const conditional = /^(j|set|cmov)(\w+)$/.exec(mnemonic);
  const condition = conditional && conditionText(conditional[2]);
  if (conditional && condition) {
    const verb = { j: 'Jumps', set: 'Sets the byte to 1, else to 0,', cmov: 'Copies' }[conditional[1]]!;
    return `${verb} if ${condition}.`;
  }
  if (Object.hasOwn(MASKS, mnemonic)) return `${MASKS[mnemonic]}.`;
  const mask = MASK.exec(mnemonic);
  if (mask) return `${MASKS[mask[1]]}.`;
  const exchange = /^cmp(\w+)xadd$/.exec(mnemonic);
  const added = exchange && conditionText(exchange[1]);
  if (added) return `Compares memory with a register and adds to memory if ${added}, atomically.`;
  const float = /^fcmov(\w+)$/.exec(mnemonic);
  const moved = float && conditionText(float[1].replace('u', 'p'));
  if (moved) return `Copies an x87 register to st0 if ${moved}.`;
  if (/^aes(enc|dec)|^encodekey/.test(mnemonic) && /kl$|^encodekey/.test(mnemonic))
    return 'AES with a Key Locker handle.';
  return vector(mnemonic.replace(/^v(?!m(?!ax|in|ask)[^ou]|err|erw)/, ''));
}

function conditionText(code: string): string | undefined {
  const name = Object.hasOwn(SYNONYMS, code) ? SYNONYMS[code] : code;
  return Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined;
}

function vector(name: string): string | undefined {
  const convert = /^cvt(t?)(\w+)2(\w+)$/.exec(name);
  if (convert) return `Converts ${convert[2]} to ${convert[3]}${convert[1] ? ', truncating' : ''}.`;
  const float = /(ps|pd|ss|sd|ph|sh)$/.exec(name);
  if (float) {
    const verb = FLOAT_VERBS.find(([pattern]) => pattern.test(name));
    if (verb) return `${verb[1]} ${TYPES[float[1]]}.`;
  }
  const integer = INTEGER_VERBS.find(([pattern]) => pattern.test(name));
  if (integer) {
    const element = /(dq|[bwdq])$/.exec(name);
    return `${integer[1]} ${element ? INTEGERS[element[1]] : 'integers'}.`;
  }
  return EXTRA_VERBS.find(([pattern]) => pattern.test(name))?.[1];
}
