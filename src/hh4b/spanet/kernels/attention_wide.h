// Attention of short events: one event in every lane of a vector, so that nothing is padded and no
// sum runs across a vector. Included by attention.h, which has the same for long events.
#pragma once

constexpr long WIDE_ROWS = 16;

// VL / B blocks of B x B numbers, side by side in B vectors, each transposed in place.
template <int B> static inline void transpose_blocks(V* a) {
  for (int step = 1; step < B; step *= 2) {
    const I n = lanes(), upper = (n & step) != 0; // -1 where the lane is in the upper half
    const I first = n - (upper & step) - (upper & -VL);        // own, or the partner's lower half
    const I second = n + (~upper & step) - (upper & -VL);      // the partner's upper half, or own
    for (int i = 0; i < B; ++i)
      if (!(i & step)) {
        V x = a[i], y = a[i + step];
        a[i] = __builtin_shuffle(x, y, first);
        a[i + step] = __builtin_shuffle(x, y, second);
      }
  }
}

// B numbers from each of VL / B places, side by side.
template <int B> static inline V side_by_side(const float* const* from) {
#if defined(__AVX512F__)
  if constexpr (B == 8) {
    const __m512d low = _mm512_castps_pd(_mm512_castps256_ps512(_mm256_loadu_ps(from[0])));
    return (V)_mm512_insertf64x4(low, _mm256_castps_pd(_mm256_loadu_ps(from[1])), 1);
  }
#elif defined(__AVX__)
  if constexpr (B == 4)
    return (V)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from[0])),
                                   _mm_loadu_ps(from[1]), 1);
#endif
  if constexpr (B == VL) return load(from[0]);
  V result;
  for (int i = 0; i < VL; ++i) result[i] = from[i / B][i % B];
  return result;
}

// Rows of up to VL events to lanes: to[(row * HEAD + c) * VL + event]; missing events are 0.
template <int HEAD>
static inline void to_lanes(const float* from, long ld, long rows, long events, float* to) {
  static const float zeros[64] = {};
  constexpr int B = HEAD < VL ? HEAD : VL;
  for (long j = 0; j < rows; ++j)
    for (int c = 0; c < HEAD; c += B) {
      V block[B];
      for (int e = 0; e < B; ++e) {
        const float* row[VL / B];
        for (int p = 0; p < VL / B; ++p)
          row[p] = e + p * B < events ? from + ((e + p * B) * rows + j) * ld + c : zeros;
        block[e] = side_by_side<B>(row);
      }
      transpose_blocks<B>(block);
      for (int i = 0; i < B; ++i) store(to + (j * HEAD + c + i) * VL, block[i]);
    }
}

template <int HEAD>
static inline void from_lanes(const float* from, long rows, long events, float* to, long ld) {
  constexpr int B = HEAD < VL ? HEAD : VL;
  for (long j = 0; j < rows; ++j)
    for (int c = 0; c < HEAD; c += B) {
      V block[B];
      for (int i = 0; i < B; ++i) block[i] = load(from + (j * HEAD + c + i) * VL);
      transpose_blocks<B>(block);
      for (int e = 0; e < B; ++e)
        for (int part = 0; part < VL && e + part < events; part += B) {
          float* row = to + ((e + part) * rows + j) * ld + c;
          for (int i = 0; i < B; ++i) row[i] = block[e][part + i];
        }
    }
}

// p[j] = softmax over keys j of query . key_j, in every lane.
template <int HEAD>
static inline void wide_row(long rows, const float* q, const float* keys, float* p) {
  const float scale = 1.0f / __builtin_sqrtf(float(HEAD));
  V query[HEAD], top = all(-1e30f), total = all(0.0f);
  for (int c = 0; c < HEAD; ++c) query[c] = load(q + c * VL) * scale;
  for (long j = 0; j < rows; ++j) {
    V s = all(0.0f);
    for (int c = 0; c < HEAD; ++c) s += query[c] * load(keys + (j * HEAD + c) * VL);
    store(p + j * VL, s);
    top = vmax(top, s);
  }
  for (long j = 0; j < rows; ++j) {
    V e = vexp(load(p + j * VL) - top);
    store(p + j * VL, e);
    total += e;
  }
  total = 1.0f / total;
  for (long j = 0; j < rows; ++j) store(p + j * VL, load(p + j * VL) * total);
}

// to[c] = sum over rows j of weights[j * step] * from[j][c], in every lane.
template <int HEAD>
static inline void wide_mix(long rows, const float* weights, long step, const float* from,
                            float* to) {
  V total[HEAD] = {};
  for (long j = 0; j < rows; ++j) {
    V w = load(weights + j * step);
    for (int c = 0; c < HEAD; ++c) total[c] += w * load(from + (j * HEAD + c) * VL);
  }
  for (int c = 0; c < HEAD; ++c) store(to + c * VL, total[c]);
}

template <int HEAD>
static void attend_wide(const AttentionShape& s, long first, long events, long rows,
                        const float* qkv, long ld, float* out, Dropout drop, Arena arena) {
  const long d = s.width, size = rows * HEAD * VL;
  float *q = arena.take(size), *k = arena.take(size), *v = arena.take(size);
  float* p = arena.take(rows * VL);
  for (long e = 0; e < events; e += VL)
    for (long h = 0; h < s.heads; ++h) {
      const long here = events - e < VL ? events - e : VL;
      const float* base = qkv + e * rows * ld + h * HEAD;
      to_lanes<HEAD>(base, ld, rows, here, q);
      to_lanes<HEAD>(base + d, ld, rows, here, k);
      to_lanes<HEAD>(base + 2 * d, ld, rows, here, v);
      for (long i = 0; i < rows; ++i) {
        wide_row<HEAD>(rows, q + i * HEAD * VL, k, p);
        const uint32_t index = uint32_t(((first + e * rows + i) * s.heads + h) * MAX_KEYS);
        if (drop.threshold)
          for (long j = 0; j < rows; ++j)
            store(p + j * VL, load(p + j * VL) *
                                  drop(index + uint32_t(j), uint32_t(rows * s.heads * MAX_KEYS)));
        wide_mix<HEAD>(rows, p, VL, v, q + i * HEAD * VL); // the query is not needed any more
      }
      from_lanes<HEAD>(q, rows, here, out + e * rows * d + h * HEAD, d);
    }
}

template <int HEAD>
static void attend_wide_backward(const AttentionShape& s, long first, long events, long rows,
                                 const float* qkv, long ld, const float* dout, float* dqkv,
                                 Dropout drop, Arena arena) {
  const long d = s.width, size = rows * HEAD * VL;
  const float scale = 1.0f / __builtin_sqrtf(float(HEAD));
  float *q = arena.take(size), *k = arena.take(size), *v = arena.take(size);
  float *g = arena.take(size), *result = arena.take(size);
  float* plain = arena.take(rows * VL); // probabilities of a query before dropout
  float *p = arena.take(rows * rows * VL), *ds = arena.take(rows * rows * VL);
  for (long e = 0; e < events; e += VL)
    for (long h = 0; h < s.heads; ++h) {
      const long here = events - e < VL ? events - e : VL;
      const float* base = qkv + e * rows * ld + h * HEAD;
      float* gradient = dqkv + e * rows * 3 * d + h * HEAD;
      to_lanes<HEAD>(base, ld, rows, here, q);
      to_lanes<HEAD>(base + d, ld, rows, here, k);
      to_lanes<HEAD>(base + 2 * d, ld, rows, here, v);
      to_lanes<HEAD>(dout + e * rows * d + h * HEAD, d, rows, here, g);
      for (long i = 0; i < rows; ++i) {
        float *pi = p + i * rows * VL, *di = ds + i * rows * VL;
        wide_row<HEAD>(rows, q + i * HEAD * VL, k, pi);
        const uint32_t index = uint32_t(((first + e * rows + i) * s.heads + h) * MAX_KEYS);
        V along = all(0.0f);
        for (long j = 0; j < rows; ++j) {
          V dp = all(0.0f), prob = load(pi + j * VL);
          for (int c = 0; c < HEAD; ++c)
            dp += load(g + (i * HEAD + c) * VL) * load(v + (j * HEAD + c) * VL);
          store(plain + j * VL, prob);
          if (drop.threshold) {
            V mask = drop(index + uint32_t(j), uint32_t(rows * s.heads * MAX_KEYS));
            dp *= mask;
            store(pi + j * VL, prob * mask);
          }
          store(di + j * VL, dp * prob);
          along += dp * prob;
        }
        for (long j = 0; j < rows; ++j)
          store(di + j * VL, (load(di + j * VL) - along * load(plain + j * VL)) * scale);
      }
      for (long i = 0; i < rows; ++i)
        wide_mix<HEAD>(rows, ds + i * rows * VL, VL, k, result + i * HEAD * VL);
      from_lanes<HEAD>(result, rows, here, gradient, 3 * d);
      for (long i = 0; i < rows; ++i)
        wide_mix<HEAD>(rows, ds + i * VL, rows * VL, q, result + i * HEAD * VL);
      from_lanes<HEAD>(result, rows, here, gradient + d, 3 * d);
      for (long i = 0; i < rows; ++i)
        wide_mix<HEAD>(rows, p + i * VL, rows * VL, g, result + i * HEAD * VL);
      from_lanes<HEAD>(result, rows, here, gradient + 2 * d, 3 * d);
    }
}
