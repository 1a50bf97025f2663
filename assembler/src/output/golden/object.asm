extern e
section .data
d: dq d, e, e-$
 dd d
section .text
 call e
 mov eax, [rel d+4]
 mov rcx, d
 call t
t: lea rdx, [d]
