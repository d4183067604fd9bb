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

// MARK: XBZRLE

typedef uint8_t Bytes __attribute__((vector_size(64), aligned(8), may_alias));
typedef bool Flags __attribute__((ext_vector_type(64)));
typedef bool Flags8 __attribute__((ext_vector_type(8)));

enum { lineByteCount = sizeof(Bytes), linesPerPage = CPage_byte_count / lineByteCount };
_Static_assert(linesPerPage == 64, "one word has a bit for each line of a page");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bit n of a mask is byte n of a line");

static inline __attribute__((always_inline)) int length_size(uint32_t length) { return length < 0x80 ? 1 : 2; }

static inline __attribute__((always_inline)) uint8_t *put_length(uint8_t *output, uint32_t length) {
    // ULEB128 of at most 14 bits.
    if (length < 0x80) {
        *output++ = (uint8_t)length;
    } else {
        *output++ = (uint8_t)(0x80 | (length & 0x7F));
        *output++ = (uint8_t)(length >> 7);
    }
    return output;
}

CPAGE_WIDEST
int CPage_encode_delta(const void *base, const void *page, uint8_t *output, int capacity) {
    const Bytes *old = base, *new = page;
    // differs[n + 1] has a bit for each byte of line n; differs[0] stands for an equal line before the page.
    uint64_t differs[1 + linesPerPage];
    differs[0] = 0;
    for (int i = 0; i < linesPerPage; i++) {
        Flags flags = __builtin_convertvector(old[i] != new[i], Flags);
        __builtin_memcpy(&differs[i + 1], &flags, sizeof(differs[i + 1]));
    }

    // turns[n] has a bit for each byte of line n that differs where the byte before it does not, or the other way
    // round; turning has one for each line with any.
    Words turns[linesPerPage / 8];
    uint64_t turning = 0;
    for (int i = 0; i < linesPerPage / 8; i++) {
        Words here = *(const Words *)&differs[8 * i + 1], before = *(const Words *)&differs[8 * i];
        turns[i] = here ^ (here << 1 | before >> 63);
        Flags8 flags = __builtin_convertvector(turns[i] != (Words){0}, Flags8);
        uint8_t eight;
        __builtin_memcpy(&eight, &flags, 1);
        turning |= (uint64_t)eight << 8 * i;
    }
    if (turning == 0) return 0;

    // Runs of different bytes begin at the even edges and end at the odd ones.
    uint16_t edges[CPage_byte_count + 1];
    int edgeCount = 0;
    for (; turning != 0; turning &= turning - 1) {
        int line = __builtin_ctzll(turning);
        for (uint64_t rest = ((const uint64_t *)turns)[line]; rest != 0; rest &= rest - 1)
            edges[edgeCount++] = (uint16_t)(line * lineByteCount + __builtin_ctzll(rest));
    }
    if (edgeCount % 2 != 0) edges[edgeCount++] = CPage_byte_count;

    const uint8_t *bytes = page;
    uint8_t *out = output, *end = output + capacity;
    uint32_t position = 0;
    for (int i = 0; i < edgeCount; i += 2) {
        // With input left and fewer than two bytes of room a delta is given up, before each run of either kind.
        if (end - out < 2) return -1;
        out = put_length(out, edges[i] - position);
        position = edges[i + 1];
        uint32_t length = position - edges[i];
        if (end - out < 2 || end - out < (long)(length_size(length) + length)) return -1;
        out = put_length(out, length);
        if (length <= 16 && edges[i] <= CPage_byte_count - 16 && end - out >= 16) {
            __builtin_memcpy(out, bytes + edges[i], 16);
        } else {
            __builtin_memcpy(out, bytes + edges[i], length);
        }
        out += length;
    }
    if (position < CPage_byte_count && end - out < 2) return -1;
    return (int)(out - output);
}
