#define _GNU_SOURCE 1
#include "CLinuxDirtyLog.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Numbers and layouts are the kernel's stable interface.
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

// User mode only, which needs no privilege, means that it gets no faults of the kernel's own. In asynchronous mode the
// kernel resolves every fault by itself, its own included.
int CLinux_userfaultfd(void) {
    return (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | CLINUX_UFFD_USER_MODE_ONLY);
}

int CLinux_userfaultfd_enable_async_write_protect(int descriptor) {
    struct uffdio_api api = {
        .api = UFFD_API,
        .features = CLINUX_UFFD_FEATURE_WP_ASYNC | CLINUX_UFFD_FEATURE_WP_UNPOPULATED |
                    CLINUX_UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
    };
    return ioctl(descriptor, UFFDIO_API, &api);
}

int CLinux_userfaultfd_register_write_protect(int descriptor, uint64_t start, uint64_t byte_count) {
    struct uffdio_register request = {
        .range = {.start = start, .len = byte_count},
        .mode = UFFDIO_REGISTER_MODE_WP,
    };
    return ioctl(descriptor, UFFDIO_REGISTER, &request);
}

int CLinux_userfaultfd_unregister(int descriptor, uint64_t start, uint64_t byte_count) {
    struct uffdio_range range = {.start = start, .len = byte_count};
    return ioctl(descriptor, UFFDIO_UNREGISTER, &range);
}

int CLinux_pagemap_scan(int descriptor, struct CLinux_pm_scan_arg *argument) {
    argument->size = sizeof *argument;
    return ioctl(descriptor, CLINUX_PAGEMAP_SCAN, argument);
}
