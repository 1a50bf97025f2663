/* What the parts of the benchmark image know of each other. */
#pragma once
#include <stdint.h>

/* Scratch memory, mapped by 4 KiB pages up to 64 MiB and by large pages above. */
#define HEAP 0x1000000ul       /* 16 MiB: data of the workload that runs */
#define HEAP_BYTES 0x2000000ul /* up to 48 MiB */
#define FAULT_AREA 0x3000000ul /* 48 MiB: pages of `pf`; also in bench.inc */
#define CODE_AREA 0x4000000ul  /* 64 MiB: generated code */
#define CODE_AREA_END 0x7800000ul

/* One thing to measure. */
struct workload {
    const char *name;
    /* Does the work `count` times. The checksum does not depend on the count, so that
       engines of different speed can be compared. */
    uint32_t (*run)(uint32_t count);
    /* Optional: what is not to be measured, before each run. */
    void (*prepare)(uint32_t count);
    /* Optional: why this machine cannot do it, or null. */
    const char *(*missing)(void);
};

extern const struct workload compute_workloads[], mechanism_workloads[], system_workloads[];
#ifdef __x86_64__
extern const struct workload vmx_workloads[];
#endif

/* The compiler may assume nothing about memory, and nothing about the callee. */
#define BARRIER() __asm__ volatile("" ::: "memory")
#define OPAQUE __attribute__((noipa))

static inline uint32_t rotate_left(uint32_t x, int n) { return (x << n) | (x >> (32 - n)); }

static inline void port_out(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_in(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

struct cpuid {
    uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf) {
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
    return r;
}

/* Puts a gate for ring 3 into the IDT (interrupts.c). */
void set_gate(int vector, void (*handler)(void));
/* Gives the vector back to the handler that prints and ends the run. */
void reset_gate(int vector);

/* boot32.asm, boot64.asm */
uint32_t enter_user(void (*entry)(void), uint32_t count);
