/* VM exits: a guest that does the same thing for ever, and a VMM that resumes it
 * behind it. Guest and VMM share page tables; `vmcall` is without EPT, the others
 * with an identity map of 2 MiB pages in which `vmmmio` finds a hole. Volumes 3C 23–28 of the SDM; encodings of fields
 * from 3D appendix B. */
#include "../bench.h"

#define IA32_FEATURE_CONTROL 0x3a
#define IA32_VMX_BASIC 0x480
#define TRUE_PIN 0x48d
#define TRUE_PRIMARY 0x48e
#define TRUE_EXIT 0x48f
#define TRUE_ENTRY 0x490
#define SECONDARY 0x48b
#define PLAIN_OFFSET (0x48d - 0x481)
#define IA32_EFER 0xc0000080

static uint8_t vmxon_region[4096] __attribute__((aligned(4096)));
static uint8_t vmcs_region[4096] __attribute__((aligned(4096)));
static uint64_t ept_pml4[512] __attribute__((aligned(4096)));
static uint64_t ept_pdpt[512] __attribute__((aligned(4096)));
static uint64_t ept_directories[4][512] __attribute__((aligned(4096)));
static uint8_t guest_stack[4096] __attribute__((aligned(16)));
extern uint8_t tss[];

/* vmx_run.asm */
uint32_t vmx_enter(uint32_t resume);
void vmx_exit(void), vmx_guest_call(void), vmx_guest_out(void), vmx_guest_load(void);

/* What the guest does, and how it exits. */
static const struct scenario {
    void (*guest)(void);
    uint32_t primary, secondary; /* controls */
    uint32_t reason;
    uint32_t length; /* of the instruction, where the exit need not report it; else 0 */
} scenarios[] = {
    {vmx_guest_call, 0, 0, 18, 0},
    {vmx_guest_call, 1u << 31, 1u << 1, 18, 0},
    {vmx_guest_out, 1u << 31 | 1u << 24, 1u << 1, 30, 0},
    {vmx_guest_load, 1u << 31, 1u << 1, 48, 6},
};

/* vmx_guest_load reads from here. */
#define HOLE 0xfee00000u

static uint64_t read_msr(uint32_t msr) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static void write_msr(uint32_t msr, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t vmread(uint64_t field) {
    uint64_t value;
    __asm__ volatile("vmread %1, %0" : "=r"(value) : "r"(field) : "cc");
    return value;
}

static inline void vmwrite(uint64_t field, uint64_t value) {
    __asm__ volatile("vmwrite %1, %0" : : "r"(field), "r"(value) : "cc");
}

static const char *missing_vmx(void) {
    return cpuid(1).c & 1 << 5 ? 0 : "CPUID reports no VMX";
}

static const char *missing_ept(void) {
    if (missing_vmx()) return missing_vmx();
    if (!(read_msr(TRUE_PRIMARY - PLAIN_OFFSET) >> 63)) return "no secondary controls";
    return read_msr(SECONDARY) >> 33 & 1 ? 0 : "no EPT";
}

/* SDM 3D A.3–A.5: bits that must be one, bits that may be one. */
static uint32_t control(uint32_t msr, uint32_t wanted) {
    int has_true = read_msr(IA32_VMX_BASIC) >> 55 & 1;
    uint64_t allowed = read_msr(has_true || msr == SECONDARY ? msr : msr - PLAIN_OFFSET);
    return (wanted | (uint32_t)allowed) & (uint32_t)(allowed >> 32);
}

static void fill_ept(void) {
    ept_pml4[0] = (uint64_t)ept_pdpt | 7;
    for (uint64_t i = 0; i < 4; i++) {
        ept_pdpt[i] = (uint64_t)ept_directories[i] | 7;
        for (uint64_t j = 0; j < 512; j++)
            ept_directories[i][j] = (i * 512 + j) << 21 | 0xb7; /* large, write-back, RWX */
    }
    ept_directories[HOLE >> 30][HOLE >> 21 & 511] = 0;
}

static void fill_vmcs(const struct scenario *s) {
    uint64_t cr0, cr3, cr4;
    __asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } gdt, idt;
    __asm__ volatile("sgdt %0" : "=m"(gdt));
    __asm__ volatile("sidt %0" : "=m"(idt));

    vmwrite(0x4000, control(TRUE_PIN, 0));
    vmwrite(0x4002, control(TRUE_PRIMARY, s->primary));
    vmwrite(0x401e, s->secondary ? control(SECONDARY, s->secondary) : 0);
    vmwrite(0x400c, control(TRUE_EXIT, 1u << 9 | 1u << 20 | 1u << 21)); /* 64-bit host, save and load EFER */
    vmwrite(0x4012, control(TRUE_ENTRY, 1u << 9 | 1u << 15));           /* 64-bit guest, load EFER */
    vmwrite(0x4004, 0);          /* exception bitmap */
    vmwrite(0x4006, 0);          /* page-fault error code mask and match */
    vmwrite(0x4008, 0);
    vmwrite(0x400a, 0);          /* CR3-target count */
    vmwrite(0x400e, 0);          /* MSR lists */
    vmwrite(0x4010, 0);
    vmwrite(0x4014, 0);
    vmwrite(0x4016, 0);          /* no event to inject */
    vmwrite(0x6000, 0), vmwrite(0x6002, 0); /* CR0, CR4 guest/host masks */
    if (s->secondary) vmwrite(0x201a, (uint64_t)ept_pml4 | 0x1e); /* write-back, four levels */

    vmwrite(0x6c00, cr0), vmwrite(0x6c02, cr3), vmwrite(0x6c04, cr4);
    vmwrite(0x0c00, 0x10), vmwrite(0x0c02, 0x08), vmwrite(0x0c04, 0x10), vmwrite(0x0c06, 0x10);
    vmwrite(0x0c08, 0), vmwrite(0x0c0a, 0), vmwrite(0x0c0c, 0x30);
    vmwrite(0x6c06, 0), vmwrite(0x6c08, 0), vmwrite(0x6c0a, (uint64_t)tss);
    vmwrite(0x6c0c, gdt.base), vmwrite(0x6c0e, idt.base);
    vmwrite(0x4c00, 0), vmwrite(0x6c10, 0), vmwrite(0x6c12, 0); /* SYSENTER */
    vmwrite(0x2c02, read_msr(IA32_EFER));
    vmwrite(0x6c16, (uint64_t)vmx_exit); /* RSP: vmx_enter writes it */

    vmwrite(0x6800, cr0), vmwrite(0x6802, cr3), vmwrite(0x6804, cr4);
    static const struct {
        uint16_t selector;
        uint32_t rights;
    } segments[8] = {/* ES CS SS DS FS GS LDTR TR */
                     {0x10, 0xc093}, {0x08, 0xa09b}, {0x10, 0xc093}, {0x10, 0xc093},
                     {0, 0x10000},   {0, 0x10000},   {0, 0x10000},   {0x30, 0x8b}};
    for (uint64_t i = 0; i < 8; i++) {
        vmwrite(0x0800 + 2 * i, segments[i].selector);
        vmwrite(0x4800 + 2 * i, i == 7 ? 0x67 : 0xffffffff);
        vmwrite(0x4814 + 2 * i, segments[i].rights);
        vmwrite(0x6806 + 2 * i, i == 7 ? (uint64_t)tss : 0);
    }
    vmwrite(0x6816, gdt.base), vmwrite(0x6818, idt.base);
    vmwrite(0x4810, gdt.limit), vmwrite(0x4812, idt.limit);
    vmwrite(0x681a, 0x400);                  /* DR7 */
    vmwrite(0x681c, (uint64_t)(guest_stack + sizeof guest_stack));
    vmwrite(0x681e, (uint64_t)s->guest);
    vmwrite(0x6820, 2);                      /* RFLAGS */
    vmwrite(0x6822, 0);                      /* pending debug exceptions */
    vmwrite(0x4824, 0), vmwrite(0x4826, 0);  /* interruptibility, activity */
    vmwrite(0x2802, 0);                      /* IA32_DEBUGCTL */
    vmwrite(0x2806, read_msr(IA32_EFER));
    vmwrite(0x2800, ~0ull);                  /* VMCS link pointer */
    vmwrite(0x482a, 0), vmwrite(0x6824, 0), vmwrite(0x6826, 0);
}

/* Round trips, each a VM entry, the guest's instruction, a VM exit, and the VMM's look at the reason.
   Answers the last exit reason, or which step failed. */
static uint32_t round_trips(uint32_t count, const struct scenario *s) {
    uint64_t feature = read_msr(IA32_FEATURE_CONTROL), cr4, region;
    if (!(feature & 1)) write_msr(IA32_FEATURE_CONTROL, feature | 5);
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | 1 << 13)); /* VMXE */
    *(uint32_t *)vmxon_region = *(uint32_t *)vmcs_region = (uint32_t)read_msr(IA32_VMX_BASIC) & 0x7fffffff;
    region = (uint64_t)vmxon_region;
    __asm__ volatile("vmxon %0" : : "m"(region) : "cc", "memory");
    region = (uint64_t)vmcs_region;
    __asm__ volatile("vmclear %0" : : "m"(region) : "cc", "memory");
    __asm__ volatile("vmptrld %0" : : "m"(region) : "cc", "memory");
    if (s->secondary) fill_ept();
    fill_vmcs(s);

    uint32_t reason = 0xdead;
    for (uint32_t i = 0; i < count; i++) {
        if (!vmx_enter(i)) {
            reason = 0xbad00000 | (uint32_t)vmread(0x4400); /* the entry failed: instruction error */
            break;
        }
        reason = (uint32_t)vmread(0x4402);
        if (reason != s->reason) break;
        vmwrite(0x681e, vmread(0x681e) + (s->length ? s->length : vmread(0x440c))); /* over the instruction */
    }

    __asm__ volatile("vmclear %0" : : "m"(region) : "cc", "memory");
    __asm__ volatile("vmxoff" : : : "cc");
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4));
    return reason;
}

static uint32_t run_vmcall(uint32_t count) { return round_trips(count, &scenarios[0]); }
static uint32_t run_vmcall_ept(uint32_t count) { return round_trips(count, &scenarios[1]); }
static uint32_t run_out(uint32_t count) { return round_trips(count, &scenarios[2]); }
static uint32_t run_mmio(uint32_t count) { return round_trips(count, &scenarios[3]); }

const struct workload vmx_workloads[] = {
    {"vmcall", run_vmcall, 0, missing_vmx},
    {"vmcallept", run_vmcall_ept, 0, missing_ept},
    {"vmout", run_out, 0, missing_ept},
    {"vmmmio", run_mmio, 0, missing_ept},
    {0, 0, 0, 0},
};
