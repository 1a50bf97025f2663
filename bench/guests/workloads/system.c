/* What emulators find hard in system code: privilege changes, faults, ports,
 * address-space changes. Each count is one event. */
#include "../bench.h"

void leave_user(void), empty_interrupt(void), map_page(void), unmap_pages(void);
void user_interrupts(void), user_faults(void);

static uint32_t in_ring_3(void (*entry)(void), uint32_t count) {
    set_gate(0x81, leave_user);
    return enter_user(entry, count);
}

static uint32_t run_int80(uint32_t count) {
    set_gate(0x80, empty_interrupt);
    in_ring_3(user_interrupts, count);
    return 0x80;
}

#ifdef __x86_64__
void user_system_calls(void);

static uint32_t run_syscall(uint32_t count) {
    in_ring_3(user_system_calls, count);
    return 0x5ca11;
}
#endif

/* The user program reads FAULT_PAGES absent pages, 256, a round. */
#define FAULT_PAGES 256

static void prepare_pf(uint32_t count) {
    (void)count;
    for (uint32_t i = 0; i < FAULT_PAGES; i++) *(uint32_t *)(FAULT_AREA + i * 4096) = i;
    set_gate(0x82, unmap_pages);
    __asm__ volatile("int $0x82" : : : "memory");
}

static uint32_t run_pf(uint32_t count) {
    uint32_t rounds = (count + FAULT_PAGES - 1) / FAULT_PAGES;
    set_gate(14, map_page);
    uint32_t sum = in_ring_3(user_faults, rounds);
    reset_gate(14);
    return sum - rounds * (FAULT_PAGES * (FAULT_PAGES - 1) / 2) + 14;
}

static uint32_t run_out80(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) port_out(0x80, (uint8_t)i);
    return 0x80;
}

/* Bit 4 toggles with the refresh of memory; it is not part of the checksum. */
static uint32_t run_in61(uint32_t count) {
    uint8_t all = 0;
    for (uint32_t i = 0; i < count; i++) all |= port_in(0x61);
    return all & 0;
}

/* The local APIC's version register, by MMIO (SDM 3A 11.4). */
#define LAPIC_VERSION 0xfee00030ul

static const char *missing_lapic(void) { return cpuid(1).d & 1 << 9 ? 0 : "CPUID reports no local APIC"; }

static uint32_t run_lapic(uint32_t count) {
    uint32_t first = *(volatile uint32_t *)LAPIC_VERSION, different = 0;
    for (uint32_t i = 0; i < count; i++) different |= *(volatile uint32_t *)LAPIC_VERSION ^ first;
    return different;
}

static void prepare_pages(uint32_t count) {
    (void)count;
    for (uint32_t i = 0; i < 8; i++) *(uint32_t *)(HEAP + i * 0x9000) = i + 1;
}

static uint32_t run_cr3(uint32_t count) {
    uint32_t sum = 0;
    __UINTPTR_TYPE__ cr3;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    for (uint32_t i = 0; i < count; i++) {
        __asm__ volatile("mov %0, %%cr3" : : "r"(cr3) : "memory");
        for (uint32_t j = 0; j < 8; j++) sum += *(volatile uint32_t *)(HEAP + j * 0x9000);
    }
    return sum - count * 36 + 3;
}

static uint32_t run_invlpg(uint32_t count) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        __asm__ volatile("invlpg (%0)" : : "r"(HEAP) : "memory");
        sum += *(volatile uint32_t *)HEAP;
    }
    return sum - count + 7;
}

/* What CPUID says differs from machine to machine; that it says the same twice does not. */
static uint32_t run_cpuid(uint32_t count) {
    uint32_t first = cpuid(0).b, different = 0;
    for (uint32_t i = 0; i < count; i++) different |= cpuid(0).b ^ first;
    return different;
}

const struct workload system_workloads[] = {
    {"int80", run_int80, 0, 0},
#ifdef __x86_64__
    {"syscall", run_syscall, 0, 0},
#endif
    {"pf", run_pf, prepare_pf, 0},
    {"out80", run_out80, 0, 0},
    {"in61", run_in61, 0, 0},
    {"lapic", run_lapic, 0, missing_lapic},
    {"cr3", run_cr3, prepare_pages, 0},
    {"invlpg", run_invlpg, prepare_pages, 0},
    {"cpuid", run_cpuid, 0, 0},
    {0, 0, 0, 0},
};
