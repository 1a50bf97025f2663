/* Product of two 48 by 48 matrices of integers. */
#include "compute.h"

#define N 48
typedef int32_t matrix[N][N];
#define A (*(matrix *)HEAP)
#define B (*(matrix *)(HEAP + 0x4000))
#define C (*(matrix *)(HEAP + 0x8000))

void prepare_matmul(uint32_t count) {
    (void)count;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) A[i][j] = i * 7 - j, B[i][j] = j * 5 + i;
}

uint32_t work_matmul(void) {
    uint32_t sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int32_t s = 0;
            for (int k = 0; k < N; k++) s += A[i][k] * B[k][j];
            C[i][j] = s;
            sum = sum * 31 + (uint32_t)s;
        }
    return sum;
}
