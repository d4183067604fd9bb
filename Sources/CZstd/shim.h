#pragma once

// The interface without buffers of its own lies outside the stable part of zstd.h, and later versions discourage it.
#define ZSTD_STATIC_LINKING_ONLY
#define ZSTD_DISABLE_DEPRECATE_WARNINGS
#include <zstd.h>
