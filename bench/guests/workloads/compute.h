/* The compute workloads; each does a few 100,000 instructions and gives a checksum. */
#pragma once
#include "../bench.h"

OPAQUE uint32_t work_int(void);
OPAQUE uint32_t work_sieve(void);
OPAQUE uint32_t work_qsort(void);
OPAQUE uint32_t work_crc32(void);
OPAQUE uint32_t work_sha256(void);
OPAQUE uint32_t work_memcpy(void);
OPAQUE uint32_t work_stride(void);
OPAQUE uint32_t work_list(void);
OPAQUE uint32_t work_string(void);
OPAQUE uint32_t work_matmul(void);
OPAQUE uint32_t work_vm(void);
OPAQUE uint32_t work_recurse(void);
OPAQUE uint32_t work_fp(void);

void prepare_crc32(uint32_t count);
void prepare_sha256(uint32_t count);
void prepare_memcpy(uint32_t count);
void prepare_stride(uint32_t count);
void prepare_list(uint32_t count);
void prepare_string(uint32_t count);
void prepare_matmul(uint32_t count);
void prepare_fp(uint32_t count);
const char *missing_fp(void);

/* A linear congruential generator (Numerical Recipes). */
static inline uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }
