/* SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only */
/* What the two compilers of this code must be told alike. */
#pragma once

#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((__always_inline__))
#endif

#define SP_INLINE static __always_inline __attribute__((__unused__))

/* What lies so many bytes behind a pointer, as the same kind of pointer. */
#define SP_AT(base, offset_bytes) ((__typeof__(base))((const char *)(base) + (offset_bytes)))

/* A field that another thread, or the other engine, stores while we load it: one whole access. */
#define SP_LOAD(field)	       (*(const volatile __typeof__(field) *)&(field))
#define SP_STORE(field, value) (*(volatile __typeof__(field) *)&(field) = (value))

/*
 * The same for a field that says whether others count: what is read after SP_LOAD_ACQUIRE() was
 * stored before the SP_STORE_RELEASE() whose value it found. An x86-64 keeps loads in their order,
 * and stores in theirs, so only the compiler has to be told. BPF has no instruction for it before
 * Linux 6.15 and clang 20, so no other machine is built for (docs/adr/0012).
 */
#if !defined(__bpf__) && !defined(__x86_64__)
#error "sallyport runs on x86-64 alone: see docs/adr/0012-one-life-of-a-record.md"
#endif

#define SP_BARRIER() __asm__ volatile("" ::: "memory")
#define SP_LOAD_ACQUIRE(field)                                                                     \
	({                                                                                         \
		__typeof__(field) sp_loaded_ = SP_LOAD(field);                                     \
		SP_BARRIER();                                                                      \
		sp_loaded_;                                                                        \
	})
#define SP_STORE_RELEASE(field, value)                                                             \
	do {                                                                                       \
		SP_BARRIER();                                                                      \
		SP_STORE(field, value);                                                            \
	} while (0)

/*
 * An index that has no bits but those of the mask. It is said to the kernel once more, behind the
 * back of clang, which adds bits by OR where it knows that none meet: at an OR of two registers the
 * verifier of Linux 6.1 forgets what it knew of both.
 */
#ifdef __bpf__
#define SP_WITHIN(index, mask)                                                                     \
	({                                                                                         \
		__u64 sp_index_ = (index);                                                         \
		__asm__ volatile("" : "+r"(sp_index_));                                            \
		sp_index_ &(mask);                                                                 \
	})
#else
#define SP_WITHIN(index, mask) (index)
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define SP_BE16(value) ((__be16)__builtin_bswap16((__u16)(value)))
#define SP_BE32(value) ((__be32)__builtin_bswap32((__u32)(value)))
#else
#define SP_BE16(value) ((__be16)(value))
#define SP_BE32(value) ((__be32)(value))
#endif
#define SP_HOST16(value_be) ((__u16)SP_BE16(value_be))
#define SP_HOST32(value_be) ((__u32)SP_BE32(value_be))
