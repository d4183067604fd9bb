// userfaultfd(2), to learn of writes to memory and to fill its holes. Here because the headers of a distribution are often
// older than its kernel, because the request codes are macros, and because syscall(2) and ioctl(2) are variadic. All but the
// last return -1 and set errno where they fail.
#pragma once

#include <stdint.h>

// Asynchronous write-protection of all kinds of memory, pages included that are not populated yet (Linux 6.7).
static const uint64_t CLinux_UFFD_ASYNC_WRITE_PROTECT = 1 << 12 | 1 << 13 | 1 << 15;

// What a range is registered for: that a touch of what is missing waits until it is filled, or write-protection.
static const uint64_t CLinux_UFFD_MISSING = 1 << 0;
static const uint64_t CLinux_UFFD_WRITE_PROTECT = 1 << 1;

// A userfaultfd that needs no privilege.
int CLinux_userfaultfd(void);

// Makes it ready, with features or none. EINVAL: the kernel lacks one.
int CLinux_userfaultfd_enable(int descriptor, uint64_t features);

int CLinux_userfaultfd_register(int descriptor, uint64_t mode, uint64_t start, uint64_t byte_count);
int CLinux_userfaultfd_unregister(int descriptor, uint64_t start, uint64_t byte_count);

// Fills whole pages of a range with a copy: how many bytes, which are fewer than asked for where a page is there already or
// cannot be had.
uint64_t CLinux_userfaultfd_copy(int descriptor, uint64_t to, const void *_Nonnull from, uint64_t byte_count);
