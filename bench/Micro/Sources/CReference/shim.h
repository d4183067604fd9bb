#pragma once

// The libraries by themselves, to compare with.
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static inline int CReference_deflateInit(z_stream *stream, int level) { return deflateInit(stream, level); }
static inline int CReference_inflateInit(z_stream *stream) { return inflateInit(stream); }
