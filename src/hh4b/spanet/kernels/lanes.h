// Tiles of events for prediction: one event in every lane, GROUPS vectors of events side by side.
// A row of a tile is (channels, events), so that a product's weights are the same for all lanes and
// no sum runs across a vector.
#pragma once
#include "simd.h"

constexpr int GROUPS = 3;
constexpr int OUT = VL == 16 ? 8 : 4;     // outputs of a product that stay in registers
constexpr long STEP = GROUPS * VL;        // events of a tile; floats of one channel of a row

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
