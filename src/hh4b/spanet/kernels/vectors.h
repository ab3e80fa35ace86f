// Vectors of float32.
#pragma once
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
constexpr int VL = 16;   // floats in a vector
constexpr int REGS = 24; // vector registers for the results of a product
#else
constexpr int VL = 8;
constexpr int REGS = 12;
#endif

typedef float V __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef int32_t I __attribute__((vector_size(4 * VL), aligned(4), may_alias));
typedef uint32_t U __attribute__((vector_size(4 * VL), aligned(4), may_alias));

static inline V load(const float* p) { return *reinterpret_cast<const V*>(p); }
static inline void store(float* p, V v) { *reinterpret_cast<V*>(p) = v; }

// Stores past the caches, for what is not read before they have been filled anew; p is aligned to
// a vector. After the last one, `stored` makes all of them seen by other threads.
#if defined(__AVX512F__)
static inline void store_far(float* p, V v) { _mm512_stream_ps(p, (__m512)v); }
#elif defined(__AVX__)
static inline void store_far(float* p, V v) { _mm256_stream_ps(p, (__m256)v); }
#else
static inline void store_far(float* p, V v) { store(p, v); }
#endif
#if defined(__SSE2__)
static inline void stored() { _mm_sfence(); }
#else
static inline void stored() {}
#endif

// Memory that is read later, brought into the second cache a few lines at a time while a product
// runs: products leave the way to memory idle, and what follows them would wait for it.
struct Ahead {
  const char *next = nullptr, *end = nullptr;
  void fetch() {
    const char* last = end - next > 16 * 64 ? next + 16 * 64 : end;
    const char* line = next;
    for (; line < last; line += 64) __builtin_prefetch(line, 0, 2);
    next = line;
  }
};

static inline V all(float x) { return V{} + x; }
static inline V vmin(V a, V b) { return a < b ? a : b; }
static inline V vmax(V a, V b) { return a > b ? a : b; }

// Lane numbers 0, 1, 2, ...
static inline I lanes() {
  I n;
  for (int i = 0; i < VL; ++i) n[i] = i;
  return n;
}

static inline float sum(V v) {
  for (int step = VL / 2; step; step /= 2) v += __builtin_shuffle(v, lanes() ^ step);
  return v[0];
}

static inline float largest(V v) {
  for (int step = VL / 2; step; step /= 2) v = vmax(v, __builtin_shuffle(v, lanes() ^ step));
  return v[0];
}
