#define _GNU_SOURCE 1
#include "CLinux.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

_Static_assert(CLinux_SEEK_DATA == SEEK_DATA && CLinux_SEEK_HOLE == SEEK_HOLE, "lseek's modes");

int CLinux_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

int CLinux_sem_wait_until(void *semaphore, int64_t seconds, int64_t nanoseconds) {
    struct timespec time = {.tv_sec = seconds, .tv_nsec = nanoseconds};
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, &time);
}

int CLinux_punch_hole(int descriptor, int64_t offset, int64_t byte_count) {
    return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, byte_count);
}

int CLinux_start_writeback(int descriptor, int64_t offset, int64_t byte_count) {
    return sync_file_range(descriptor, offset, byte_count, SYNC_FILE_RANGE_WRITE);
}

int CLinux_rename_to_new(const char *old_path, const char *new_path) {
    return renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, RENAME_NOREPLACE);
}

int CLinux_queued_byte_count(int socket) {
    int count = 0;
    return ioctl(socket, SIOCOUTQ, &count) == 0 ? count : -1;
}
