/* Calls and returns: Fibonacci and Ackermann. */
#include "compute.h"

static OPAQUE uint32_t fibonacci(uint32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static OPAQUE uint32_t ackermann(uint32_t m, uint32_t n) {
    if (m == 0) return n + 1;
    if (n == 0) return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

uint32_t work_recurse(void) { return fibonacci(18) ^ ackermann(2, 40) << 16; }
