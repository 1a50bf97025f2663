/* Floating point as compilers emit it for baseline x86-64: SSE2, scalar (three
 * bodies attracting each other) and packed (a product of matrices). Compiled with
 * -msse2; everything else of this image uses general registers only. */
#include "compute.h"

#define N 24
typedef double pair __attribute__((vector_size(16)));
typedef pair matrix[N][N / 2];
#define A (*(matrix *)HEAP)
#define B (*(matrix *)(HEAP + 0x4000))
#define C (*(matrix *)(HEAP + 0x8000))

#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400

const char *missing_fp(void) { return cpuid(1).d & 1 << 26 ? 0 : "CPUID reports no SSE2"; }

void prepare_fp(uint32_t count) {
    (void)count;
    __UINTPTR_TYPE__ cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N / 2; j++) {
            A[i][j] = (pair){i * 0.5 - j, i + j * 0.25};
            B[i][j] = (pair){j * 0.125 + i, i - j * 0.75};
        }
}

static uint32_t fold(double x) {
    union {
        double d;
        uint32_t u[2];
    } bits = {.d = x};
    return bits.u[0] ^ bits.u[1];
}

static uint32_t product(void) {
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N / 2; j++) {
            pair sum = {0, 0};
            for (int k = 0; k < N; k++) {
                double a = A[i][k / 2][k % 2];
                sum += (pair){a, a} * B[k][j];
            }
            C[i][j] = sum;
        }
    uint32_t checksum = 0;
    for (int i = 0; i < N; i++) checksum = checksum * 31 + fold(C[i][i / 2][0]) + fold(C[i][i / 2][1]);
    return checksum;
}

static inline double square_root(double x) {
    __asm__("sqrtsd %0, %0" : "+x"(x));
    return x;
}

struct body {
    double x, y, vx, vy, mass;
};

static uint32_t bodies(void) {
    struct body b[3] = {{0, 0, 0, 0.1, 10}, {3, 0, 0, 1.5, 1}, {0, 5, -1.2, 0, 0.5}};
    for (int step = 0; step < 500; step++) {
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) {
                if (i == j) continue;
                double dx = b[j].x - b[i].x, dy = b[j].y - b[i].y;
                double d2 = dx * dx + dy * dy + 0.01;
                double f = 0.001 * b[j].mass / (d2 * square_root(d2));
                b[i].vx += f * dx, b[i].vy += f * dy;
            }
        for (int i = 0; i < 3; i++) b[i].x += 0.001 * b[i].vx, b[i].y += 0.001 * b[i].vy;
    }
    return fold(b[0].x) ^ fold(b[1].y) ^ fold(b[2].x) ^ (uint32_t)(int32_t)(b[1].x * 1000);
}

uint32_t work_fp(void) { return product() ^ bodies(); }
