// userfaultfd(2) in asynchronous write-protect mode, and the PAGEMAP_SCAN ioctl (Linux 6.7). Here because the headers
// of a distribution are often older than its kernel (Debian 12's are of 6.1), because the request codes are macros, and
// because syscall(2) and ioctl(2) are variadic. Numbers and layouts are the kernel's stable interface, checked below.
#pragma once

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// What a page is. See ioctl_pagemap_scan(2).
static const uint64_t CLinux_PAGE_IS_WPALLOWED = 1 << 0;
static const uint64_t CLinux_PAGE_IS_WRITTEN = 1 << 1;
static const uint64_t CLinux_PAGE_IS_PRESENT = 1 << 3;
static const uint64_t CLinux_PAGE_IS_SWAPPED = 1 << 4;
static const uint64_t CLinux_PAGE_IS_PFNZERO = 1 << 5;

// Write-protect the pages that matched, in the same pass.
static const uint64_t CLinux_PM_SCAN_WP_MATCHING = 1 << 0;
// Fail where a page is not registered for asynchronous write-protection, in place of passing over it.
static const uint64_t CLinux_PM_SCAN_CHECK_WPASYNC = 1 << 1;

struct CLinux_page_region {
    uint64_t start;
    uint64_t end;
    uint64_t categories;
};

struct CLinux_pm_scan_arg {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t vec;
    uint64_t vec_len;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
};

#define CLINUX_PAGEMAP_SCAN _IOWR('f', 16, struct CLinux_pm_scan_arg)
#define CLINUX_UFFD_USER_MODE_ONLY 1
#define CLINUX_UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#define CLINUX_UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#define CLINUX_UFFD_FEATURE_WP_ASYNC (1 << 15)

_Static_assert(sizeof(struct CLinux_page_region) == 24, "struct page_region has 24 bytes");
_Static_assert(sizeof(struct CLinux_pm_scan_arg) == 96, "struct pm_scan_arg has 96 bytes");
_Static_assert(CLINUX_PAGEMAP_SCAN == 0xc0606610, "request code of PAGEMAP_SCAN");
_Static_assert(UFFDIO_API == 0xc018aa3f, "request code of UFFDIO_API");
_Static_assert(UFFDIO_REGISTER == 0xc020aa00, "request code of UFFDIO_REGISTER");
_Static_assert(UFFDIO_UNREGISTER == 0x8010aa01, "request code of UFFDIO_UNREGISTER");

// A userfaultfd that needs no privilege: it would see no faults of the kernel's own, but in asynchronous mode the
// kernel resolves every fault by itself, its own included.
static inline int CLinux_userfaultfd(void) {
    return (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | CLINUX_UFFD_USER_MODE_ONLY);
}

// Asks for asynchronous write-protection of all kinds of memory, pages included that are not populated yet. EINVAL: the
// kernel lacks it.
static inline int CLinux_userfaultfd_enable_async_write_protect(int descriptor) {
    struct uffdio_api api = {
        .api = UFFD_API,
        .features = CLINUX_UFFD_FEATURE_WP_ASYNC | CLINUX_UFFD_FEATURE_WP_UNPOPULATED |
                    CLINUX_UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
    };
    return ioctl(descriptor, UFFDIO_API, &api);
}

static inline int CLinux_userfaultfd_register_write_protect(int descriptor, uint64_t start, uint64_t byte_count) {
    struct uffdio_register request = {
        .range = {.start = start, .len = byte_count},
        .mode = UFFDIO_REGISTER_MODE_WP,
    };
    return ioctl(descriptor, UFFDIO_REGISTER, &request);
}

static inline int CLinux_userfaultfd_unregister(int descriptor, uint64_t start, uint64_t byte_count) {
    struct uffdio_range range = {.start = start, .len = byte_count};
    return ioctl(descriptor, UFFDIO_UNREGISTER, &range);
}

// The number of regions found, or -1.
static inline int CLinux_pagemap_scan(int descriptor, struct CLinux_pm_scan_arg *_Nonnull argument) {
    argument->size = sizeof *argument;
    return ioctl(descriptor, CLINUX_PAGEMAP_SCAN, argument);
}
