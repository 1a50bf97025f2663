/** The instructions of the manuals’ first volumes: moves, arithmetic, control, system, virtualization. Each line names instructions, then says what they do. */
export const GENERAL = `
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
`;
