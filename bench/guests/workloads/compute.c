/* What the compute workloads are: see the files named after them. */
#include "compute.h"

/* Every workload does its work from the same start each time; the last result counts. */
#define REPEATED(name)                                        \
    static uint32_t repeat_##name(uint32_t count) {           \
        uint32_t checksum = 0;                                \
        for (; count; count--) checksum = work_##name();      \
        return checksum;                                      \
    }

REPEATED(int)
REPEATED(sieve)
REPEATED(qsort)
REPEATED(crc32)
REPEATED(sha256)
REPEATED(memcpy)
REPEATED(stride)
REPEATED(list)
REPEATED(string)
REPEATED(matmul)
REPEATED(vm)
REPEATED(recurse)
REPEATED(fp)

const struct workload compute_workloads[] = {
    {"int", repeat_int, 0, 0},
    {"sieve", repeat_sieve, 0, 0},
    {"qsort", repeat_qsort, 0, 0},
    {"crc32", repeat_crc32, prepare_crc32, 0},
    {"sha256", repeat_sha256, prepare_sha256, 0},
    {"memcpy", repeat_memcpy, prepare_memcpy, 0},
    {"stride", repeat_stride, prepare_stride, 0},
    {"list", repeat_list, prepare_list, 0},
    {"string", repeat_string, prepare_string, 0},
    {"matmul", repeat_matmul, prepare_matmul, 0},
    {"vm", repeat_vm, 0, 0},
    {"recurse", repeat_recurse, 0, 0},
    {"fp", repeat_fp, prepare_fp, missing_fp},
    {0, 0, 0, 0},
};
