// Linux calls and constants that Glibc's Swift overlay lacks. A symbol is here for one of two reasons: the overlay
// hides it (it needs _GNU_SOURCE or a kernel header), or it is a macro or a variadic function that Swift cannot call.
//
// No header of libc is included here: Swift would take this module for the one that defines libc's structures.
#pragma once

#include <stdint.h>

// Names the calling thread in /proc and debuggers; cut to Linux's 15 characters by the caller.
int CLinux_set_thread_name(const char *_Nonnull name);

// sem_clockwait(3) on the monotonic clock: 0, or -1 with errno.
int CLinux_sem_wait_until(void *_Nonnull semaphore, int64_t seconds, int64_t nanoseconds);

// fallocate(2) that makes a range a hole: 0, or -1 with errno.
int CLinux_punch_hole(int descriptor, int64_t offset, int64_t byte_count);

// sync_file_range(2) that only begins to write: 0, or -1 with errno.
int CLinux_start_writeback(int descriptor, int64_t offset, int64_t byte_count);

// renameat2(2) that replaces nothing, not even an empty directory: 0, or -1 with errno.
int CLinux_rename_to_new(const char *_Nonnull old_path, const char *_Nonnull new_path);

// Bytes that a stream socket has taken and its peer has not confirmed, of SIOCOUTQ: -1 with errno where it fails.
int CLinux_queued_byte_count(int socket);

// lseek(2) to data and to holes of sparse files.
static const int CLinux_SEEK_DATA = 3;
static const int CLinux_SEEK_HOLE = 4;

#include "CLinuxDirtyLog.h"
#include "CLinuxProcess.h"
#include "CLinuxUserfaultfd.h"
