#pragma once
#include <xxhash.h>

// The library chooses AVX2 or AVX-512 at run time only when asked by these names, which exist on x86 alone: more than
// twice the speed on data in cache.
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>

static inline XXH64_hash_t CXXHash_64bits(const void *input, size_t byte_count, XXH64_hash_t seed) {
    return XXH3_64bits_withSeed_dispatch(input, byte_count, seed);
}
static inline void CXXHash_64bits_update(XXH3_state_t *state, const void *input, size_t byte_count) {
    XXH3_64bits_update_dispatch(state, input, byte_count);
}
#else
static inline XXH64_hash_t CXXHash_64bits(const void *input, size_t byte_count, XXH64_hash_t seed) {
    return XXH3_64bits_withSeed(input, byte_count, seed);
}
static inline void CXXHash_64bits_update(XXH3_state_t *state, const void *input, size_t byte_count) {
    XXH3_64bits_update(state, input, byte_count);
}
#endif
