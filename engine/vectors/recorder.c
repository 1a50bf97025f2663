/*
 * Runs single instructions on the processor this program runs on and says what
 * they did. Needs x86-64 Linux.
 *
 *   cc -O2 -o recorder recorder.c && ./recorder < cases > results
 *
 * A case is one line: the instruction's bytes in hex, sixteen registers in
 * encoding order, the flags, then any number of "offset:bytes" for the scratch
 * page. The result is one line: the vector of the exception that ended it (3
 * if none: it ran into the INT3 that fills the code page), RIP, the registers,
 * the flags, and an "offset:bytes" for every stretch of scratch memory changed.
 *
 * There is no epilogue to disturb anything: a signal handler loads the case
 * into the context that sigreturn restores, and the next signal, from INT3 or
 * from a fault, brings the result.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define PAGE 4096
#define CODE ((uint8_t *)0x10000000)
#define ENTRY (CODE + 0x800)
#define SCRATCH ((uint8_t *)0x20000000)
/* Flags that a case may set and a result reports: the arithmetic ones and DF. */
#define FLAGS 0xcd5

static const int ORDER[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static uint64_t in[16], out[16], in_flags, out_flags, out_rip;
static int out_vector;
static volatile int running;
static gregset_t home;

static void handler(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (!running) {
    memcpy(home, g, sizeof home);
    for (int i = 0; i < 16; i++) g[ORDER[i]] = in[i];
    g[REG_EFL] = (g[REG_EFL] & ~FLAGS) | in_flags;
    g[REG_RIP] = (greg_t)ENTRY;
    running = 1;
    return;
  }
  for (int i = 0; i < 16; i++) out[i] = g[ORDER[i]];
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
    parse_bytes(word, ENTRY);
    for (int i = 0; i < 16; i++) in[i] = strtoull(strtok(NULL, " \n"), NULL, 16);
    in_flags = strtoull(strtok(NULL, " \n"), NULL, 16);
    while ((word = strtok(NULL, " \n"))) {
      char *hex;
      long offset = strtol(word, &hex, 16);
      parse_bytes(hex + 1, SCRATCH + offset);
    }
    memcpy(before, SCRATCH, PAGE);
    raise(SIGUSR1);
    printf("%d %lx", out_vector, out_rip);
    for (int i = 0; i < 16; i++) printf(" %lx", out[i]);
    printf(" %lx", out_flags);
    for (int i = 0; i < PAGE; i++) {
      if (SCRATCH[i] == before[i]) continue;
      printf(" %x:", i);
      for (; i < PAGE && SCRATCH[i] != before[i]; i++) printf("%02x", SCRATCH[i]);
    }
    printf("\n");
  }
  return 0;
}
