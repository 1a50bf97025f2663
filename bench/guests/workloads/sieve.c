/* The sieve of Eratosthenes over 64 KiB of bytes: stores with varying stride. */
#include "compute.h"

#define LIMIT 65536

uint32_t work_sieve(void) {
    uint8_t *composite = (uint8_t *)HEAP;
    uint32_t primes = 0;
    for (uint32_t i = 0; i < LIMIT / 4; i++) ((uint32_t *)HEAP)[i] = 0;
    BARRIER();
    for (uint32_t i = 2; i < LIMIT; i++) {
        if (composite[i]) continue;
        primes++;
        for (uint32_t j = i + i; j < LIMIT; j += i) composite[j] = 1;
    }
    return primes;
}
