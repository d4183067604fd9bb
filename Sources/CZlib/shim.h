#pragma once

// As in CLinux: two modules must not see libc's structures with different fields.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <zlib.h>
