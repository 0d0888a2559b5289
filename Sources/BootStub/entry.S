// The front of the payload. docs/image-format.md; Documentation/arch/x86/boot.rst, "32-bit Boot
// Protocol" and "64-bit Boot Protocol": the loader enters at +0 or at +0x200 with the zero page's
// address in %esi or %rsi, interrupts off, flat segments.

    .section .head, "awx"
    .code32
    .globl payload
payload:
    cli
    cld
    // Where are we? A call tells, and needs a stack: the zero page's scratch field, up to 0x1e8.
    leal    0x1e8(%esi), %esp
    call    1f
1:  popl    %ebx
    subl    $(1b - payload), %ebx
    jmp     enter_32

    .org 0x40
    // The boot record; the image's writer fills it in.
    .fill 0x80, 1, 0

enter_32:
    leal    (stack_end - payload)(%ebx), %esp
    pushl   %esi
    leal    (workspace - payload)(%ebx), %eax
    pushl   %eax
    pushl   %ebx
    pushl   %esi
    leal    (hand_over_32 - payload)(%ebx), %eax
    call    *%eax
    movl    12(%esp), %esi
    xorl    %ebx, %ebx
    xorl    %ebp, %ebp
    xorl    %edi, %edi
    jmp     *%eax

    .org 0x200
    .code64
    cli
    cld
    leaq    stack_end(%rip), %rsp
    movq    %rsi, %r12
    movq    %rsi, %rdi
    leaq    payload(%rip), %rsi
    leaq    workspace(%rip), %rdx
    call    hand_over
    movq    %r12, %rsi
    xorl    %ebx, %ebx
    xorl    %ebp, %ebp
    xorl    %edi, %edi
    jmp     *%rax

    // The same C code, compiled for 32 bits; `hand_over` comes first.
    .section .half32, "awx"
    .balign 16
hand_over_32:
    .incbin "stub32.bin"

    .section .memory, "aw"
    .balign 16
    .fill STACK_SIZE, 1, 0
stack_end:
workspace:
    .fill WORKSPACE_SIZE, 1, 0
