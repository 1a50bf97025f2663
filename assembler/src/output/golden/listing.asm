%macro foo 1-2
  mov eax, %1 ; c
  %ifidn %2, x
  add eax, 2
  %endif
  bar %1
%%l: jmp %%l
%endmacro
%macro bar 1
	db %1,  2
%endmacro
%macro quiet 0.nolist
  nop
  nop
%endmacro
%define X 5
%assign y X+1
start:	mov	eax, X   ; comment here
	foo 3, x
  foo X
  quiet
%if 1
  nop
%else
  int3
%endif

  db 1, \
     2
lab: foo 7
%rep 2
 %assign y y+1
 db y
%endrep
struc s
.a resb 1
.b: resd 2
endstruc
 istruc s
 at .a, db 1
 iend
align 16
times 4 nop
times 5 db 0
 dq 1.5, "abc", start
 incbin "listing.inc"
 incbin "listing.inc",1,3
 times 20 dw start
 resb 8
 resb 9
 dq 0,0,0
 db 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
 jmp 0:start
 jmp start
 mov eax, [start]
 times 0 nop
 db 3 dup (1,2)
 db ?
 dw ?,?
 label_only:
 [bits 32]
 bits 16
 equ1 equ 5
 absolute 100
abc: resw 2
 section .text
 mov ax, seg_undefined
seg_undefined: 
 %warning hello
 db 300
%include "listing.inc"
 last: db 1
