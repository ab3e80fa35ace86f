// Elementary functions of vectors, and dropout.
#pragma once
#include "vectors.h"

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
static inline V bounded(V x) { return vmax(all(-126.0f), x); } // lets what is no number through
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

static inline V vexp(V x) { return exp2_(x * LOG2E); }

// Both take 1 / (1 + 2^n); n is bounded, since the reciprocal of infinity is no number here. The order
// of operands lets what is no number through.
static inline V sigmoid(V x) {
  return reciprocal(1.0f + exp2_(low(all(60.0f), x * -LOG2E)));
}
static inline V tanh_(V x) {
  return 1.0f - 2.0f * reciprocal(1.0f + exp2_(low(all(60.0f), x * (2.0f * LOG2E))));
}

// Phi(x) and its density; erfc from Abramowitz and Stegun 7.1.26, 1.5e-7 absolute.
static inline V normal_cdf(V x, V& density) {
  V bell = exp2_(x * x * (-0.5f * LOG2E));
  V magnitude = high(x, -x);
  V t = reciprocal(1.0f + magnitude * (0.3275911f * 0.70710678118f));
  V p = all(1.061405429f);
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  V upper = p * t * bell * 0.5f; // 1 - Phi(|x|)
  density = bell * 0.3989422804f;
  return x < 0.0f ? upper : 1.0f - upper;
}

// Dropout by a counter: elements `index`, `index + stride`, ... of stream `seed` (Murmur3's
// finaliser). The same bits as `counter_bits` in fused.py. Gives 1/(1-p) or 0.
struct Dropout {
  uint32_t seed = 0, threshold = 0;
  float scale = 1.0f;
  V operator()(uint32_t index, uint32_t stride = 1) const {
    U x = reinterpret_cast<U>(lanes()) * (stride * 0x9E3779B1u) + (index * 0x9E3779B1u + seed);
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    x ^= x >> 16;
    return x < threshold ? all(0.0f) : all(scale);
  }
};
