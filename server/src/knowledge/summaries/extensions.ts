/** What came later or is gone: atomics, user interrupts, protection keys, shadow stacks, AMX, and instructions of old processors. */
export const EXTENSIONS = `
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
