// Vectors, elementary functions and small matrix products. Buffers are row-major float32.
#pragma once
#include <cstdint>
#include <cstring>

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

// exp to 2e-7 relative: 2^n from the exponent bits, the rest from a polynomial (Cephes expf).
static inline V vexp(V x) {
  x = vmin(vmax(x, all(-87.0f)), all(88.0f));
  V shifted = x * 1.44269504088896341f + 12582912.0f; // rounds to the nearest integer
  V n = shifted - 12582912.0f;
  V r = x - n * 0.693359375f + n * 2.12194440e-4f;
  V p = all(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  I bits = (__builtin_convertvector(n, I) + 127) << 23;
  return p * reinterpret_cast<V&>(bits);
}

static inline V sigmoid(V x) { return 1.0f / (1.0f + vexp(-x)); }
static inline V tanh_(V x) { return 1.0f - 2.0f / (1.0f + vexp(x + x)); }

// Phi(x) and its density; erfc from Abramowitz and Stegun 7.1.26, 1.5e-7 absolute.
static inline V normal_cdf(V x, V& density) {
  V bell = vexp(x * x * -0.5f);
  V magnitude = x < 0.0f ? -x : x;
  V t = 1.0f / (1.0f + magnitude * (0.3275911f * 0.70710678118f));
  V p = all(1.061405429f);
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  V upper = p * t * bell * 0.5f; // 1 - Phi(|x|)
  density = bell * 0.3989422804f;
  return x < 0.0f ? upper : 1.0f - upper;
}

static inline V gelu(V x) {
  V density;
  return x * normal_cdf(x, density);
}

static inline V gelu_slope(V x) {
  V density, cdf = normal_cdf(x, density);
  return cdf + x * density;
}

// Dropout by a counter: elements `index`, `index + stride`, ... of stream `seed` (Murmur3's
// finaliser). The same bits as `counter_bits` in fused.py. Gives 1/(1-p) or 0.
struct Dropout {
  uint32_t seed = 0, threshold = 0;
  float scale = 1.0f;
  V operator()(uint32_t index, uint32_t stride = 1) const {
    U x = (reinterpret_cast<U>(lanes()) * stride + index) * 0x9E3779B1u + seed;
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    x ^= x >> 16;
    return x < threshold ? all(0.0f) : all(scale);
  }
};

// C[MR][NV * VL] (+)= A B, with A(m, k) = a[m * rs + k * ks] and B row-major.
template <int MR, int NV>
static inline __attribute__((always_inline)) void micro(long k_size, const float* a, long rs,
                                                        long ks, const float* b, long ldb,
                                                        const float* bias, float* c, long ldc,
                                                        bool accumulate) {
  V acc[MR][NV];
  for (int m = 0; m < MR; ++m)
    for (int n = 0; n < NV; ++n)
      acc[m][n] = accumulate ? load(c + m * ldc + n * VL)
                             : (bias ? load(bias + n * VL) : all(0.0f));
  for (long k = 0; k < k_size; ++k) {
    V row[NV];
    for (int n = 0; n < NV; ++n) row[n] = load(b + k * ldb + n * VL);
    const float* column = a + k * ks;
    for (int m = 0; m < MR; ++m)
      for (int n = 0; n < NV; ++n) acc[m][n] += column[m * rs] * row[n];
  }
  for (int m = 0; m < MR; ++m)
    for (int n = 0; n < NV; ++n) store(c + m * ldc + n * VL, acc[m][n]);
}

template <int NV>
static inline void columns(long m_size, long k_size, const float* a, long rs, long ks,
                           const float* b, long ldb, const float* bias, float* c, long ldc,
                           bool accumulate) {
  constexpr int MR = REGS / NV > 12 ? 12 : REGS / NV;
  long m = 0;
  for (; m + MR <= m_size; m += MR)
    micro<MR, NV>(k_size, a + m * rs, rs, ks, b, ldb, bias, c + m * ldc, ldc, accumulate);
  for (; m < m_size; ++m)
    micro<1, NV>(k_size, a + m * rs, rs, ks, b, ldb, bias, c + m * ldc, ldc, accumulate);
}

// C (m x n) = A B + bias, or C += A B; n is a multiple of VL.
static inline void product(long m_size, long n_size, long k_size, const float* a, long rs, long ks,
                           const float* b, long ldb, const float* bias, float* c, long ldc,
                           bool accumulate = false) {
  constexpr int WIDE = REGS / 6;
  long n = 0;
  for (; n + WIDE * VL <= n_size; n += WIDE * VL)
    columns<WIDE>(m_size, k_size, a, rs, ks, b + n, ldb, bias ? bias + n : nullptr, c + n, ldc,
                  accumulate);
  for (; n + 2 * VL <= n_size; n += 2 * VL)
    columns<2>(m_size, k_size, a, rs, ks, b + n, ldb, bias ? bias + n : nullptr, c + n, ldc,
               accumulate);
  for (; n < n_size; n += VL)
    columns<1>(m_size, k_size, a, rs, ks, b + n, ldb, bias ? bias + n : nullptr, c + n, ldc,
               accumulate);
}

// dW (out x in) += dY^T X over the rows of a tile, and db += column sums of dY.
static inline void weight_gradient(long rows, long out, long in, const float* dy, long ldy,
                                   const float* x, long ldx, float* dw, float* db) {
  product(out, in, rows, dy, 1, ldy, x, ldx, nullptr, dw, in, true);
  if (!db) return;
  for (long r = 0; r < rows; ++r)
    for (long c = 0; c < out; c += VL) store(db + c, load(db + c) + load(dy + r * ldy + c));
}

static inline void transpose(const float* from, long rows, long cols, float* to) {
  for (long r = 0; r < rows; ++r)
    for (long c = 0; c < cols; ++c) to[c * rows + r] = from[r * cols + c];
}

// Rows to mean 0 and deviation 1; `inverse` gets 1/deviation.
static inline void normalize(long rows, long width, const float* x, float* to, float* inverse) {
  for (long r = 0; r < rows; ++r) {
    V total = all(0.0f), squares = all(0.0f);
    for (long c = 0; c < width; c += VL) total += load(x + r * width + c);
    float mean = sum(total) / width;
    for (long c = 0; c < width; c += VL) {
      V d = load(x + r * width + c) - mean;
      squares += d * d;
    }
    inverse[r] = 1.0f / __builtin_sqrtf(sum(squares) / width + 1e-5f);
    for (long c = 0; c < width; c += VL)
      store(to + r * width + c, (load(x + r * width + c) - mean) * inverse[r]);
  }
}

static inline void scale_shift(long rows, long width, const float* x, const float* w,
                               const float* b, float* to) {
  for (long r = 0; r < rows; ++r)
    for (long c = 0; c < width; c += VL)
      store(to + r * width + c, load(x + r * width + c) * load(w + c) + load(b + c));
}

// Gradient through normalize and scale_shift: dn -> dx (added), dw, db.
static inline void normalize_backward(long rows, long width, const float* unit,
                                      const float* inverse, const float* dn, const float* w,
                                      float* dx, float* dw, float* db) {
  for (long r = 0; r < rows; ++r) {
    V total = all(0.0f), along = all(0.0f);
    for (long c = 0; c < width; c += VL) {
      V g = load(dn + r * width + c), u = load(unit + r * width + c);
      store(dw + c, load(dw + c) + g * u);
      store(db + c, load(db + c) + g);
      g *= load(w + c);
      total += g;
      along += g * u;
    }
    float mean = sum(total) / width, slope = sum(along) / width;
    for (long c = 0; c < width; c += VL) {
      V g = load(dn + r * width + c) * load(w + c), u = load(unit + r * width + c);
      V d = (g - mean - u * slope) * inverse[r];
      store(dx + r * width + c, load(dx + r * width + c) + d);
    }
  }
}
