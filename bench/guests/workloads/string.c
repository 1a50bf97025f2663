/* Byte loops over text: length, upper case, search, comparison. */
#include "compute.h"

#define BYTES 16384
#define TEXT ((char *)HEAP)
#define COPY ((char *)HEAP + 0x8000)

void prepare_string(uint32_t count) {
    (void)count;
    uint32_t random = 3;
    for (uint32_t i = 0; i < BYTES; i++) {
        uint32_t r = next_random(&random) >> 16;
        TEXT[i] = r % 7 == 0 ? ' ' : (char)('a' + r % 26);
    }
    TEXT[BYTES] = 0;
}

static OPAQUE uint32_t length(const char *s) {
    uint32_t n = 0;
    while (s[n]) n++;
    return n;
}

static OPAQUE void upper(char *to, const char *from) {
    char c;
    while ((c = *from++)) *to++ = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    *to = 0;
}

static OPAQUE uint32_t words(const char *s) {
    uint32_t n = 0;
    for (; *s; s++)
        if (*s == ' ') n++;
    return n;
}

static OPAQUE uint32_t equal(const char *a, const char *b) {
    uint32_t n = 0;
    while (*a && (*a | 32) == (*b | 32)) a++, b++, n++;
    return n;
}

uint32_t work_string(void) {
    upper(COPY, TEXT);
    return length(TEXT) ^ words(COPY) << 16 ^ equal(TEXT, COPY) << 4;
}
