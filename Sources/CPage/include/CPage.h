// The loops over a page's bytes that gain from the widest instructions of the CPU they run on. Swift has no attribute
// that compiles one function for several instruction sets; C has. All of it is portable C: no intrinsics.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CPage_byte_count 4096

// Copies a page and returns whether the copy is all zero. Each byte of the source is read exactly once, so the answer
// is about the copy even while another thread writes to the source. Both pointers are aligned to 8 bytes.
bool CPage_copy(const void *_Nonnull source, void *_Nonnull destination);

// Whether a page is all zero. Aligned to 8 bytes. A page that is not is mostly found out in its first 256 bytes.
bool CPage_is_zero(const void *_Nonnull page);

// Writes to `output` the delta (XBZRLE, canonical form) that turns `base` into `page`.
//
// Returns its size; 0 when the two are equal; -1 when the delta needs more than `capacity` bytes, or fewer than two are
// left while there is input. Nothing beyond output[0..<capacity] is written, but within it more than the delta may be.
// Both pages are aligned to 8 bytes and do not change meanwhile.
int CPage_encode_delta(
    const void *_Nonnull base, const void *_Nonnull page, uint8_t *_Nonnull output, int capacity);
