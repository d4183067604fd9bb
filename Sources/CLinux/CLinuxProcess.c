#define _GNU_SOURCE 1
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int CLinux_pidfd_open(int32_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int CLinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0);
}

int CLinux_pipe(int32_t *ends) { return pipe2(ends, O_CLOEXEC); }

static void close_all(unsigned first, unsigned last) {
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
    for (unsigned descriptor = first; descriptor <= last && descriptor < 65536; descriptor++) close((int)descriptor);
}

// Closes all but the lifeline and the targets, the pipe's writing end above all: as long as that is open here, the pipe
// does not end. They keep their numbers: there may be no others left.
static void keep(int lifeline, const int32_t *targets, size_t target_count) {
    unsigned next = 0;
    for (size_t left = 1 + target_count; left > 0; left--) {
        // The lowest that has not been passed. No two are the same.
        unsigned kept = (unsigned)lifeline >= next ? (unsigned)lifeline : ~0U;
        for (size_t i = 0; i < target_count; i++) {
            unsigned target = (unsigned)targets[i];
            if (target >= next && target < kept) kept = target;
        }
        if (kept > next) close_all(next, kept - 1);
        next = kept + 1;
    }
    close_all(next, ~0U);
}

// Async-signal-safe calls only: other threads of the process that was copied may have held any lock.
static void guard(
    int lifeline, const uint8_t *in_force, const int32_t *targets, size_t target_count, const uint8_t *lines,
    size_t byte_count) {
    uint8_t byte;
    ssize_t count;
    do {
        count = read(lifeline, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count > 0 || __atomic_load_n(in_force, __ATOMIC_SEQ_CST) == 0) return;
    for (size_t i = 0; i < target_count; i++) {
        if (byte_count == 0) {
            CLinux_pidfd_send_signal(targets[i], SIGCONT);
            continue;
        }
        const uint8_t *end = memchr(lines, '\n', byte_count);
        size_t length = end ? (size_t)(end - lines) : byte_count;
        (void)!pwrite(targets[i], lines, length, 0);
        if (!end) return;
        lines += length + 1;
        byte_count -= length + 1;
    }
}

uint8_t *CLinux_map_shared_byte(void) {
    void *byte = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return byte == MAP_FAILED ? NULL : byte;
}

void CLinux_unmap_shared_byte(uint8_t *byte) { munmap(byte, 1); }

void CLinux_store_shared_byte(uint8_t *byte, uint8_t value) { __atomic_store_n(byte, value, __ATOMIC_SEQ_CST); }

int32_t CLinux_start_guardian(
    int lifeline, const uint8_t *in_force, const int32_t *targets, size_t target_count, const uint8_t *lines,
    size_t byte_count) {
    // No signal may end the child between fork and the line that blocks them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        keep(lifeline, targets, target_count);
        guard(lifeline, in_force, targets, target_count, lines, byte_count);
        _exit(0);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}
