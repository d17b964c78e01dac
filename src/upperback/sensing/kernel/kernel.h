/* What the files of the compiled kernel share.

   Every file is compiled once per instruction set, and each public function carries its name: UB(orient) is
   orient_sse2, orient_avx2 or orient_avx512. The Python side asks best_instruction_set() and takes that one.

   Lanes stand side by side: a lane is a wearer when live, and a stretch of one recording in batch. A tile is
   [time][axis][lane] float32 with UB_LANES lanes, so that one instruction works on as many lanes as it holds. */
#ifndef UPPERBACK_KERNEL_H
#define UPPERBACK_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifndef UB_ISA
#define UB_ISA baseline
#endif
#define UB_JOIN_(name, isa) name##_##isa
#define UB_JOIN(name, isa) UB_JOIN_(name, isa)
#define UB(name) UB_JOIN(name, UB_ISA)

#if defined(_WIN32)
#define UB_EXPORT __declspec(dllexport)
#else
#define UB_EXPORT __attribute__((visibility("default")))
#endif

/* Lanes of a tile: one AVX-512 register of float32. Narrower instruction sets take the same tile in several steps, so
   results do not depend on where a lane stands. */
enum { UB_LANES = 16 };

#endif
