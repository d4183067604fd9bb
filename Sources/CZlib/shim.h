#pragma once

// Without it zlib.h includes headers of libc, and Swift would take this module for the one that defines their
// structures. What it leaves out is file access, which is not used here.
#define Z_SOLO 1
#include <zlib.h>
