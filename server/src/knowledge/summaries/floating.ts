/** x87, MMX, SSE and AVX, as far as their names follow no rule (see families.ts). */
export const FLOATING = `
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
`;
