// Linux calls and constants that Glibc's Swift overlay lacks. A symbol is here for one of two reasons: the overlay
// hides it (it needs _GNU_SOURCE or a kernel header), or it is a macro or a variadic function that Swift cannot call.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

// Names the calling thread in /proc and debuggers; cut to Linux's 15 characters by the caller.
static inline int CLinux_set_thread_name(const char *_Nonnull name) {
    return pthread_setname_np(pthread_self(), name);
}

// lseek(2) to data and to holes of sparse files; hidden without _GNU_SOURCE.
static const int CLinux_SEEK_DATA = 3;
static const int CLinux_SEEK_HOLE = 4;

#include "CLinuxDirtyLog.h"
