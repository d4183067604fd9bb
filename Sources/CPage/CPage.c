#include "CPage.h"

#if !defined(__has_feature)
#define __has_feature(x) 0
#endif

// One body, compiled for several instruction sets, chosen when the program is loaded. The choice runs before thread
// sanitizer's runtime is up and would crash there.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CPAGE_WIDEST __attribute__((target_clones("default", "avx2", "avx512bw")))
#else
#define CPAGE_WIDEST
#endif

// Guest memory is read while vCPUs write to it, by design: a page caught in between is dirty and goes again.
#define CPAGE_RACES_WITH_GUEST __attribute__((no_sanitize("thread")))

typedef uint64_t Words __attribute__((vector_size(64), aligned(8), may_alias));

enum { wordsPerBlock = 4, blocksPerPage = CPage_byte_count / (wordsPerBlock * sizeof(Words)) };

// A macro: a vector as argument has another calling convention in each instruction set, and the compiler says so.
#define ANY(words) \
    ((words)[0] | (words)[1] | (words)[2] | (words)[3] | (words)[4] | (words)[5] | (words)[6] | (words)[7])

CPAGE_WIDEST CPAGE_RACES_WITH_GUEST
bool CPage_copy(const void *source, void *destination) {
    // Volatile: each byte is loaded once, so what is tested is what was stored.
    const volatile Words *from = source;
    Words *to = destination;
    Words seen = {0};
    for (int i = 0; i < blocksPerPage * wordsPerBlock; i++) {
        Words words = from[i];
        to[i] = words;
        seen |= words;
    }
    return ANY(seen) == 0;
}

CPAGE_WIDEST CPAGE_RACES_WITH_GUEST
bool CPage_is_zero(const void *page) {
    const Words *from = page;
    for (int block = 0; block < blocksPerPage; block++, from += wordsPerBlock) {
        Words seen = from[0] | from[1] | from[2] | from[3];
        if (ANY(seen) != 0) return false;
    }
    return true;
}
