#define _GNU_SOURCE 1
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int CLinux_pidfd_open(int32_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int CLinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0);
}

// Gives the lifeline the number 0 and the targets 1 and so on, and closes all others, the pipe's writing end above all: as
// long as that is open here, the pipe does not end.
static void keep(int lifeline, const int32_t *targets, size_t target_count) {
    int kept[1 + CLinux_target_limit];
    int count = 1 + (int)target_count;
    for (int i = 0; i < count; i++) kept[i] = fcntl(i == 0 ? lifeline : targets[i - 1], F_DUPFD, count);
    for (int i = 0; i < count; i++) dup2(kept[i], i);
    if (syscall(SYS_close_range, count, ~0U, 0) != 0) {
        for (int descriptor = count; descriptor < 65536; descriptor++) close(descriptor);
    }
}

// Async-signal-safe calls only: other threads of the process that was copied may have held any lock.
static void guard(size_t target_count, const uint8_t *lines, size_t byte_count) {
    uint8_t byte;
    ssize_t count;
    do {
        count = read(0, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count > 0) return;
    for (int target = 1; target <= (int)target_count; target++) {
        if (byte_count == 0) {
            CLinux_pidfd_send_signal(target, SIGCONT);
            continue;
        }
        const uint8_t *end = memchr(lines, '\n', byte_count);
        size_t length = end ? (size_t)(end - lines) : byte_count;
        (void)!pwrite(target, lines, length, 0);
        if (!end) return;
        lines += length + 1;
        byte_count -= length + 1;
    }
}

int32_t CLinux_start_guardian(
    int lifeline, const int32_t *targets, size_t target_count, const uint8_t *lines, size_t byte_count) {
    if (target_count > CLinux_target_limit) {
        errno = EINVAL;
        return -1;
    }
    // No signal may end the child between fork and the line that blocks them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        keep(lifeline, targets, target_count);
        guard(target_count, lines, byte_count);
        _exit(0);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}
