// Normalisation, multi-head attention among the rows of each event, gate. See GatedLayer.
#pragma once
#include "gate.h"
#include "parallel.h"

struct AttentionShape {
  long copies, rows, width, heads;
  // Floats kept a row. A tile keeps q, k, v side by side for all of its rows, then what was attended
  // to, then the gate's r, z and h.
  long keep() const { return 7 * width; }
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

// The projection y = O a + o is part of the gate's first product, W y + b = (W O) a + (W o + b).
struct AttentionWeights {
  const float* w[11];
  const float *pt, *ot;
  Gate gate;
};

static long attention_scratch(const AttentionShape& s) {
  return 14 * s.width * s.width + 3 * s.width + 64;
}

static AttentionWeights attention_weights(const AttentionShape& s, const float* const* w, long copy,
                                          float* scratch) {
  long at[12];
  at[11] = s.weights(at);
  AttentionWeights result;
  for (int i = 0; i < 11; ++i) result.w[i] = w[i] + copy * (at[i + 1] - at[i]);
  const float* const* p = result.w;
  const long d = s.width;
  Arena arena{scratch};
  auto flip = [&](const float* from, long rows, long cols) {
    float* to = arena.take(rows * cols);
    transpose(from, rows, cols, to);
    return to;
  };
  result.pt = flip(p[2], 3 * d, d);
  result.ot = flip(p[4], d, d);
  float* joint = arena.take(3 * d * d); // W O
  product(3 * d, d, d, p[6], d, 1, p[4], d, nullptr, joint, d);
  float* bias = arena.take(3 * d);
  for (long i = 0; i < 3 * d; ++i) {
    bias[i] = p[7][i];
    for (long j = 0; j < d; ++j) bias[i] += p[6][i * d + j] * p[5][j];
  }
  const float* wt = flip(joint, 3 * d, d);
  const float* ut = flip(p[8], 2 * d, d);
  const float* gt = flip(p[9], d, d);
  result.gate = Gate{d, joint, bias, p[8], p[9], p[10], wt, ut, gt};
  return result;
}

// Gradients of W, b, O and o (added) from those of W O and W o + b.
static void split_gradient(const AttentionShape& s, const AttentionWeights& w, const float* joint,
                           const float* bias, float* const* g) {
  const long d = s.width;
  product(3 * d, d, d, joint, d, 1, w.ot, d, nullptr, g[6], d, true);
  product(d, d, 3 * d, w.w[6], 1, d, joint, d, nullptr, g[4], d, true);
  for (long i = 0; i < 3 * d; ++i) {
    g[7][i] += bias[i];
    for (long j = 0; j < d; ++j) {
      g[6][i * d + j] += bias[i] * w.w[5][j];
      g[5][j] += bias[i] * w.w[6][i * d + j];
    }
  }
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
    s = lanes() + int(j) < int(rows) ? s * scale : all(-1e30f);
    store(p + j, s);
    float here = largest(s);
    top = here > top ? here : top;
  }
  V total = all(0.0f);
  for (long j = 0; j < padded; j += VL) {
    V e = lanes() + int(j) < int(rows) ? vexp(load(p + j) - top) : all(0.0f);
    store(p + j, e);
    total += e;
  }
  const float inverse = 1.0f / sum(total);
  for (long j = 0; j < padded; j += VL) store(p + j, load(p + j) * inverse);
}

static inline long padded_rows(long rows) { return (rows + VL - 1) / VL * VL; }

// Element of the dropout mask: query row, head, key; `MAX_KEYS` keeps rows apart.
constexpr long MAX_KEYS = 64;

// The part of a row that belongs to one head.
template <int HEAD> struct Part {
  typedef float type __attribute__((vector_size(4 * HEAD), aligned(4), may_alias));
};

template <int HEAD> static inline typename Part<HEAD>::type part(const float* p) {
  return *reinterpret_cast<const typename Part<HEAD>::type*>(p);
}

// to = sum over rows j of weights[j * step] * from[j * ld]
template <int HEAD>
static inline void mix(long rows, const float* weights, long step, const float* from, long ld,
                       float* to) {
  typename Part<HEAD>::type total = {};
  for (long j = 0; j < rows; ++j) total += weights[j * step] * part<HEAD>(from + j * ld);
  *reinterpret_cast<typename Part<HEAD>::type*>(to) = total;
}

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
        mix<HEAD>(rows, p, 1, base + 2 * d, ld, out + (e * rows + i) * d + h * HEAD);
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
  float* p = arena.take(rows * padded);  // probabilities by query, as dropped out
  float* ds = arena.take(rows * padded); // gradient of the scores
  for (long e = 0; e < events; ++e)
    for (long h = 0; h < s.heads; ++h) {
      const float* base = qkv + e * rows * ld + h * HEAD;
      const float* g = dout + e * rows * d + h * HEAD;
      float* gradient = dqkv + e * rows * 3 * d + h * HEAD;
      head_columns(base + d, ld, rows, padded, HEAD, keys);
      head_columns(base + 2 * d, ld, rows, padded, HEAD, values);
      for (long i = 0; i < rows; ++i) {
        float *pi = p + i * padded, *di = ds + i * padded;
        attend_row(base + i * ld, keys, rows, padded, HEAD, scale, pi);
        const uint32_t index = uint32_t(((first + e * rows + i) * s.heads + h) * MAX_KEYS);
        V along = all(0.0f);
        for (long j = 0; j < padded; j += VL) {
          V dp = all(0.0f);
          for (long c = 0; c < HEAD; ++c) dp += g[i * d + c] * load(values + c * padded + j);
          if (drop.threshold) dp *= drop(index + uint32_t(j));
          store(di + j, dp);
          along += dp * load(pi + j);
        }
        const float mean = sum(along);
        for (long j = 0; j < padded; j += VL) {
          V prob = load(pi + j);
          store(di + j, prob * (load(di + j) - mean) * scale);
          if (drop.threshold) store(pi + j, prob * drop(index + uint32_t(j)));
        }
      }
      for (long i = 0; i < rows; ++i) {
        float* to = gradient + i * 3 * d;
        mix<HEAD>(rows, ds + i * padded, 1, base + d, ld, to);
        mix<HEAD>(rows, ds + i, padded, base, ld, to + d);
        mix<HEAD>(rows, p + i, padded, g, d, to + 2 * d);
      }
    }
}

#include "attention_wide.h"

#define BY_HEAD(name, s, ...)            \
  switch ((s).width / (s).heads) {          \
  case 4: name<4>(s, __VA_ARGS__); break;   \
  case 8: name<8>(s, __VA_ARGS__); break;   \
  case 16: name<16>(s, __VA_ARGS__); break; \
  case 32: name<32>(s, __VA_ARGS__); break; \
  }

static void attention_tile(const AttentionShape& s, const AttentionWeights& w, long first,
                           long events, long rows, const float* x, float* out, float* keep,
                           Dropout drop, Arena arena) {
  const long d = s.width, m = events * rows, ld = 3 * d;
  float* n = arena.take(m * d);
  float* inverse = arena.take(m);
  float* pre = arena.take(m * 3 * d);
  float* q = arena.take(m * d);
  float* qkv = arena.take(m * ld);
  float* a = arena.take(m * d);
  normalize(m, d, x, w.w[0], w.w[1], nullptr, inverse, n);
  product(m, 3 * d, d, n, d, 1, w.pt, 3 * d, w.w[3], qkv, ld);
  if (rows <= WIDE_ROWS) {
    BY_HEAD(attend_wide, s, first, events, rows, qkv, ld, a, drop, arena)
  } else {
    BY_HEAD(attend, s, first, events, rows, qkv, ld, a, drop, arena)
  }
  if (keep) {
    for (long i = 0; i < m * ld; i += VL) store_far(keep + i, load(qkv + i));
    for (long i = 0; i < m * d; i += VL) store_far(keep + m * ld + i, load(a + i));
  }
  gate_forward(w.gate, m, a, x, out, keep ? keep + m * (ld + d) : nullptr, pre, q);
}

// `joint` and `bias` get gradients of W O and W o + b, see AttentionWeights.
static void attention_tile_backward(const AttentionShape& s, const AttentionWeights& w, long first,
                                    long events, long rows, const float* x, const float* keep,
                                    const float* dout, float* dx, float* const* g, float* joint,
                                    float* bias, Dropout drop, Ahead ahead, Arena arena) {
  const long d = s.width, m = events * rows, ld = 3 * d;
  const float *a = keep + m * 3 * d, *gates = a + m * d;
  float* unit = arena.take(m * d);
  float* n = arena.take(m * d);
  float* inverse = arena.take(m);
  float* da = arena.take(m * d);
  float* dqkv = arena.take(m * 3 * d);
  float* pre = arena.take(m * 3 * d);
  float* q = arena.take(m * d);
  float* dq = arena.take(m * d);
  gate_backward(w.gate, GateGradient{joint, bias, g[8], g[9], g[10]}, m, a, x, gates, dout, da, dx,
                pre, q, dq, &ahead);
  if (rows <= WIDE_ROWS) {
    BY_HEAD(attend_wide_backward, s, first, events, rows, keep, ld, da, dqkv, drop, arena)
  } else {
    BY_HEAD(attend_backward, s, first, events, rows, keep, ld, da, dqkv, drop, arena)
  }
  normalize(m, d, x, w.w[0], w.w[1], unit, inverse, n);
  weight_gradient(m, 3 * d, d, dqkv, 3 * d, n, d, g[2], g[3], &ahead);
  product(m, d, 3 * d, dqkv, 3 * d, 1, w.w[2], d, nullptr, n, d, false, &ahead); // n becomes dn
  normalize_backward(m, d, unit, inverse, n, w.w[0], dx, g[0], g[1]);
}
