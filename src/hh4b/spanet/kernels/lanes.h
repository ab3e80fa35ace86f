// Tiles of events for prediction: one event in every lane, GROUPS vectors of events side by side.
// A row of a tile is (channels, events), so that a product's weights are the same for all lanes and
// no sum runs across a vector.
#pragma once
#include "simd.h"
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

constexpr int GROUPS = 3;
constexpr int OUT = VL == 16 ? 8 : 4;     // outputs of a product that stay in registers
constexpr long STEP = GROUPS * VL;        // events of a tile; floats of one channel of a row
constexpr float LOG2E = 1.44269504088896341f;

#if defined(__AVX512F__)
static inline V nearest(V x) {
  return (V)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline V times_power(V x, V n) { return (V)_mm512_scalef_ps((__m512)x, (__m512)n); }
static inline V bounded(V x) { return x; } // powers of two may underflow
static inline V high(V a, V b) { return (V)_mm512_max_ps((__m512)a, (__m512)b); }
static inline V low(V a, V b) { return (V)_mm512_min_ps((__m512)a, (__m512)b); }
static inline V root(V x) { return (V)_mm512_sqrt_ps((__m512)x); }
// 1/x to 1e-7: an estimate of 14 bits and one step of Newton.
static inline V reciprocal(V x) {
  V y = (V)_mm512_rcp14_ps((__m512)x);
  return y * (2.0f - x * y);
}
#else
static inline V nearest(V x) { return x + 12582912.0f - 12582912.0f; }
static inline V times_power(V x, V n) {
  I bits = (__builtin_convertvector(n, I) + 127) << 23;
  return x * reinterpret_cast<V&>(bits);
}
static inline V reciprocal(V x) { return 1.0f / x; }
static inline V bounded(V x) { return vmax(x, all(-126.0f)); }
static inline V high(V a, V b) { return vmax(a, b); }
static inline V low(V a, V b) { return vmin(a, b); }
static inline V root(V x) {
  for (int i = 0; i < VL; ++i) x[i] = __builtin_sqrtf(x[i]);
  return x;
}
#endif

// 2^x for x <= 60, to 2e-7 relative (polynomial of least largest relative error).
static inline V exp2_(V x) {
  x = bounded(x);
  V n = nearest(x), r = x - n;
  V p = all(1.327647178e-03f);
  p = p * r + 9.675541333e-03f;
  p = p * r + 5.550713274e-02f;
  p = p * r + 2.402211972e-01f;
  p = p * r + 6.931469671e-01f;
  p = p * r + 1.000000072e+00f;
  return times_power(p, n);
}

// gelu as x (1/2 + x P(x^2) / Q(x^2)): the rational function of least largest error of x Phi(x) on
// [-5, 5], 1e-7, and with the rounding of single precision 1e-6. Phi is constant outside.
static inline V fast_gelu(V x) {
  V c = low(high(x, all(-5.0f)), all(5.0f)), s = c * c;
  V p = all(6.181448862e-06f), q = all(5.335699527e-07f);
  p = p * s + 3.272672215e-04f;
  q = q * s + 1.186774577e-04f;
  p = p * s + 5.577437564e-03f;
  q = q * s + 2.763599377e-03f;
  p = p * s + 5.053930694e-02f;
  q = q * s + 3.789028396e-02f;
  p = p * s + 3.989409400e-01f;
  q = q * s + 2.933356896e-01f;
  q = q * s + 1.0f;
  return x * (c * p * reciprocal(q) + 0.5f);
}

// acc[m] += sum over k of w[k][m] * x[k], for all events.
template <int M>
static inline __attribute__((always_inline)) void sweep(V (&acc)[M][GROUPS], long k_size,
                                                        const float* w, const float* x) {
#pragma GCC unroll 8
  for (long k = 0; k < k_size; ++k) {
    V c[GROUPS];
    for (int g = 0; g < GROUPS; ++g) c[g] = load(x + k * STEP + g * VL);
    for (int m = 0; m < M; ++m)
      for (int g = 0; g < GROUPS; ++g) acc[m][g] += w[k * M + m] * c[g];
  }
}

template <int M>
static inline __attribute__((always_inline)) void start(V (&acc)[M][GROUPS], const float* bias) {
  for (int m = 0; m < M; ++m)
    for (int g = 0; g < GROUPS; ++g) acc[m][g] = all(bias[m]);
}

// Outputs `first` to `last` of W x + b for one row.
template <bool GELU>
static inline void row_product(long first, long last, long k_size, const float* w,
                               const float* bias, const float* x, float* y) {
  for (long o = first; o < last; o += OUT) {
    V acc[OUT][GROUPS];
    start(acc, bias + o);
    sweep(acc, k_size, w + o * k_size, x);
    for (int m = 0; m < OUT; ++m)
      for (int g = 0; g < GROUPS; ++g)
        store(y + (o + m) * STEP + g * VL, GELU ? fast_gelu(acc[m][g]) : acc[m][g]);
  }
}

// Channels of one row to mean 0 and deviation 1.
static inline void row_normalize(long width, const float* x, float* to) {
  for (int g = 0; g < GROUPS; ++g) {
    V total = all(0.0f), squares = all(0.0f);
    for (long c = 0; c < width; ++c) total += load(x + c * STEP + g * VL);
    V mean = total * (1.0f / width);
    for (long c = 0; c < width; ++c) {
      V d = load(x + c * STEP + g * VL) - mean;
      squares += d * d;
    }
    V scale = 1.0f / root(squares * (1.0f / width) + 1e-5f);
    for (long c = 0; c < width; ++c)
      store(to + c * STEP + g * VL, (load(x + c * STEP + g * VL) - mean) * scale);
  }
}
