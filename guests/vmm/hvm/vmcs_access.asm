; vmcs_access.asm - VMREAD and VMWRITE with the field's name.
;
; Both work on the current VMCS, the one VMPTRLD loaded last.  The macros use
; R10 and R11.  A VMREAD of a field that exists cannot fail while there is a
; current VMCS; a VMWRITE is checked.

%macro read_field 2                     ; read_field REGISTER, FIELD
        mov     r11d, %2
        vmread  %1, r11
%endmacro

%macro write_field 2                    ; write_field FIELD, REGISTER or CONSTANT
        mov     r10, %2
        mov     r11d, %1
        vmwrite r11, r10
        jbe     vmx_failed              ; panic.asm: CF or ZF
%endmacro
