#define _GNU_SOURCE 1
#include "CLinuxUserfaultfd.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Numbers and layouts are the kernel's stable interface.
#define CLINUX_UFFD_USER_MODE_ONLY 1

_Static_assert(UFFDIO_API == 0xc018aa3f, "request code of UFFDIO_API");
_Static_assert(UFFDIO_REGISTER == 0xc020aa00, "request code of UFFDIO_REGISTER");
_Static_assert(UFFDIO_UNREGISTER == 0x8010aa01, "request code of UFFDIO_UNREGISTER");
_Static_assert(UFFDIO_COPY == 0xc028aa03, "request code of UFFDIO_COPY");

// User mode only, which needs no privilege, means that it gets no faults of the kernel's own. In asynchronous mode the
// kernel resolves every fault by itself, its own included.
int CLinux_userfaultfd(void) {
    return (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | CLINUX_UFFD_USER_MODE_ONLY);
}

int CLinux_userfaultfd_enable(int descriptor, uint64_t features) {
    struct uffdio_api api = {.api = UFFD_API, .features = features};
    return ioctl(descriptor, UFFDIO_API, &api);
}

int CLinux_userfaultfd_register(int descriptor, uint64_t mode, uint64_t start, uint64_t byte_count) {
    struct uffdio_register request = {.range = {.start = start, .len = byte_count}, .mode = mode};
    return ioctl(descriptor, UFFDIO_REGISTER, &request);
}

int CLinux_userfaultfd_unregister(int descriptor, uint64_t start, uint64_t byte_count) {
    struct uffdio_range range = {.start = start, .len = byte_count};
    return ioctl(descriptor, UFFDIO_UNREGISTER, &range);
}

uint64_t CLinux_userfaultfd_copy(int descriptor, uint64_t to, const void *from, uint64_t byte_count) {
    struct uffdio_copy request = {
        .dst = to, .src = (uintptr_t)from, .len = byte_count, .mode = UFFDIO_COPY_MODE_DONTWAKE};
    // Also a call that fails says what it has copied; in place of nothing it says why.
    ioctl(descriptor, UFFDIO_COPY, &request);
    return request.copy > 0 ? (uint64_t)request.copy : 0;
}
