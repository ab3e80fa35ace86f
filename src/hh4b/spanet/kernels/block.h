// GRU block: normalisation, two layers with GELU and dropout, gate. See GruBlock in blocks.py.
#pragma once
#include "gate.h"
#include "parallel.h"

struct BlockShape {
  long copies, rows, in, hidden, out, residual;
  // Floats kept a row. A tile keeps, one behind the other for all of its rows, what the two layers
  // give before their GELU, then the gate's r, z and h.
  long keep() const { return hidden + 4 * out; }
  long weights(long* at) const { // where each weight starts in a copy's gradient; returns its size
    const long sizes[] = {in, in, hidden * in, hidden, out * hidden, out, 3 * out * out, 3 * out,
                          2 * out * out, out * out, out, residual * out * in, residual * out};
    long total = 0;
    for (int i = 0; i < 13; ++i) {
      at[i] = total;
      total += sizes[i];
    }
    return total;
  }
};

struct BlockWeights {
  const float* w[13];
  const float *w1t, *w2t, *rt;
  Gate gate;
};

static BlockWeights block_weights(const BlockShape& s, const float* const* w, long copy,
                                  float* scratch) {
  long at[13];
  s.weights(at);
  BlockWeights result;
  for (int i = 0; i < 13; ++i) {
    const long size = (i < 12 ? at[i + 1] : at[12] + s.residual * s.out) - at[i];
    result.w[i] = w[i] ? w[i] + copy * size : nullptr;
  }
  const float* const* p = result.w;
  float* t = scratch;
  auto flip = [&](const float* from, long rows, long cols) {
    transpose(from, rows, cols, t);
    const float* done = t;
    t += rows * cols;
    return done;
  };
  result.w1t = flip(p[2], s.hidden, s.in);
  result.w2t = flip(p[4], s.out, s.hidden);
  const float* wt = flip(p[6], 3 * s.out, s.out);
  const float* ut = flip(p[8], 2 * s.out, s.out);
  const float* gt = flip(p[9], s.out, s.out);
  result.rt = s.residual ? flip(p[11], s.out, s.in) : nullptr;
  result.gate = Gate{s.out, p[6], p[7], p[8], p[9], p[10], wt, ut, gt};
  return result;
}

static long block_scratch(const BlockShape& s) {
  return s.hidden * s.in + s.out * s.hidden + 6 * s.out * s.out + s.out * s.in;
}

// Kept instead of what was dropped out: gelu and its slope are zero here.
constexpr float DROPPED = -100.0f;

// a -> gelu(a), dropped out; `keep`, if there, gets a. `first` counts elements for the dropout.
static inline void activate(long size, long first, float* a, float* keep, Dropout drop) {
  for (long i = 0; i < size; i += VL) {
    V value = load(a + i), result = fast_gelu(value);
    if (drop.threshold) {
      const V mask = drop(uint32_t(first + i));
      result *= mask;
      if (keep) value = mask == 0.0f ? all(DROPPED) : value;
    }
    if (keep) store_far(keep + i, value);
    store(a + i, result);
  }
}

// What activate gave, and its slope, from what it kept.
static inline void activate_again(long size, const float* kept, float* value, float* slope,
                                  float scale) {
  for (long i = 0; i < size; i += VL) {
    V a = load(kept + i), density, cdf = normal_cdf(a, density);
    store(value + i, a * cdf * scale);
    store(slope + i, (cdf + a * density) * scale);
  }
}

static void block_tile(const BlockShape& s, const BlockWeights& w, long first, long rows,
                       const float* x, float* out, float* keep, Dropout drop1, Dropout drop2,
                       Arena arena) {
  const long m = rows;
  float* n = arena.take(m * s.in);
  float* inverse = arena.take(m);
  float* a1 = arena.take(m * s.hidden);
  float* a2 = arena.take(m * s.out);
  float* res = s.residual ? arena.take(m * s.out) : nullptr;
  float* pre = arena.take(m * 3 * s.out);
  float* q = arena.take(m * s.out);
  float *keep2 = keep + m * s.hidden, *gates = keep2 + m * s.out; // see `keep`
  normalize(m, s.in, x, w.w[0], w.w[1], nullptr, inverse, n);
  product(m, s.hidden, s.in, n, s.in, 1, w.w1t, s.hidden, w.w[3], a1, s.hidden);
  activate(m * s.hidden, first * s.hidden, a1, keep, drop1);
  product(m, s.out, s.hidden, a1, s.hidden, 1, w.w2t, s.out, w.w[5], a2, s.out);
  activate(m * s.out, first * s.out, a2, keep ? keep2 : nullptr, drop2);
  if (s.residual) product(m, s.out, s.in, x, s.in, 1, w.rt, s.out, w.w[12], res, s.out);
  gate_forward(w.gate, m, a2, res ? res : x, out, keep ? gates : nullptr, pre, q);
}

static void block_tile_backward(const BlockShape& s, const BlockWeights& w, long rows,
                                const float* x, const float* keep, const float* dout, float* dx,
                                float* const* g, float scale, Ahead ahead, Arena arena) {
  const long m = rows;
  const float *keep2 = keep + m * s.hidden, *gates = keep2 + m * s.out;
  float* unit = arena.take(m * s.in);
  float* n = arena.take(m * s.in);
  float* inverse = arena.take(m);
  float* g1 = arena.take(m * s.hidden);
  float* s1 = arena.take(m * s.hidden); // slopes, then gradient, of the first layer
  float* v = arena.take(m * s.out);
  float* s2 = arena.take(m * s.out);
  float* res = s.residual ? arena.take(m * s.out) : nullptr;
  float* pre = arena.take(m * 3 * s.out);
  float* q = arena.take(m * s.out);
  float* dq = arena.take(m * s.out);
  float* dv = arena.take(m * s.out);
  float* dres = s.residual ? arena.take(m * s.out) : dx;
  float* da1 = arena.take(m * s.hidden);
  normalize(m, s.in, x, w.w[0], w.w[1], unit, inverse, n);
  activate_again(m * s.hidden, keep, g1, s1, scale);
  activate_again(m * s.out, keep2, v, s2, scale);
  if (s.residual) product(m, s.out, s.in, x, s.in, 1, w.rt, s.out, w.w[12], res, s.out);
  gate_backward(w.gate, GateGradient{g[6], g[7], g[8], g[9], g[10]}, m, v, res ? res : x, gates,
                dout, dv, dres, pre, q, dq, &ahead);
  for (long i = 0; i < m * s.out; i += VL) store(dv + i, load(dv + i) * load(s2 + i));
  weight_gradient(m, s.out, s.hidden, dv, s.out, g1, s.hidden, g[4], g[5], &ahead);
  product(m, s.hidden, s.out, dv, s.out, 1, w.w[4], s.hidden, nullptr, da1, s.hidden, false,
          &ahead);
  for (long i = 0; i < m * s.hidden; i += VL) store(da1 + i, load(da1 + i) * load(s1 + i));
  weight_gradient(m, s.hidden, s.in, da1, s.hidden, n, s.in, g[2], g[3], &ahead);
  // n becomes its gradient
  product(m, s.in, s.hidden, da1, s.hidden, 1, w.w[2], s.in, nullptr, n, s.in, false, &ahead);
  if (s.residual) {
    weight_gradient(m, s.out, s.in, dres, s.out, x, s.in, g[11], g[12]);
    product(m, s.in, s.out, dres, s.out, 1, w.w[11], s.in, nullptr, dx, s.in);
  }
  normalize_backward(m, s.in, unit, inverse, n, w.w[0], dx, g[0], g[1]);
}
