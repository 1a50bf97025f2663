/* Runs the workloads the command line names, as NAME:COUNT, and says so on COM1:
 *
 *   BEGIN name
 *   END name checksum count
 *
 * The harness takes the time between these lines. A workload that the machine
 * cannot do is answered by "SKIP name reason". "DONE" is the last line; then 0
 * goes to the exit port, unless the command line has "stay": a harness that looks at
 * the emulator's processor time wants to find it alive. */
#include "bench.h"

#define COM1 0x3f8
#define LINE_CONTROL (COM1 + 3)
#define LINE_STATUS (COM1 + 5)
#define TRANSMITTER_EMPTY 0x20
#define EXIT_PORT 0xf4

static void put_char(char c) {
    for (int patience = 0; patience < 100000 && !(port_in(LINE_STATUS) & TRANSMITTER_EMPTY); patience++)
        ;
    port_out(COM1, (uint8_t)c);
}

/* 115,200 bits a second, 8 data bits, no parity. */
static void open_line(void) {
    port_out(COM1 + 1, 0); /* no interrupts */
    port_out(LINE_CONTROL, 0x80);
    port_out(COM1, 1); /* divisor */
    port_out(COM1 + 1, 0);
    port_out(LINE_CONTROL, 3);
}

static void put(const char *text) {
    for (; *text; text++) put_char(*text);
}

static void put_hexadecimal(uint32_t value) {
    for (int shift = 28; shift >= 0; shift -= 4) put_char("0123456789abcdef"[(value >> shift) & 15]);
}

static void put_decimal(uint32_t value) {
    char digits[11];
    int n = 10;
    digits[n] = 0;
    do digits[--n] = (char)('0' + value % 10);
    while (value /= 10);
    put(digits + n);
}

static void leave(uint8_t code) {
    port_out(EXIT_PORT, code);
    for (;;) __asm__ volatile("hlt");
}

/* Called by the start code for exceptions that no workload expects. */
void panic(uint32_t vector, uint32_t error, uint32_t at, uint32_t address) {
    put("PANIC exception ");
    put_decimal(vector);
    put(" error ");
    put_hexadecimal(error);
    put(" at ");
    put_hexadecimal(at);
    put(" CR2 ");
    put_hexadecimal(address);
    put("\n");
    leave(1);
}

#ifdef __x86_64__
struct gate {
    uint16_t low, selector, flags, middle;
    uint32_t high, reserved;
};
#else
struct gate {
    uint16_t low, selector, flags, high;
};
#endif
extern struct gate idt[256];
extern const uint32_t exception_stubs[32];

/* SDM 3A 6.11 and 6.14.1; everything is below 4 GiB. */
static void put_gate(int vector, uint32_t handler, uint16_t dpl) {
    struct gate *gate = &idt[vector];
    gate->low = (uint16_t)handler;
    gate->selector = 8;
    gate->flags = (uint16_t)(0x8e00 | dpl << 13);
#ifdef __x86_64__
    gate->middle = (uint16_t)(handler >> 16);
#else
    gate->high = (uint16_t)(handler >> 16);
#endif
}

void set_gate(int vector, void (*handler)(void)) { put_gate(vector, (uint32_t)(uintptr_t)handler, 3); }

void reset_gate(int vector) { put_gate(vector, exception_stubs[vector], 0); }

static const struct workload *const lists[] = {
    compute_workloads,
    mechanism_workloads,
    system_workloads,
#ifdef __x86_64__
    vmx_workloads,
#endif
};

/* Does the text begin with the name and a colon? */
static int names(const char *text, const char *name) {
    while (*name && *text == *name) text++, name++;
    return *name == 0 && *text == ':';
}

static const struct workload *find(const char *text) {
    for (unsigned i = 0; i < sizeof lists / sizeof *lists; i++)
        for (const struct workload *w = lists[i]; w->name; w++)
            if (names(text, w->name)) return w;
    return 0;
}

static void measure(const struct workload *w, uint32_t count) {
    const char *reason = w->missing ? w->missing() : 0;
    if (reason) {
        put("SKIP ");
        put(w->name);
        put(" ");
        put(reason);
        put("\n");
        return;
    }
    if (w->prepare) w->prepare(count);
    put("BEGIN ");
    put(w->name);
    put("\n");
    uint32_t checksum = w->run(count);
    put("END ");
    put(w->name);
    put(" ");
    put_hexadecimal(checksum);
    put(" ");
    put_decimal(count);
    put("\n");
}

/* Multiboot 0.6.96, 3.3: flags bit 2, the command line at offset 16. */
void bench_main(const uint32_t *information) {
    open_line();
    for (int vector = 0; vector < 32; vector++) reset_gate(vector);
    const char *text = information[0] & 4 ? (const char *)(uintptr_t)information[4] : "";
    int stay = 0;
    while (*text) {
        const struct workload *w = find(text);
        stay |= text[0] == 's' && text[1] == 't' && text[2] == 'a' && text[3] == 'y';
        while (*text && *text != ':' && *text != ' ') text++;
        uint32_t count = 0;
        if (*text == ':')
            for (text++; *text >= '0' && *text <= '9'; text++) count = count * 10 + (uint32_t)(*text - '0');
        if (w && count > 0) measure(w, count);
        while (*text && *text != ' ') text++;
        while (*text == ' ') text++;
    }
    put("DONE\n");
    while (stay) __asm__ volatile("pause");
    leave(0);
}

/* The compiler may call these. */
void *memcpy(void *to, const void *from, __SIZE_TYPE__ n) {
    void *start = to;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
    return start;
}

void *memset(void *to, int value, __SIZE_TYPE__ n) {
    void *start = to;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(value) : "memory");
    return start;
}
