/*
 * Runs single instructions on the processor this program runs on and says what
 * they did. Needs x86-64 Linux.
 *
 *   cc -O2 -o recorder recorder.c && ./recorder < cases > results
 *
 * A case is one line: the mode, the instruction's bytes in hex, sixteen
 * registers in encoding order, the flags, then any number of "offset:bytes" for the scratch
 * page, "xN=32 digits" for an XMM register (0 otherwise), "m=digits" for MXCSR (1F80h otherwise), "SN=digits" for the
 * x87's register RN (0 otherwise), "C=", "W=" and "T=" for its control (37Fh), status (0) and abridged tag word (0). The result is one line: the vector of the exception that ended it (3
 * if none: it ran into the INT3 that fills the code page), RIP, the registers,
 * the flags, and a word like the above for every XMM or x87 register, MXCSR, word of the x87 and stretch of scratch memory changed.
 *
 * Modes: "64"; "32" is flat 32-bit code; "s32" and "s16" are 32- and 16-bit
 * code in segments of their own (modify_ldt), see SEGMENTS.
 *
 * There is no epilogue to disturb anything: a signal handler loads the case
 * into the context that sigreturn restores, and the next signal, from INT3 or
 * from a fault, brings the result.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define CODE ((uint8_t *)0x10000000)
#define ENTRY (CODE + 0x800)
#define SCRATCH ((uint8_t *)0x20000000)
#define CODE_BASE 0x10000000
#define DATA_BASE 0x20000000

/* Descriptors of the local table; selector = index * 8 + 7. All limits end with the page. */
static const struct user_desc SEGMENTS[] = {
    {.entry_number = 0, .base_addr = CODE_BASE, .limit = 0xfff, .contents = 2},                   /* 16-bit code, 07h */
    {.entry_number = 1, .base_addr = CODE_BASE, .limit = 0xfff, .contents = 2, .seg_32bit = 1},   /* 32-bit code, 0Fh */
    {.entry_number = 2, .base_addr = DATA_BASE, .limit = 0xfff, .seg_32bit = 1},                  /* DS, 17h */
    {.entry_number = 3, .base_addr = DATA_BASE + 0x100, .limit = 0xeff, .seg_32bit = 1},          /* ES, 1Fh */
    {.entry_number = 4, .base_addr = DATA_BASE + 0x200, .limit = 0xdff, .seg_32bit = 1},          /* GS, 27h */
    {.entry_number = 5, .base_addr = DATA_BASE, .limit = 0xfff},                                  /* 16-bit stack, 2Fh */
    {.entry_number = 6, .base_addr = DATA_BASE, .limit = 0xfff, .seg_32bit = 1},                  /* 32-bit stack, 37h */
};

struct mode {
  const char *name;
  int cs, ss, ds, es, gs;
  uint64_t entry;
};
static const struct mode MODES[] = {
    {"64", 0x33, 0x2b, 0x2b, 0x2b, 0, CODE_BASE + 0x800},
    {"32", 0x23, 0x2b, 0x2b, 0x2b, 0, CODE_BASE + 0x800},
    {"s32", 0x0f, 0x37, 0x17, 0x1f, 0x27, 0x800},
    {"s16", 0x07, 0x2f, 0x17, 0x1f, 0x27, 0x800},
};
static const struct mode *mode;

/* Flags that a case may set and a result reports: the arithmetic ones and DF. */
#define FLAGS 0xcd5

static const int ORDER[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static uint64_t in[16], out[16], in_flags, out_flags, out_rip;
static uint64_t in_xmm[16][2], out_xmm[16][2];
static uint32_t in_mxcsr, out_mxcsr;
/* The x87: registers R0 to R7, 16 bytes each, and the three words. */
struct x87 {
  uint8_t registers[8][16];
  uint16_t control, status, tags;
};
static struct x87 in_x87, out_x87;
static int out_vector;
static volatile int running;
static gregset_t home;

static void load_x87(struct _libc_fpstate *fp, const struct x87 *x) {
  fp->cwd = x->control;
  fp->swd = x->status;
  fp->ftw = x->tags;
  fp->fop = 0;
  fp->rip = fp->rdp = 0;
  for (int i = 0; i < 8; i++) memcpy((char *)fp->_st + 16 * i, x->registers[((x->status >> 11) + i) & 7], 16);
}

static void save_x87(const struct _libc_fpstate *fp, struct x87 *x) {
  x->control = fp->cwd;
  x->status = fp->swd;
  x->tags = fp->ftw;
  for (int i = 0; i < 8; i++) {
    uint8_t *to = x->registers[((x->status >> 11) + i) & 7];
    memset(to, 0, 16);
    memcpy(to, (char *)fp->_st + 16 * i, 10);
  }
}

static void handler(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
  /* The FXSAVE area; behind it is XSAVE's header, whose first word says which parts are not in their initial state. */
  struct _libc_fpstate *fp = ((ucontext_t *)context)->uc_mcontext.fpregs;
  if (!running) {
    memcpy(home, g, sizeof home);
    memcpy(fp->_xmm, in_xmm, sizeof in_xmm);
    fp->mxcsr = in_mxcsr;
    load_x87(fp, &in_x87);
    *(uint64_t *)((char *)fp + 512) |= 3;
    for (int i = 0; i < 16; i++) g[ORDER[i]] = in[i];
    g[REG_EFL] = (g[REG_EFL] & ~FLAGS) | in_flags;
    g[REG_RIP] = mode->entry;
    g[REG_CSGSFS] = (greg_t)((uint64_t)mode->ss << 48 | (uint32_t)mode->cs);
    running = 1;
    return;
  }
  for (int i = 0; i < 16; i++) out[i] = g[ORDER[i]];
  memcpy(out_xmm, fp->_xmm, sizeof out_xmm);
  out_mxcsr = fp->mxcsr;
  fp->mxcsr = 0x1f80;
  save_x87(fp, &out_x87);
  static const struct x87 initial = {.control = 0x37f};
  load_x87(fp, &initial);
  *(uint64_t *)((char *)fp + 512) |= 3;
  out_flags = g[REG_EFL] & FLAGS;
  out_vector = g[REG_TRAPNO];
  out_rip = g[REG_RIP] - (out_vector == 3);
  memcpy(g, home, sizeof home);
  running = 0;
}

static int parse_bytes(const char *hex, uint8_t *to) {
  int n = 0;
  unsigned v;
  while (sscanf(hex + 2 * n, "%2x", &v) == 1) to[n++] = v;
  return n;
}

int main(void) {
  static char line[65536];
  static uint8_t before[PAGE];
  if (mmap(CODE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != CODE ||
      mmap(SCRATCH, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != SCRATCH)
    return perror("mmap"), 1;
  for (unsigned i = 0; i < sizeof SEGMENTS / sizeof *SEGMENTS; i++)
    if (syscall(SYS_modify_ldt, 1, &SEGMENTS[i], sizeof *SEGMENTS)) return perror("modify_ldt"), 1;
  stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  int signals[] = {SIGTRAP, SIGFPE, SIGSEGV, SIGILL, SIGBUS, SIGUSR1};
  for (int i = 0; i < 6; i++) sigaction(signals[i], &action, NULL);

  while (fgets(line, sizeof line, stdin)) {
    memset(CODE, 0xcc, PAGE);
    for (int i = 0; i < PAGE; i++) SCRATCH[i] = (uint8_t)(i * 37 + 11);
    char *word = strtok(line, " \n");
    if (!word) continue;
    for (mode = MODES; strcmp(mode->name, word); mode++) {}
    word = strtok(NULL, " \n");
    parse_bytes(word, ENTRY);
    for (int i = 0; i < 16; i++) in[i] = strtoull(strtok(NULL, " \n"), NULL, 16);
    in_flags = strtoull(strtok(NULL, " \n"), NULL, 16);
    memset(in_xmm, 0, sizeof in_xmm);
    in_mxcsr = 0x1f80;
    memset(&in_x87, 0, sizeof in_x87);
    in_x87.control = 0x37f;
    while ((word = strtok(NULL, " \n"))) {
      char *hex;
      if (word[0] == 'x') {
        uint64_t *x = in_xmm[strtol(word + 1, &hex, 16)];
        x[0] = strtoull(hex + 17, NULL, 16);
        hex[17] = 0;
        x[1] = strtoull(hex + 1, NULL, 16);
        continue;
      }
      if (word[0] == 'S') {
        /* Sign and exponent are what stands before the last sixteen digits. */
        int digits = strlen(hex = word + 3);
        char *low = hex + (digits > 16 ? digits - 16 : 0);
        uint64_t significand = strtoull(low, NULL, 16);
        *low = 0;
        uint16_t top = strtoul(hex, NULL, 16);
        memcpy(in_x87.registers[word[1] - '0'], &significand, 8);
        memcpy(in_x87.registers[word[1] - '0'] + 8, &top, 2);
        continue;
      }
      if (word[0] == 'C' || word[0] == 'W' || word[0] == 'T') {
        uint16_t *to = word[0] == 'C' ? &in_x87.control : word[0] == 'W' ? &in_x87.status : &in_x87.tags;
        *to = strtoul(word + 2, NULL, 16);
        continue;
      }
      if (word[0] == 'm') {
        in_mxcsr = strtoul(word + 2, NULL, 16);
        continue;
      }
      long offset = strtol(word, &hex, 16);
      parse_bytes(hex + 1, SCRATCH + offset);
    }
    memcpy(before, SCRATCH, PAGE);
    __asm__ volatile("mov %0, %%ds; mov %1, %%es; mov %2, %%gs" ::"r"(mode->ds), "r"(mode->es), "r"(mode->gs));
    /* In 64-bit mode GS has a base without a descriptor. */
    if (mode == MODES) syscall(SYS_arch_prctl, ARCH_SET_GS, DATA_BASE + 0x200);
    raise(SIGUSR1);
    printf("%d %lx", out_vector, out_rip);
    for (int i = 0; i < 16; i++) printf(" %lx", out[i]);
    printf(" %lx", out_flags);
    for (int i = 0; i < 16; i++)
      if (memcmp(in_xmm[i], out_xmm[i], 16)) printf(" x%x=%016lx%016lx", i, out_xmm[i][1], out_xmm[i][0]);
    if (in_mxcsr != out_mxcsr) printf(" m=%x", out_mxcsr);
    for (int i = 0; i < 8; i++)
      if (memcmp(in_x87.registers[i], out_x87.registers[i], 10))
        printf(" S%d=%x%016lx", i, *(uint16_t *)(out_x87.registers[i] + 8), *(uint64_t *)out_x87.registers[i]);
    if (in_x87.control != out_x87.control) printf(" C=%x", out_x87.control);
    if (in_x87.status != out_x87.status) printf(" W=%x", out_x87.status);
    if (in_x87.tags != out_x87.tags) printf(" T=%x", out_x87.tags);
    for (int i = 0; i < PAGE; i++) {
      if (SCRATCH[i] == before[i]) continue;
      printf(" %x:", i);
      for (; i < PAGE && SCRATCH[i] != before[i]; i++) printf("%02x", SCRATCH[i]);
    }
    printf("\n");
  }
  return 0;
}
