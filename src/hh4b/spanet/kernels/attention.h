// Normalisation, multi-head attention among the rows of each event, gate. See GatedLayer.
#pragma once
#include "gate.h"
#include "parallel.h"

struct AttentionShape {
  long copies, rows, width, heads;
  long keep() const { return 8 * width; } // q k v, attended, projected, r z h
  long weights(long* at) const {
    const long d = width;
    const long sizes[] = {d, d, 3 * d * d, 3 * d, d * d, d, 3 * d * d, 3 * d, 2 * d * d, d * d, d};
    long total = 0;
    for (int i = 0; i < 11; ++i) {
      at[i] = total;
      total += sizes[i];
    }
    return total;
  }
};

struct AttentionWeights {
  const float* w[11];
  const float *pt, *ot;
  Gate gate;
};

static long attention_scratch(const AttentionShape& s) { return 10 * s.width * s.width; }

static AttentionWeights attention_weights(const AttentionShape& s, const float* const* w, long copy,
                                          float* scratch) {
  long at[12];
  at[11] = s.weights(at);
  AttentionWeights result;
  for (int i = 0; i < 11; ++i) result.w[i] = w[i] + copy * (at[i + 1] - at[i]);
  const float* const* p = result.w;
  const long d = s.width;
  float* t = scratch;
  auto flip = [&](const float* from, long rows, long cols) {
    transpose(from, rows, cols, t);
    const float* done = t;
    t += rows * cols;
    return done;
  };
  result.pt = flip(p[2], 3 * d, d);
  result.ot = flip(p[4], d, d);
  const float* wt = flip(p[6], 3 * d, d);
  const float* ut = flip(p[8], 2 * d, d);
  const float* gt = flip(p[9], d, d);
  result.gate = Gate{d, p[6], p[7], p[8], p[9], p[10], wt, ut, gt};
  return result;
}

// Columns of one head's keys (or values) of an event: to[c * padded + row], zero where padded.
static inline void head_columns(const float* from, long ld, long rows, long padded, long width,
                                float* to) {
  for (long c = 0; c < width; ++c) {
    for (long r = 0; r < rows; ++r) to[c * padded + r] = from[r * ld + c];
    for (long r = rows; r < padded; ++r) to[c * padded + r] = 0.0f;
  }
}

// Probabilities of one query over the keys of its event (padded ones get 0).
static inline void attend_row(const float* q, const float* keys, long rows, long padded, long head,
                              float scale, float* p) {
  float top = -1e30f;
  for (long j = 0; j < padded; j += VL) {
    V s = all(0.0f);
    for (long c = 0; c < head; ++c) s += q[c] * load(keys + c * padded + j);
    s *= scale;
    for (int i = 0; i < VL; ++i)
      if (j + i >= rows) s[i] = -1e30f;
    store(p + j, s);
    float here = largest(s);
    top = here > top ? here : top;
  }
  V total = all(0.0f);
  for (long j = 0; j < padded; j += VL) {
    V e = vexp(load(p + j) - top);
    for (int i = 0; i < VL; ++i)
      if (j + i >= rows) e[i] = 0.0f;
    store(p + j, e);
    total += e;
  }
  const float inverse = 1.0f / sum(total);
  for (long j = 0; j < padded; j += VL) store(p + j, load(p + j) * inverse);
}

static inline long padded_rows(long rows) { return (rows + VL - 1) / VL * VL; }

// Element of the dropout mask: query row, head, key; `MAX_KEYS` keeps rows apart.
constexpr long MAX_KEYS = 64;

template <int HEAD>
static void attend(const AttentionShape& s, long first, long events, long rows, const float* qkv,
                   long ld, float* out, Dropout drop, Arena arena) {
  const long d = s.width, padded = padded_rows(rows);
  const float scale = 1.0f / __builtin_sqrtf(float(HEAD));
  float* keys = arena.take(HEAD * padded);
  float* p = arena.take(padded);
  for (long e = 0; e < events; ++e)
    for (long h = 0; h < s.heads; ++h) {
      const float* base = qkv + e * rows * ld + h * HEAD;
      head_columns(base + d, ld, rows, padded, HEAD, keys);
      for (long i = 0; i < rows; ++i) {
        attend_row(base + i * ld, keys, rows, padded, HEAD, scale, p);
        if (drop.threshold) {
          const uint32_t index = uint32_t(((first + e * rows + i) * s.heads + h) * MAX_KEYS);
          for (long j = 0; j < padded; j += VL)
            store(p + j, load(p + j) * drop(index + uint32_t(j)));
        }
        float result[HEAD] = {};
        for (long j = 0; j < rows; ++j)
          for (int c = 0; c < HEAD; ++c) result[c] += p[j] * base[j * ld + 2 * d + c];
        std::memcpy(out + (e * rows + i) * d + h * HEAD, result, sizeof result);
      }
    }
}

template <int HEAD>
static void attend_backward(const AttentionShape& s, long first, long events, long rows,
                            const float* qkv, long ld, const float* dout, float* dqkv, Dropout drop,
                            Arena arena) {
  const long d = s.width, padded = padded_rows(rows);
  const float scale = 1.0f / __builtin_sqrtf(float(HEAD));
  float* keys = arena.take(HEAD * padded);
  float* values = arena.take(HEAD * padded);
  float* p = arena.take(padded);
  float* ds = arena.take(padded);
  std::memset(dqkv, 0, sizeof(float) * events * rows * 3 * d);
  for (long e = 0; e < events; ++e)
    for (long h = 0; h < s.heads; ++h) {
      const float* base = qkv + e * rows * ld + h * HEAD;
      float* gradient = dqkv + e * rows * 3 * d + h * HEAD;
      head_columns(base + d, ld, rows, padded, HEAD, keys);
      head_columns(base + 2 * d, ld, rows, padded, HEAD, values);
      for (long i = 0; i < rows; ++i) {
        const float* q = base + i * ld;
        const float* g = dout + (e * rows + i) * d + h * HEAD;
        attend_row(q, keys, rows, padded, HEAD, scale, p);
        const uint32_t index = uint32_t(((first + e * rows + i) * s.heads + h) * MAX_KEYS);
        V along = all(0.0f);
        for (long j = 0; j < padded; j += VL) {
          V dp = all(0.0f);
          for (long c = 0; c < HEAD; ++c) dp += g[c] * load(values + c * padded + j);
          if (drop.threshold) dp *= drop(index + uint32_t(j));
          store(ds + j, dp);
          along += dp * load(p + j);
        }
        const float mean = sum(along);
        float dq[HEAD] = {};
        for (long j = 0; j < padded; j += VL) {
          V prob = load(p + j);
          store(ds + j, prob * (load(ds + j) - mean) * scale);
          if (drop.threshold) store(p + j, prob * drop(index + uint32_t(j)));
        }
        for (long j = 0; j < rows; ++j) {
          float* row = gradient + j * 3 * d;
          const float* k = base + j * ld + d;
          for (int c = 0; c < HEAD; ++c) {
            dq[c] += ds[j] * k[c];
            row[d + c] += ds[j] * q[c];
            row[2 * d + c] += p[j] * g[c];
          }
        }
        std::memcpy(gradient + i * 3 * d, dq, sizeof dq);
      }
    }
}

#define BY_HEAD(name, s, ...)            \
  switch ((s).width / (s).heads) {       \
  case 4: name<4>(s, __VA_ARGS__); break;   \
  case 8: name<8>(s, __VA_ARGS__); break;   \
  case 16: name<16>(s, __VA_ARGS__); break; \
  case 32: name<32>(s, __VA_ARGS__); break; \
  }

static void attention_tile(const AttentionShape& s, const AttentionWeights& w, long first,
                           long events, long rows, const float* x, float* out, float* keep,
                           Dropout drop, Arena arena) {
  const long d = s.width, m = events * rows, ld = keep ? s.keep() : 3 * d;
  float* n = arena.take(m * d);
  float* inverse = arena.take(m);
  float* a = arena.take(m * d);
  float* y = arena.take(m * d);
  float* pre = arena.take(m * 3 * d);
  float* q = arena.take(m * d);
  float* qkv = keep ? keep : arena.take(m * 3 * d);
  normalize(m, d, x, n, inverse);
  scale_shift(m, d, n, w.w[0], w.w[1], n);
  product(m, 3 * d, d, n, d, 1, w.pt, 3 * d, w.w[3], qkv, ld);
  BY_HEAD(attend, s, first, events, rows, qkv, ld, a, drop, arena)
  product(m, d, d, a, d, 1, w.ot, d, w.w[5], y, d);
  if (keep)
    for (long r = 0; r < m; ++r) {
      std::memcpy(keep + r * ld + 3 * d, a + r * d, d * sizeof(float));
      std::memcpy(keep + r * ld + 4 * d, y + r * d, d * sizeof(float));
    }
  gate_forward(w.gate, m, y, x, out, keep ? keep + 5 * d : nullptr, ld, pre, q);
}

static void attention_tile_backward(const AttentionShape& s, const AttentionWeights& w, long first,
                                    long events, long rows, const float* x, const float* keep,
                                    const float* dout, float* dx, float* const* g, Dropout drop,
                                    Arena arena) {
  const long d = s.width, m = events * rows, ld = s.keep();
  float* unit = arena.take(m * d);
  float* n = arena.take(m * d);
  float* inverse = arena.take(m);
  float* y = arena.take(m * d);
  float* dy = arena.take(m * d);
  float* da = arena.take(m * d);
  float* dqkv = arena.take(m * 3 * d);
  float* pre = arena.take(m * 3 * d);
  float* q = arena.take(m * d);
  float* dq = arena.take(m * d);
  for (long r = 0; r < m; ++r)
    std::memcpy(y + r * d, keep + r * ld + 4 * d, d * sizeof(float));
  gate_backward(w.gate, GateGradient{g[6], g[7], g[8], g[9], g[10]}, m, y, x, keep + 5 * d, ld,
                dout, dy, dx, pre, q, dq);
  weight_gradient(m, d, d, dy, d, keep + 3 * d, ld, g[4], g[5]);
  product(m, d, d, dy, d, 1, w.w[4], d, nullptr, da, d);
  BY_HEAD(attend_backward, s, first, events, rows, keep, ld, da, dqkv, drop, arena)
  normalize(m, d, x, unit, inverse);
  scale_shift(m, d, unit, w.w[0], w.w[1], n);
  weight_gradient(m, 3 * d, d, dqkv, 3 * d, n, d, g[2], g[3]);
  product(m, d, 3 * d, dqkv, 3 * d, 1, w.w[2], d, nullptr, n, d); // n becomes dn
  normalize_backward(m, d, unit, inverse, n, w.w[0], dx, g[0], g[1]);
}
