// The PAGEMAP_SCAN ioctl (Linux 6.7). Here because the headers of a distribution are often older than its kernel (Debian
// 12's are of 6.1), because the request code is a macro, and because ioctl(2) is variadic.
#pragma once

#include <stdint.h>

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

// The number of regions found, or -1 with errno.
int CLinux_pagemap_scan(int descriptor, struct CLinux_pm_scan_arg *_Nonnull argument);
