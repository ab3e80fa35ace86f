// Small matrix products and normalisation of rows. Buffers are row-major float32.
#pragma once
#include "elementary.h"

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

// The same for any smaller number of rows.
template <int MR, int NV>
static inline __attribute__((always_inline)) void rest(long m_size, long k_size, const float* a,
                                                       long rs, long ks, const float* b, long ldb,
                                                       const float* bias, float* c, long ldc,
                                                       bool accumulate) {
  if constexpr (MR > 0) {
    if (m_size == MR)
      micro<MR, NV>(k_size, a, rs, ks, b, ldb, bias, c, ldc, accumulate);
    else
      rest<MR - 1, NV>(m_size, k_size, a, rs, ks, b, ldb, bias, c, ldc, accumulate);
  }
}

template <int MR, int NV>
static inline void strips(long m_size, long k_size, const float* a, long rs, long ks,
                          const float* b, long ldb, const float* bias, float* c, long ldc,
                          bool accumulate, Ahead* ahead) {
  long m = 0;
  for (; m + MR <= m_size; m += MR) {
    if (ahead) ahead->fetch();
    micro<MR, NV>(k_size, a + m * rs, rs, ks, b, ldb, bias, c + m * ldc, ldc, accumulate);
  }
  rest<MR - 1, NV>(m_size - m, k_size, a + m * rs, rs, ks, b, ldb, bias, c + m * ldc, ldc,
                   accumulate);
}

// Strips of rows as high as the registers allow, or somewhat lower where then none is left over.
template <int NV>
static inline void columns(long m_size, long k_size, const float* a, long rs, long ks,
                           const float* b, long ldb, const float* bias, float* c, long ldc,
                           bool accumulate, Ahead* ahead) {
  constexpr int MOST = REGS / NV > 12 ? 12 : REGS / NV, EVEN = MOST >= 12 ? 8 : MOST >= 6 ? 4 : MOST;
  if (m_size % MOST && m_size % EVEN == 0)
    strips<EVEN, NV>(m_size, k_size, a, rs, ks, b, ldb, bias, c, ldc, accumulate, ahead);
  else
    strips<MOST, NV>(m_size, k_size, a, rs, ks, b, ldb, bias, c, ldc, accumulate, ahead);
}

// C (m x n) = A B + bias, or C += A B; n is a multiple of VL.
static inline void product(long m_size, long n_size, long k_size, const float* a, long rs, long ks,
                           const float* b, long ldb, const float* bias, float* c, long ldc,
                           bool accumulate = false, Ahead* ahead = nullptr) {
  constexpr int WIDE = REGS / 6;
  long n = 0;
  for (; n + WIDE * VL <= n_size; n += WIDE * VL)
    columns<WIDE>(m_size, k_size, a, rs, ks, b + n, ldb, bias ? bias + n : nullptr, c + n, ldc,
                  accumulate, ahead);
  for (; n + 2 * VL <= n_size; n += 2 * VL)
    columns<2>(m_size, k_size, a, rs, ks, b + n, ldb, bias ? bias + n : nullptr, c + n, ldc,
               accumulate, ahead);
  for (; n < n_size; n += VL)
    columns<1>(m_size, k_size, a, rs, ks, b + n, ldb, bias ? bias + n : nullptr, c + n, ldc,
               accumulate, ahead);
}

// Rows that a product of gradients takes at a time: their two matrices stay in the first cache.
constexpr long DEPTH = 48;

// dW (out x in) += dY^T X over the rows of a tile, and db += column sums of dY.
static inline void weight_gradient(long rows, long out, long in, const float* dy, long ldy,
                                   const float* x, long ldx, float* dw, float* db,
                                   Ahead* ahead = nullptr) {
  for (long r = 0; r < rows; r += DEPTH) {
    const long depth = rows - r < DEPTH ? rows - r : DEPTH;
    product(out, in, depth, dy + r * ldy, 1, ldy, x + r * ldx, ldx, nullptr, dw, in, true, ahead);
  }
  if (!db) return;
  for (long c = 0; c < out; c += VL) {
    V even = load(db + c), odd = all(0.0f);
    long r = 0;
    for (; r + 2 <= rows; r += 2) {
      even += load(dy + r * ldy + c);
      odd += load(dy + (r + 1) * ldy + c);
    }
    if (r < rows) even += load(dy + r * ldy + c);
    store(db + c, even + odd);
  }
}

static inline void transpose(const float* from, long rows, long cols, float* to) {
  for (long r = 0; r < rows; ++r)
    for (long c = 0; c < cols; ++c) to[c * rows + r] = from[r * cols + c];
}

// Sums of the lanes of VL vectors, one in every lane; overwrites them.
static inline V lane_sums(V* a) {
  for (int step = VL / 2; step; step /= 2) {
    const I n = lanes(), upper = (n & step) != 0; // -1 where the lane is in the upper half
    const I first = (n ^ (upper & step)) - (upper & -VL);   // lower halves of both
    const I second = (n ^ (~upper & step)) - (upper & -VL); // upper halves of both
    for (int i = 0; i < step; ++i) {
      V x = a[i], y = a[i + step];
      a[i] = __builtin_shuffle(x, y, first) + __builtin_shuffle(x, y, second);
    }
  }
  return a[0];
}

// Rows to mean 0 and deviation 1 (`unit`, if wanted), then scaled by w and shifted by b. `inverse`
// gets 1/deviation; it has room for a multiple of VL rows.
static inline void normalize(long rows, long width, const float* x, const float* w, const float* b,
                             float* unit, float* inverse, float* to) {
  for (long first = 0; first < rows; first += VL) {
    const long here = rows - first < VL ? rows - first : VL;
    const float* from = x + first * width;
    V part[VL] = {};
    for (long r = 0; r < here; ++r)
      for (long c = 0; c < width; c += VL) part[r] += load(from + r * width + c);
    const V mean = lane_sums(part) * (1.0f / width);
    for (long r = 0; r < VL; ++r) part[r] = all(0.0f);
    for (long r = 0; r < here; ++r)
      for (long c = 0; c < width; c += VL) {
        V d = load(from + r * width + c) - mean[r];
        part[r] += d * d;
      }
    const V scale = 1.0f / root(lane_sums(part) * (1.0f / width) + 1e-5f);
    store(inverse + first, scale);
    for (long r = 0; r < here; ++r)
      for (long c = 0; c < width; c += VL) {
        const long at = (first + r) * width + c;
        V u = (load(x + at) - mean[r]) * scale[r];
        if (unit) store(unit + at, u);
        store(to + at, u * load(w + c) + load(b + c));
      }
  }
}

// Gradient through normalize: dn -> dx (added), dw, db.
static inline void normalize_backward(long rows, long width, const float* unit,
                                      const float* inverse, const float* dn, const float* w,
                                      float* dx, float* dw, float* db) {
  for (long first = 0; first < rows; first += VL) {
    const long here = rows - first < VL ? rows - first : VL, start = first * width;
    V total[VL] = {}, along[VL] = {};
    for (long r = 0; r < here; ++r)
      for (long c = 0; c < width; c += VL) {
        const long at = start + r * width + c;
        V g = load(dn + at) * load(w + c);
        total[r] += g;
        along[r] += g * load(unit + at);
      }
    const V mean = lane_sums(total) * (1.0f / width), slope = lane_sums(along) * (1.0f / width);
    for (long r = 0; r < here; ++r)
      for (long c = 0; c < width; c += VL) {
        const long at = start + r * width + c;
        V g = load(dn + at) * load(w + c);
        V d = (g - mean[r] - load(unit + at) * slope[r]) * inverse[first + r];
        store(dx + at, load(dx + at) + d);
      }
    for (long c = 0; c < width; c += VL) {
      V scale = load(dw + c), shift = load(db + c);
      for (long r = 0; r < here; ++r) {
        V g = load(dn + start + r * width + c);
        scale += g * load(unit + start + r * width + c);
        shift += g;
      }
      store(dw + c, scale);
      store(db + c, shift);
    }
  }
}
