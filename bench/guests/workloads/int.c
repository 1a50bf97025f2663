/* Integer arithmetic in registers. */
#include "compute.h"

uint32_t work_int(void) {
    uint32_t x = 1, y = 2, z = 3;
    for (uint32_t i = 0; i < 32768; i++) {
        x = x * 1664525u + 1013904223u;
        y = rotate_left(y ^ (x >> 7), 5) + i;
        z += (y & 0xff) - (x | y);
        if (z & 0x100) z ^= x;
    }
    return x ^ y ^ z;
}
