/* Quicksort of 4096 numbers: unpredictable branches, recursion. */
#include "compute.h"

#define ELEMENTS 4096

static void sort(uint32_t *low, uint32_t *high) {
    while (low < high) {
        uint32_t pivot = low[(high - low) / 2];
        uint32_t *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot) i++;
            while (*j > pivot) j--;
            if (i > j) break;
            uint32_t t = *i;
            *i++ = *j;
            *j-- = t;
        }
        if (low < j) sort(low, j);
        low = i;
    }
}

uint32_t work_qsort(void) {
    uint32_t *array = (uint32_t *)HEAP;
    uint32_t random = 42, sum = 0;
    for (uint32_t i = 0; i < ELEMENTS; i++) array[i] = next_random(&random) >> 4;
    sort(array, array + ELEMENTS - 1);
    for (uint32_t i = 0; i < ELEMENTS; i++) sum = sum * 31 + array[i];
    return sum;
}
