// userfaultfd(2) for filling the holes of mapped memory, here for the reasons of CLinuxDirtyLog.h.
#pragma once

#include <stdint.h>

// Makes a new userfaultfd ready, with no feature: 0, or -1 with errno.
int CLinux_userfaultfd_enable(int descriptor);

// From here on a range can be filled, and a touch of what is missing there waits for that: 0, or -1 with errno.
int CLinux_userfaultfd_register_missing(int descriptor, uint64_t start, uint64_t byte_count);

// Fills whole pages of a range with a copy: how many bytes, which are fewer than asked for where a page is there already or
// cannot be had.
uint64_t CLinux_userfaultfd_copy(int descriptor, uint64_t to, const void *_Nonnull from, uint64_t byte_count);
