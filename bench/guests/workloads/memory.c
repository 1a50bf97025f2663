/* Memory: a copy loop, strides that miss every TLB, and a linked list. */
#include "compute.h"

typedef __UINTPTR_TYPE__ word;

#define COPY_BYTES 65536
/* Not a power of two away: direct-mapped TLBs would do nothing but replace one by the other. */
#define COPY (HEAP + 0x111000)

void prepare_memcpy(uint32_t count) {
    (void)count;
    uint32_t random = 5;
    for (uint32_t i = 0; i < COPY_BYTES / 4; i++) ((uint32_t *)HEAP)[i] = next_random(&random);
}

/* Four words a turn, there and back. */
static void copy(word *to, const word *from) {
    for (uint32_t i = 0; i < COPY_BYTES / sizeof(word); i += 4) {
        word a = from[i], b = from[i + 1], c = from[i + 2], d = from[i + 3];
        to[i] = a, to[i + 1] = b, to[i + 2] = c, to[i + 3] = d;
        BARRIER();
    }
}

uint32_t work_memcpy(void) {
    for (int i = 0; i < 4; i++) {
        copy((word *)(COPY), (word *)HEAP);
        copy((word *)HEAP, (word *)(COPY));
    }
    uint32_t *end = (uint32_t *)(HEAP + COPY_BYTES);
    return end[-1] ^ end[-1000] ^ end[-16000];
}

/* A page and a cache line further each time: 8,000 pages, more than any TLB has. */
#define STRIDE (4096 + 64)

void prepare_stride(uint32_t count) {
    (void)count;
    for (unsigned long i = 0; i + 4 <= HEAP_BYTES; i += STRIDE)
        *(uint32_t *)(HEAP + i) = (uint32_t)i * 2654435761u;
}

uint32_t work_stride(void) {
    uint32_t sum = 0;
    for (unsigned long i = 0; i + 4 <= HEAP_BYTES; i += STRIDE) sum = rotate_left(sum, 3) + *(uint32_t *)(HEAP + i);
    return sum;
}

struct node {
    struct node *next;
    word value;
};
#define NODES 16384

/* One cycle through all nodes in random order (Sattolo's shuffle). */
void prepare_list(uint32_t count) {
    (void)count;
    struct node *nodes = (struct node *)HEAP;
    uint32_t *order = (uint32_t *)(HEAP + 0x400000);
    uint32_t random = 11;
    for (uint32_t i = 0; i < NODES; i++) order[i] = i;
    for (uint32_t i = NODES - 1; i > 0; i--) {
        uint32_t j = (next_random(&random) >> 8) % i, t = order[i];
        order[i] = order[j], order[j] = t;
    }
    for (uint32_t i = 0; i < NODES; i++) {
        nodes[order[i]].next = &nodes[order[(i + 1) % NODES]];
        nodes[order[i]].value = i;
    }
}

uint32_t work_list(void) {
    struct node *start = (struct node *)HEAP, *node = start;
    uint32_t sum = 0;
    do {
        sum = sum * 3 + (uint32_t)node->value;
        node = node->next;
    } while (node != start);
    return sum;
}
