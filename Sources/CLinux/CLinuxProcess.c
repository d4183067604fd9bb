#define _GNU_SOURCE 1
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int CLinux_pidfd_open(int32_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

int CLinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0);
}

// Gives the descriptors the numbers 0, 1 and 2 and closes all others, the pipe's writing end above all: as long as
// that is open here, the pipe does not end.
static void keep(int lifeline, int target, int pidfd) {
    int kept[3] = {lifeline, target, pidfd};
    for (int i = 0; i < 3; i++) kept[i] = kept[i] < 0 ? -1 : fcntl(kept[i], F_DUPFD, 3);
    for (int i = 0; i < 3; i++) {
        if (kept[i] < 0) {
            close(i);
        } else {
            dup2(kept[i], i);
        }
    }
    if (syscall(SYS_close_range, 3, ~0U, 0) != 0) {
        for (int descriptor = 3; descriptor < 65536; descriptor++) close(descriptor);
    }
}

// Async-signal-safe calls only: other threads of the process that was copied may have held any lock.
static void guard(const uint8_t *bytes, size_t byte_count, int has_target, int has_process) {
    uint8_t byte;
    ssize_t count;
    do {
        count = read(0, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count > 0) return;
    if (has_target) (void)!pwrite(1, bytes, byte_count, 0);
    if (has_process) CLinux_pidfd_send_signal(2, SIGCONT);
}

int32_t CLinux_start_guardian(
    int lifeline, int target, const uint8_t *bytes, size_t byte_count, int pidfd) {
    // No signal may end the child between fork and the line that blocks them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        keep(lifeline, target, pidfd);
        guard(bytes, byte_count, target >= 0, pidfd >= 0);
        _exit(0);
    }
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return child;
}
