/* Which instruction set this processor has. Compiled once, for the oldest processor. */
#include "kernel.h"

UB_EXPORT const char *best_instruction_set(void) {
#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return "avx512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return "avx2";
#endif
    return "baseline";
}

/* What the library was compiled from: a test compares it with the files, so that a stale library is noticed. */
#ifndef UB_SOURCE_SHA256
#define UB_SOURCE_SHA256 ""
#endif
UB_EXPORT const char *source_sha256(void) { return UB_SOURCE_SHA256; }
