#pragma once
#include <isa-l.h>

// The size of the memory that a level of igzip works in: the library's recommendation, as macros that Swift cannot see.
static inline uint32_t CISAL_level_buffer_byte_count(uint32_t level) {
    switch (level) {
    case 1: return ISAL_DEF_LVL1_DEFAULT;
    case 2: return ISAL_DEF_LVL2_DEFAULT;
    case 3: return ISAL_DEF_LVL3_DEFAULT;
    default: return ISAL_DEF_LVL0_DEFAULT;
    }
}
