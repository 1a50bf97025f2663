/* What emulators find hard in code: code that runs once, code that changes, long
 * string operations. */
#include "../bench.h"

/* ---- cold: blocks of 14 instructions, each executed once, all different ---- */

static uint8_t *emit32(uint8_t *at, uint32_t value) {
    *(uint32_t *)at = value;
    return at + 4;
}

#define BLOCK_BYTES 64 /* at most */
#define SCRATCH 0x1000000u /* HEAP */
static uint32_t cold_expected;

/* ADD/XOR r32, imm32 (81 /0, /6). */
static uint8_t *emit_immediate(uint8_t *at, uint8_t modrm, uint32_t value) {
    *at++ = 0x81;
    *at++ = modrm;
    return emit32(at, value);
}

static void prepare_cold(uint32_t count) {
    uint8_t *at = (uint8_t *)CODE_AREA;
    uint32_t a = 0, c = 0, d = 0; /* a model of EAX, ECX, EDX */
    *(uint32_t *)HEAP = 0;
    for (uint32_t i = 0; i < count && at < (uint8_t *)CODE_AREA_END - 2 * BLOCK_BYTES; i++) {
        uint32_t k = i * 2654435761u;
        *at++ = 0xb9, at = emit32(at, k);                           /* mov ecx, k */
        at = emit_immediate(at, 0xc0, k ^ 0x55);                    /* add eax, … */
        *at++ = 0x31, *at++ = 0xc2;                                 /* xor edx, eax */
        *at++ = 0x01, *at++ = 0xca;                                 /* add edx, ecx */
        *at++ = 0xc1, *at++ = 0xc0, *at++ = (uint8_t)(i % 31 + 1);  /* rol eax, … */
        *at++ = 0x8d, *at++ = 0x4c, *at++ = 0x02, *at++ = (uint8_t)(i & 0x7f); /* lea ecx, [e/rdx+e/rax+…] */
        at = emit_immediate(at, 0xf2, i);                           /* xor edx, i */
        *at++ = 0x89, *at++ = 0x0b;                                 /* mov [e/rbx], ecx */
        *at++ = 0x29, *at++ = 0xc8;                                 /* sub eax, ecx */
        *at++ = 0x03, *at++ = 0x03;                                 /* add eax, [e/rbx] */
        at = emit_immediate(at, 0xc2, k >> 3);                      /* add edx, … */
        *at++ = 0xf7, *at++ = 0xd1;                                 /* not ecx */
        *at++ = 0x85, *at++ = 0xc0;                                 /* test eax, eax */
        *at++ = 0xe9, at = emit32(at, 0);                           /* jmp to the next block */
        c = k;
        a += k ^ 0x55;
        d ^= a;
        d += c;
        a = rotate_left(a, (int)(i % 31 + 1));
        c = d + a + (i & 0x7f);
        d ^= i;
        d += k >> 3; /* EAX loses and gains ECX */
        c = ~c;
    }
    *at = 0xc3; /* ret */
    cold_expected = a ^ d;
}

static uint32_t run_cold(uint32_t count) {
    (void)count;
    uint32_t a = 0, d = 0;
    __asm__ volatile("call *%[code]"
                     : "+a"(a), "+d"(d)
                     : [code] "D"(CODE_AREA), "b"((unsigned long)SCRATCH)
                     : "ecx", "cc", "memory");
    return (a ^ d) - cold_expected + 0xc01d;
}

/* ---- smc: change an immediate, call the function ---- */

static uint32_t run_smc(uint32_t count) {
    uint8_t *code = (uint8_t *)CODE_AREA;
    uint32_t sum = 0, expected = 0;
    code[0] = 0xb8, emit32(code + 1, 0), code[5] = 0xc3; /* mov eax, imm32; ret */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t value;
        *(volatile uint32_t *)(code + 1) = i;
        __asm__ volatile("call *%1" : "=a"(value) : "r"(code) : "cc", "memory");
        sum = sum * 3 + value;
        expected = expected * 3 + i;
    }
    return sum - expected + 0x53c;
}

/* ---- pages: a loop of four instructions, half of it on the next page ---- */

#define TURNS 1000

static uint32_t run_pages(uint32_t count) {
    static const uint8_t loop[] = {
        0x01, 0xd0,       /* add eax, edx */
        0x31, 0xc2,       /* xor edx, eax */
        0x83, 0xe9, 0x01, /* sub ecx, 1 - first on its page */
        0x75, 0xf7,       /* jnz to the start */
        0xc3,
    };
    uint8_t *code = (uint8_t *)CODE_AREA + 4096 - 4;
    for (unsigned i = 0; i < sizeof loop; i++) code[i] = loop[i];
    uint32_t a = 0;
    for (uint32_t i = 0; i < count; i += TURNS) {
        uint32_t c = TURNS, d = 1;
        a = 0;
        __asm__ volatile("call *%[code]" : "+a"(a), "+c"(c), "+d"(d) : [code] "D"(code) : "cc", "memory");
    }
    return a;
}

/* ---- movs, stos: 64 KiB at a time ---- */

#define STRING_BYTES 65536
/* Not a power of two away: direct-mapped TLBs would do nothing but replace one by the other. */
#define COPY (HEAP + 0x111000)
#ifdef __x86_64__
#define ELEMENT "q"
#define ELEMENT_BYTES 8
#else
#define ELEMENT "l"
#define ELEMENT_BYTES 4
#endif

static void prepare_movs(uint32_t count) {
    (void)count;
    for (uint32_t i = 0; i < STRING_BYTES / 4; i++) ((uint32_t *)HEAP)[i] = i * 2654435761u;
}

static uint32_t run_movs(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        unsigned long from = HEAP, to = COPY, n = STRING_BYTES / ELEMENT_BYTES;
        __asm__ volatile("rep movs" ELEMENT : "+S"(from), "+D"(to), "+c"(n) : : "memory");
    }
    const uint32_t *end = (uint32_t *)(COPY + STRING_BYTES);
    return end[-1] ^ end[-5000] ^ end[-(STRING_BYTES / 4)];
}

static uint32_t run_stos(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        unsigned long to = COPY, n = STRING_BYTES / ELEMENT_BYTES;
        __asm__ volatile("rep stos" ELEMENT : "+D"(to), "+c"(n) : "a"(0x5a5a1234ul) : "memory");
    }
    const uint32_t *end = (uint32_t *)(COPY + STRING_BYTES);
    return end[-(ELEMENT_BYTES / 4)] + end[-(STRING_BYTES / 4)];
}

const struct workload mechanism_workloads[] = {
    {"cold", run_cold, prepare_cold, 0},
    {"smc", run_smc, 0, 0},
    {"pages", run_pages, 0, 0},
    {"movs", run_movs, prepare_movs, 0},
    {"stos", run_stos, 0, 0},
    {0, 0, 0, 0},
};
