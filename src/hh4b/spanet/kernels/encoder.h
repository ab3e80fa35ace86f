// A whole encoder (blocks, gated layers) on a tile of events, for prediction only: nothing is kept
// for a gradient, and rows that nobody reads are left out of the last layer.
#pragma once
#include "lanes.h"
#include "parallel.h"

struct EncoderShape {
  long copies, width, hidden, heads, blocks, layers, longest; // longest: rows of an event
};

// Weights in the order in which they are read, scaled so that gates need powers of two only.
struct PackedGate {
  const float *wr, *ur, *br, *wzh, *uz, *uh, *bzh;
};
struct PackedBlock {
  const float *w1, *b1, *w2, *b2;
  PackedGate gate;
};
struct PackedLayer {
  const float *w, *b;
  PackedGate gate;
  PackedBlock block;
};

// to[block of M][k][m] = scale * w[row + m][k] * (column ? column[k] : 1)
static void pack(const float* w, long outs, long ins, long m_size, float scale, const float* column,
                 float* to, long stride) {
  for (long o = 0; o < outs; ++o)
    for (long k = 0; k < ins; ++k)
      to[(o / m_size * ins + k) * stride + o % m_size] =
          scale * w[o * ins + k] * (column ? column[k] : 1.0f);
}

// A layer after a normalisation with scale and shift: the product takes both over.
static void pack_normalized(const float* scale, const float* shift, const float* w, const float* b,
                            long outs, long ins, const float*& to_w, const float*& to_b,
                            Arena& arena) {
  float *pw = arena.take(outs * ins), *pb = arena.take(outs);
  pack(w, outs, ins, OUT, 1.0f, scale, pw, OUT);
  for (long o = 0; o < outs; ++o) {
    double total = b[o];
    for (long k = 0; k < ins; ++k) total += double(w[o * ins + k]) * shift[k];
    pb[o] = float(total);
  }
  to_w = pw;
  to_b = pb;
}

// Gate with weights w (3d x d), b, u, g, bias; r and z as 1 / (1 + 2^t), h as 1 - 2 / (1 + 2^t).
static PackedGate pack_gate(long d, const float* w, const float* b, const float* u, const float* g,
                            const float* bias, Arena& arena) {
  constexpr long H = OUT / 2;
  float *wr = arena.take(d * d), *ur = arena.take(d * d), *br = arena.take(d);
  float *wzh = arena.take(2 * d * d), *uz = arena.take(d * d), *uh = arena.take(d * d);
  float* bzh = arena.take(2 * d);
  pack(w, d, d, OUT, -LOG2E, nullptr, wr, OUT);
  pack(u, d, d, OUT, -LOG2E, nullptr, ur, OUT);
  pack(w + d * d, d, d, H, -LOG2E, nullptr, wzh, OUT);
  pack(w + 2 * d * d, d, d, H, 2 * LOG2E, nullptr, wzh + H, OUT);
  pack(u + d * d, d, d, H, -LOG2E, nullptr, uz, H);
  pack(g, d, d, H, 2 * LOG2E, nullptr, uh, H);
  for (long o = 0; o < d; ++o) {
    br[o] = -LOG2E * b[o];
    bzh[o / H * OUT + o % H] = -LOG2E * (b[d + o] - bias[o]);
    bzh[o / H * OUT + H + o % H] = 2 * LOG2E * b[2 * d + o];
  }
  return {wr, ur, br, wzh, uz, uh, bzh};
}

static PackedBlock pack_block(const EncoderShape& s, const float* const* w, Arena& arena) {
  const long d = s.width, f = s.hidden;
  PackedBlock result;
  pack_normalized(w[0], w[1], w[2], w[3], f, d, result.w1, result.b1, arena);
  float* w2 = arena.take(d * f);
  pack(w[4], d, f, OUT, 1.0f, nullptr, w2, OUT);
  result.w2 = w2;
  result.b2 = w[5];
  result.gate = pack_gate(d, w[6], w[7], w[8], w[9], w[10], arena);
  return result;
}

static PackedLayer pack_layer(const EncoderShape& s, const float* const* w, Arena& arena) {
  const long d = s.width;
  PackedLayer result;
  // Queries carry the scale of the scores, and log2(e) for a softmax of powers of two.
  Memory memory(7 * d * d + 8 * d);
  float *qkv = memory.base, *bias = qkv + 3 * d * d, *joint = bias + 3 * d, *b = joint + 3 * d * d;
  const float scale = LOG2E / __builtin_sqrtf(float(d / s.heads));
  for (long i = 0; i < 3 * d * d; ++i) qkv[i] = w[2][i] * (i < d * d ? scale : 1.0f);
  for (long i = 0; i < 3 * d; ++i) bias[i] = w[3][i] * (i < d ? scale : 1.0f);
  pack_normalized(w[0], w[1], qkv, bias, 3 * d, d, result.w, result.b, arena);
  // The gate takes the output projection over.
  for (long o = 0; o < 3 * d; ++o) {
    double total = w[7][o];
    for (long k = 0; k < d; ++k) total += double(w[6][o * d + k]) * w[5][k];
    b[o] = float(total);
    for (long c = 0; c < d; ++c) joint[o * d + c] = 0.0f;
    for (long k = 0; k < d; ++k)
      for (long c = 0; c < d; ++c) joint[o * d + c] += w[6][o * d + k] * w[4][k * d + c];
  }
  result.gate = pack_gate(d, joint, b, w[8], w[9], w[10], arena);
  result.block = pack_block(s, w + 11, arena);
  return result;
}

static long packed_size(const EncoderShape& s) {
  const long d = s.width, f = s.hidden, gate = 6 * d * d + 3 * d + 128;
  const long block = 2 * d * f + f + 64 + gate;
  return s.blocks * block + s.layers * (3 * d * d + 3 * d + 64 + gate + block);
}

// v, x -> out (not x); q is scratch of a row.
static inline void row_gate(long d, const PackedGate& gate, const float* v, const float* x,
                            float* out, float* q) {
  constexpr int H = OUT / 2;
  for (long o = 0; o < d; o += OUT) {
    V acc[OUT][GROUPS];
    start(acc, gate.br + o);
    sweep(acc, d, gate.wr + o * d, v);
    sweep(acc, d, gate.ur + o * d, x);
    for (int m = 0; m < OUT; ++m)
      for (int g = 0; g < GROUPS; ++g) {
        const long at = (o + m) * STEP + g * VL;
        store(q + at, load(x + at) * reciprocal(1.0f + exp2_(low(acc[m][g], all(60.0f)))));
      }
  }
  for (long o = 0; o < d; o += H) {
    V acc[OUT][GROUPS], z[H][GROUPS], h[H][GROUPS];
    start(acc, gate.bzh + 2 * o);
    sweep(acc, d, gate.wzh + 2 * o * d, v);
    for (int m = 0; m < H; ++m)
      for (int g = 0; g < GROUPS; ++g) {
        z[m][g] = acc[m][g];
        h[m][g] = acc[H + m][g];
      }
    sweep(z, d, gate.uz + o * d, x);
    sweep(h, d, gate.uh + o * d, q);
    for (int m = 0; m < H; ++m)
      for (int g = 0; g < GROUPS; ++g) {
        const long at = (o + m) * STEP + g * VL;
        V a = 1.0f + exp2_(low(z[m][g], all(60.0f)));
        V b = 1.0f + exp2_(low(h[m][g], all(60.0f)));
        V old = load(x + at);
        // z (h - x) with z = 1 / a, h = 1 - 2 / b
        store(out + at, old + (b * (1.0f - old) - 2.0f) * reciprocal(a * b));
      }
  }
}

struct RowScratch {
  float *n, *hidden, *v, *q, *y;
};

static inline void row_block(const EncoderShape& s, const PackedBlock& w, const float* x,
                             float* out, const RowScratch& t) {
  row_normalize(s.width, x, t.n);
  row_product<true>(0, s.hidden, s.width, w.w1, w.b1, t.n, t.hidden);
  row_product<true>(0, s.width, s.hidden, w.w2, w.b2, t.hidden, t.v);
  row_gate(s.width, w.gate, t.v, x, out, t.q);
}

// Queries of the first `wanted` rows become what they attend to.
template <int HEAD> static void tile_attend(const EncoderShape& s, long rows, long wanted, float* qkv) {
  const long d = s.width, row = 3 * d * STEP;
  V p[64];
  for (long h = 0; h < s.heads; ++h)
    for (int g = 0; g < GROUPS; ++g) {
      float* base = qkv + h * HEAD * STEP + g * VL;
      const float *keys = base + d * STEP, *values = base + 2 * d * STEP;
      for (long i = 0; i < wanted; ++i) {
        float* query = base + i * row;
        V q[HEAD], top = all(-1e30f), total = all(0.0f), sum[HEAD] = {};
        for (int c = 0; c < HEAD; ++c) q[c] = load(query + c * STEP);
        for (long j = 0; j < rows; ++j) {
          V a = all(0.0f);
          for (int c = 0; c < HEAD; ++c) a += q[c] * load(keys + j * row + c * STEP);
          p[j] = a;
          top = high(top, a);
        }
        for (long j = 0; j < rows; ++j) {
          V e = exp2_(p[j] - top);
          total += e;
          for (int c = 0; c < HEAD; ++c) sum[c] += e * load(values + j * row + c * STEP);
        }
        total = reciprocal(total);
        for (int c = 0; c < HEAD; ++c) store(query + c * STEP, sum[c] * total);
      }
    }
}

static void tile_layer(const EncoderShape& s, const PackedLayer& w, long rows, long wanted,
                       float* x, float* qkv, const RowScratch& t) {
  const long d = s.width;
  for (long r = 0; r < rows; ++r) {
    row_normalize(d, x + r * d * STEP, t.n);
    row_product<false>(r < wanted ? 0 : d, 3 * d, d, w.w, w.b, t.n, qkv + r * 3 * d * STEP);
  }
  switch (d / s.heads) {
  case 4: tile_attend<4>(s, rows, wanted, qkv); break;
  case 8: tile_attend<8>(s, rows, wanted, qkv); break;
  case 16: tile_attend<16>(s, rows, wanted, qkv); break;
  case 32: tile_attend<32>(s, rows, wanted, qkv); break;
  }
  for (long r = 0; r < wanted; ++r) {
    float* row = x + r * d * STEP;
    row_gate(d, w.gate, qkv + r * 3 * d * STEP, row, t.y, t.q);
    row_block(s, w.block, t.y, row, t);
  }
}

// A tile's place: events, sequential and other vectors of each, first vector in, first vector out,
// first event.
struct Tile {
  long events, sequential, others, in, out, event;
};

struct EncoderWeights {
  std::vector<PackedBlock> blocks;
  std::vector<PackedLayer> layers;
  const float* summary;
};

// Rows of a tile: sequential vectors, summary, other vectors. `out` gets all vectors or the
// sequential ones, `summaries` the summary of each event unless null.
static void tile_encode(const EncoderShape& s, const EncoderWeights& w, const Tile& tile,
                        const float* in, float* out, bool everything, float* summaries,
                        Arena arena) {
  const long d = s.width, first = tile.sequential, rows = first + 1 + tile.others;
  const long vectors = first + tile.others;
  float* x = arena.take(rows * d * STEP);
  float* qkv = arena.take(rows * 3 * d * STEP);
  RowScratch t;
  t.n = arena.take(d * STEP);
  t.hidden = arena.take(s.hidden * STEP);
  t.v = arena.take(d * STEP);
  t.q = arena.take(d * STEP);
  t.y = arena.take(d * STEP);
  for (long v = 0; v < vectors; ++v) {
    float* row = x + (v < first ? v : v + 1) * d * STEP;
    if (tile.events < STEP) std::memset(row, 0, d * STEP * sizeof(float));
    for (long e = 0; e < tile.events; ++e)
      for (long c = 0; c < d; ++c) row[c * STEP + e] = in[((tile.in + e * vectors) + v) * d + c];
    for (const PackedBlock& block : w.blocks) {
      row_block(s, block, row, t.y, t);
      std::memcpy(row, t.y, d * STEP * sizeof(float));
    }
  }
  for (long c = 0; c < d; ++c)
    for (long e = 0; e < STEP; ++e) x[(first * d + c) * STEP + e] = w.summary[c];
  for (size_t i = 0; i < w.layers.size(); ++i) {
    const long read = everything ? rows : first + (summaries != nullptr);
    tile_layer(s, w.layers[i], rows, i + 1 < w.layers.size() ? rows : read, x, qkv, t);
  }
  const long given = everything ? vectors : first;
  for (long v = 0; v < given; ++v) {
    const float* row = x + (v < first ? v : v + 1) * d * STEP;
    for (long e = 0; e < tile.events; ++e)
      for (long c = 0; c < d; ++c) out[(tile.out + e * given + v) * d + c] = row[c * STEP + e];
  }
  if (!summaries) return;
  for (long e = 0; e < tile.events; ++e)
    for (long c = 0; c < d; ++c)
      summaries[(tile.event + e) * d + c] = x[(first * d + c) * STEP + e];
}

static long tile_scratch(const EncoderShape& s) {
  return STEP * (4 * s.longest * s.width + s.hidden + 4 * s.width) + 256;
}
