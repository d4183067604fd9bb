#include "CLinuxDirtyLog.h"

#include <sys/ioctl.h>

// Numbers and layouts are the kernel's stable interface.
#define CLINUX_PAGEMAP_SCAN _IOWR('f', 16, struct CLinux_pm_scan_arg)

_Static_assert(sizeof(struct CLinux_page_region) == 24, "struct page_region has 24 bytes");
_Static_assert(sizeof(struct CLinux_pm_scan_arg) == 96, "struct pm_scan_arg has 96 bytes");
_Static_assert(CLINUX_PAGEMAP_SCAN == 0xc0606610, "request code of PAGEMAP_SCAN");

int CLinux_pagemap_scan(int descriptor, struct CLinux_pm_scan_arg *argument) {
    argument->size = sizeof *argument;
    return ioctl(descriptor, CLINUX_PAGEMAP_SCAN, argument);
}
