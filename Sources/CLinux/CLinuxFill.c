#include "CLinuxFill.h"

#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

_Static_assert(UFFDIO_COPY == 0xc028aa03, "request code of UFFDIO_COPY");

int CLinux_userfaultfd_enable(int descriptor) {
    struct uffdio_api api = {.api = UFFD_API};
    return ioctl(descriptor, UFFDIO_API, &api);
}

int CLinux_userfaultfd_register_missing(int descriptor, uint64_t start, uint64_t byte_count) {
    struct uffdio_register request = {
        .range = {.start = start, .len = byte_count},
        .mode = UFFDIO_REGISTER_MODE_MISSING,
    };
    return ioctl(descriptor, UFFDIO_REGISTER, &request);
}

uint64_t CLinux_userfaultfd_copy(int descriptor, uint64_t to, const void *from, uint64_t byte_count) {
    struct uffdio_copy request = {
        .dst = to, .src = (uintptr_t)from, .len = byte_count, .mode = UFFDIO_COPY_MODE_DONTWAKE};
    // Also a call that fails says what it has copied; in place of nothing it says why.
    ioctl(descriptor, UFFDIO_COPY, &request);
    return request.copy > 0 ? (uint64_t)request.copy : 0;
}
