// GRU blocks on rows, and a whole encoder (blocks, gated layers) on a tile of events, for prediction
// only: nothing is kept for a gradient, and rows that nobody reads are left out of the last layer.
#pragma once
#include "lanes.h"
#include "parallel.h"
#include <algorithm>

struct EncoderShape {
  long copies, width, hidden, heads, blocks, layers, longest; // longest: rows of an event
};

// Weights in the order in which they are read, scaled so that gates need powers of two only.
struct PackedGate {
  const float *wr, *ur, *br, *wzh, *uz, *uh, *bzh;
};
struct PackedBlock {
  long in, hidden, out;
  const float *w1, *b1, *w2, *b2, *wx, *bx; // wx, bx: null if the input is the residual
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

// Products come in groups of OUT; outputs beyond those of the layer are computed and not read.
static long whole(long outs) { return (outs + OUT - 1) / OUT * OUT; }

// A layer after a normalisation with scale and shift: the product takes both over.
static void pack_normalized(const float* scale, const float* shift, const float* w, const float* b,
                            long outs, long ins, const float*& to_w, const float*& to_b,
                            Arena& arena) {
  const long padded = whole(outs);
  float *pw = arena.take(padded * ins), *pb = arena.take(padded);
  if (padded > outs) {
    std::memset(pw, 0, padded * ins * sizeof(float));
    std::memset(pb, 0, padded * sizeof(float));
  }
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

// Weights as FusedBlock takes them; w[11], w[12]: the residual's, or null. `out` is a multiple of OUT.
static PackedBlock pack_block(long in, long hidden, long out, const float* const* w,
                              Arena& arena) {
  PackedBlock result{in, hidden, out};
  pack_normalized(w[0], w[1], w[2], w[3], hidden, in, result.w1, result.b1, arena);
  float* w2 = arena.take(out * hidden);
  pack(w[4], out, hidden, OUT, 1.0f, nullptr, w2, OUT);
  result.w2 = w2;
  result.b2 = w[5];
  if (w[11]) {
    float* wx = arena.take(out * in);
    pack(w[11], out, in, OUT, 1.0f, nullptr, wx, OUT);
    result.wx = wx;
    result.bx = w[12];
  }
  result.gate = pack_gate(out, w[6], w[7], w[8], w[9], w[10], arena);
  return result;
}

static long packed_block_size(long in, long hidden, long out) {
  return whole(hidden) * (in + 1) + out * (hidden + in) + 6 * out * out + 3 * out + 256;
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
  result.block = pack_block(d, s.hidden, d, w + 11, arena);
  return result;
}

static long packed_size(const EncoderShape& s) {
  const long d = s.width, block = packed_block_size(d, s.hidden, d);
  return s.blocks * block + s.layers * (3 * d * (d + 1) + 6 * d * d + 3 * d + 256 + block);
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
  float *n, *hidden, *v, *q, *y, *x;
};

// Rows of at most `in` and `out` channels.
static RowScratch row_scratch(long in, long hidden, long out, Arena& arena) {
  RowScratch t;
  t.n = arena.take(in * STEP);
  t.hidden = arena.take(whole(hidden) * STEP);
  t.v = arena.take(out * STEP);
  t.q = arena.take(out * STEP);
  t.y = arena.take(out * STEP);
  t.x = arena.take(out * STEP);
  return t;
}

static long row_scratch_size(long in, long hidden, long out) {
  return STEP * (in + whole(hidden) + 4 * out) + 96;
}

static inline void row_block(const PackedBlock& w, const float* x, float* out,
                             const RowScratch& t) {
  row_normalize(w.in, x, t.n);
  row_product<true>(0, w.hidden, w.in, w.w1, w.b1, t.n, t.hidden);
  row_product<true>(0, w.out, w.hidden, w.w2, w.b2, t.hidden, t.v);
  if (w.wx) row_product<false>(0, w.out, w.in, w.wx, w.bx, x, t.x);
  row_gate(w.out, w.gate, t.v, w.wx ? t.x : x, out, t.q);
}

// (number, width) <-> (width, STEP); lanes without a row become zero.
static inline void to_lanes(long number, long width, const float* from, long stride, float* to) {
  if (number < STEP) std::memset(to, 0, width * STEP * sizeof(float));
  for (long e = 0; e < number; ++e)
    for (long c = 0; c < width; ++c) to[c * STEP + e] = from[e * stride + c];
}

static inline void from_lanes(long number, long width, const float* from, float* to, long stride) {
  for (long e = 0; e < number; ++e)
    for (long c = 0; c < width; ++c) to[e * stride + c] = from[c * STEP + e];
}

// A chain of blocks on `number` rows; `widest` is the largest width of a row in the chain.
static void rows_through(const std::vector<PackedBlock>& blocks, long number, const float* x,
                         float* out, long widest, const RowScratch& t, Arena arena) {
  float *here = arena.take(widest * STEP), *there = arena.take(widest * STEP);
  const long in = blocks.front().in, last = blocks.back().out;
  to_lanes(number, in, x, in, here);
  for (const PackedBlock& block : blocks) {
    row_block(block, here, there, t);
    std::swap(here, there);
  }
  from_lanes(number, last, here, out, last);
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
    row_block(w.block, t.y, row, t);
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
  const RowScratch t = row_scratch(d, s.hidden, d, arena);
  for (long v = 0; v < vectors; ++v) {
    float* row = x + (v < first ? v : v + 1) * d * STEP;
    to_lanes(tile.events, d, in + (tile.in + v) * d, vectors * d, row);
    for (const PackedBlock& block : w.blocks) {
      row_block(block, row, t.y, t);
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
    from_lanes(tile.events, d, row, out + (tile.out + v) * d, given * d);
  }
  if (summaries)
    from_lanes(tile.events, d, x + first * d * STEP, summaries + tile.event * d, d);
}

static long tile_scratch(const EncoderShape& s) {
  return STEP * 4 * s.longest * s.width + row_scratch_size(s.width, s.hidden, s.width) + 64;
}
