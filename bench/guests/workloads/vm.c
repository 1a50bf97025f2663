/* An interpreter's loop: a switch over bytecode, that is, an indirect jump that
 * goes somewhere else each time. The program is the Collatz sequence. */
#include "compute.h"

enum { PUSH, LOAD, STORE, ADD, MULTIPLY, HALVE, ODD, JUMP, JUMP_IF_ZERO, LESS, HALT };

/* Variables: 0 the start, 1 the current number, 2 the steps. Numbers on the left are addresses. */
static const uint8_t program[] = {
    /*  0 */ LOAD, 0, STORE, 1,                                            /* n = start */
    /*  4 */ LOAD, 1, PUSH, 2, LESS, JUMP_IF_ZERO, 13, JUMP, 44,           /* until n < 2 */
    /* 13 */ LOAD, 2, PUSH, 1, ADD, STORE, 2,                              /* steps++ */
    /* 20 */ LOAD, 1, ODD, JUMP_IF_ZERO, 37,                               /* is n odd? */
    /* 25 */ PUSH, 3, LOAD, 1, MULTIPLY, PUSH, 1, ADD, STORE, 1, JUMP, 4,  /* n = 3n + 1 */
    /* 37 */ LOAD, 1, HALVE, STORE, 1, JUMP, 4,                            /* n = n / 2 */
    /* 44 */ LOAD, 0, PUSH, 1, ADD, STORE, 0,                              /* start++ */
    /* 51 */ LOAD, 0, PUSH, 100, LESS, JUMP_IF_ZERO, 60, JUMP, 0,          /* until 100 */
    /* 60 */ HALT,
};

uint32_t work_vm(void) {
    uint32_t stack[16], variable[3] = {1, 0, 0};
    uint32_t *top = stack;
    for (const uint8_t *at = program;;) {
        switch (*at++) {
        case PUSH: *++top = *at++; break;
        case LOAD: *++top = variable[*at++]; break;
        case STORE: variable[*at++] = *top--; break;
        case ADD: top--, top[0] += top[1]; break;
        case MULTIPLY: top--, top[0] *= top[1]; break;
        case HALVE: top[0] >>= 1; break;
        case ODD: top[0] &= 1; break;
        case JUMP: at = program + *at; break;
        case JUMP_IF_ZERO: at = *top-- ? at + 1 : program + *at; break;
        case LESS: top--, top[0] = top[0] < top[1]; break;
        default: return variable[2];
        }
    }
}
