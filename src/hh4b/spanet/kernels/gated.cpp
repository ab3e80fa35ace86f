// Fused forward and backward passes of the GRU block and of gated attention, called from fused.py.
// Every copy has its own weights; rows of all copies are worked on tile by tile. Gradients of the
// weights are summed in a fixed number of chunks, so results do not depend on the threads.
#include <algorithm>

#include "attention.h"
#include "block.h"
#include "encoder.h"

namespace {

Dropout dropout(const uint32_t* seed, const double* p) {
  Dropout result;
  result.seed = *seed;
  result.threshold = uint32_t(*p * 4294967296.0);
  result.scale = float(1.0 / (1.0 - *p));
  return result;
}

long block_memory(const BlockShape& s) { return TILE_ROWS * 24 * (s.in + s.hidden + s.out) + 65536; }

// A tile of attention is of VL short events, or of at most TILE_ROWS rows.
long attention_memory(const AttentionShape& s) {
  const long rows = std::max(TILE_ROWS, WIDE_ROWS * VL);
  return rows * 14 * s.width + 4 * s.width * s.width + 65536;
}

// What a backward pass is to fetch while it works on a tile that kept so many floats: as many of the
// next one, if there is a next one.
Ahead ahead(const float* kept, long size, bool more) {
  const char* from = reinterpret_cast<const char*>(kept + size);
  return {from, from + (more ? 4 * size : 0)};
}

// Gradients of the chunks of every copy, which threads fill in any order, and their sums.
struct Partial {
  long copies, chunks, count;
  Memory memory;
  Partial(long copies, long chunks, long count)
      : copies(copies), chunks(chunks), count(count), memory(copies * chunks * count) {}
  float* start(long c) {
    float* here = memory.base + c * count;
    std::fill_n(here, count, 0.0f);
    return here;
  }
  // To be called by all threads of a team; chunks are added in their order.
  void sums(float* gradients) {
    constexpr long STRETCH = 1024;
    const long stretches = (count + STRETCH - 1) / STRETCH;
#pragma omp for schedule(static)
    for (long i = 0; i < copies * stretches; ++i) {
      const long copy = i / stretches, first = i % stretches * STRETCH;
      const long size = std::min(STRETCH, count - first);
      float* to = gradients + copy * count + first;
      const float* from = memory.base + copy * chunks * count + first;
      std::copy_n(from, size, to);
      for (long c = 1; c < chunks; ++c)
        for (long j = 0; j < size; ++j) to[j] += from[c * count + j];
    }
  }
};

} // namespace

extern "C" {

int vector_length() { return VL; }
int tile_events() { return STEP; }

long block_weight_count(const long* dims) {
  long at[13];
  return BlockShape{dims[0], dims[1], dims[2], dims[3], dims[4], dims[5]}.weights(at);
}

void block_forward(const long* dims, const float* const* weights, const float* x, float* out,
                   float* keep, const uint32_t* seeds, double p, int threads) {
  const BlockShape s{dims[0], dims[1], dims[2], dims[3], dims[4], dims[5]};
  const Dropout drop1 = dropout(seeds, &p), drop2 = dropout(seeds + 1, &p);
  const long size = block_scratch(s), tiles = (s.rows + TILE_ROWS - 1) / TILE_ROWS;
  Memory transposed(s.copies * size);
  std::vector<BlockWeights> w;
  for (long k = 0; k < s.copies; ++k)
    w.push_back(block_weights(s, weights, k, transposed.base + k * size));
#pragma omp parallel num_threads(threads)
  {
    Memory memory(block_memory(s));
#pragma omp for schedule(dynamic, 2)
    for (long t = 0; t < s.copies * tiles; ++t) {
      const long copy = t / tiles, row = t % tiles * TILE_ROWS, first = copy * s.rows + row;
      const long rows = s.rows - row < TILE_ROWS ? s.rows - row : TILE_ROWS;
      block_tile(s, w[copy], first, rows, x + first * s.in, out + first * s.out,
                 keep ? keep + first * s.keep() : nullptr, drop1, drop2, Arena{memory.base});
    }
    stored();
  }
}

void block_backward(const long* dims, const float* const* weights, const float* x,
                    const float* keep, const float* dout, float* dx, float* gradients, long chunks,
                    double p, int threads) {
  const BlockShape s{dims[0], dims[1], dims[2], dims[3], dims[4], dims[5]};
  const float scale = 1.0 / (1.0 - p);
  const long size = block_scratch(s), tiles = (s.rows + TILE_ROWS - 1) / TILE_ROWS;
  long at[13];
  Partial partial(s.copies, chunks, s.weights(at));
  Memory transposed(s.copies * size);
  std::vector<BlockWeights> w;
  for (long k = 0; k < s.copies; ++k)
    w.push_back(block_weights(s, weights, k, transposed.base + k * size));
#pragma omp parallel num_threads(threads)
  {
    Memory memory(block_memory(s));
#pragma omp for schedule(dynamic, 1)
    for (long c = 0; c < s.copies * chunks; ++c) {
      const long copy = c / chunks, chunk = c % chunks;
      float *g[13], *start = partial.start(c);
      for (int i = 0; i < 13; ++i) g[i] = start + at[i];
      for (long t = tiles * chunk / chunks; t < tiles * (chunk + 1) / chunks; ++t) {
        const long row = t * TILE_ROWS, first = copy * s.rows + row;
        const long rows = s.rows - row < TILE_ROWS ? s.rows - row : TILE_ROWS;
        const float* kept = keep + first * s.keep();
        const long size = rows * s.keep();
        block_tile_backward(s, w[copy], rows, x + first * s.in, kept, dout + first * s.out,
                            dx + first * s.in, g, scale, ahead(kept, size, t + 1 < tiles),
                            Arena{memory.base});
      }
    }
    partial.sums(gradients);
  }
}

long attention_weight_count(const long* dims) {
  long at[11];
  return AttentionShape{dims[0], dims[1], dims[2], dims[3]}.weights(at);
}

// tiles: for each, first row, events, rows of an event; no tile has more than TILE_ROWS rows
// unless one event has.
void attention_forward(const long* dims, const float* const* weights, const long* table,
                       long tiles, const float* x, float* out, float* keep, const uint32_t* seeds,
                       double p, int threads) {
  const AttentionShape s{dims[0], dims[1], dims[2], dims[3]};
  const Dropout drop = dropout(seeds, &p);
  const long size = attention_scratch(s);
  Memory transposed(s.copies * size);
  std::vector<AttentionWeights> w;
  for (long k = 0; k < s.copies; ++k)
    w.push_back(attention_weights(s, weights, k, transposed.base + k * size));
#pragma omp parallel num_threads(threads)
  {
    Memory memory(attention_memory(s));
#pragma omp for schedule(dynamic, 2)
    for (long t = 0; t < s.copies * tiles; ++t) {
      const long copy = t / tiles;
      const long* tile = table + 3 * (t % tiles);
      const long first = copy * s.rows + tile[0];
      attention_tile(s, w[copy], first, tile[1], tile[2], x + first * s.width,
                     out + first * s.width, keep ? keep + first * s.keep() : nullptr, drop,
                     Arena{memory.base});
    }
    stored();
  }
}

void attention_backward(const long* dims, const float* const* weights, const long* table,
                        long tiles, const float* x, const float* keep, const float* dout, float* dx,
                        float* gradients, long chunks, const uint32_t* seeds, double p,
                        int threads) {
  const AttentionShape s{dims[0], dims[1], dims[2], dims[3]};
  const Dropout drop = dropout(seeds, &p);
  const long size = attention_scratch(s);
  long at[11];
  Partial partial(s.copies, chunks, s.weights(at));
  Memory transposed(s.copies * size);
  std::vector<AttentionWeights> w;
  for (long k = 0; k < s.copies; ++k)
    w.push_back(attention_weights(s, weights, k, transposed.base + k * size));
#pragma omp parallel num_threads(threads)
  {
    Memory memory(attention_memory(s));
    Arena arena{memory.base};
    const long joint_size = 3 * s.width * s.width;
    float *joint = arena.take(joint_size), *bias = arena.take(3 * s.width);
#pragma omp for schedule(dynamic, 1)
    for (long c = 0; c < s.copies * chunks; ++c) {
      const long copy = c / chunks, chunk = c % chunks;
      std::fill_n(joint, joint_size, 0.0f);
      std::fill_n(bias, 3 * s.width, 0.0f);
      float *g[11], *start = partial.start(c);
      for (int i = 0; i < 11; ++i) g[i] = start + at[i];
      for (long t = tiles * chunk / chunks; t < tiles * (chunk + 1) / chunks; ++t) {
        const long* tile = table + 3 * t;
        const long first = copy * s.rows + tile[0];
        const float* kept = keep + first * s.keep();
        const long size = tile[1] * tile[2] * s.keep();
        attention_tile_backward(s, w[copy], first, tile[1], tile[2], x + first * s.width,
                                kept, dout + first * s.width, dx + first * s.width, g, joint, bias,
                                drop, ahead(kept, size, t + 1 < tiles), arena);
      }
      split_gradient(s, w[copy], joint, bias, g);
    }
    partial.sums(gradients);
  }
}

// dims: copies, rows of each that are given, rows wanted, width. index: which given row every wanted
// one is, in each copy; beyond the last one it is that of `filling` (copies x width), or zero.
void move_rows(const long* dims, const long* index, const float* from, const float* filling,
               float* to, int threads) {
  const long copies = dims[0], given = dims[1], rows = dims[2], width = dims[3];
#pragma omp parallel for num_threads(threads) schedule(static)
  for (long i = 0; i < copies * rows; ++i) {
    const long copy = i / rows, row = index[i % rows];
    float* here = to + i * width;
    if (row < given)
      std::copy_n(from + (copy * given + row) * width, width, here);
    else if (filling)
      std::copy_n(filling + copy * width, width, here);
    else
      std::fill_n(here, width, 0.0f);
  }
}

// dims: copies, rows, blocks, then for every block its inputs, inner width, outputs. weights: for
// every copy and block what FusedBlock takes, 13 each.
void rows_forward(const long* dims, const float* const* weights, const float* x, float* out,
                  int threads) {
  const long copies = dims[0], rows = dims[1], count = dims[2], tiles = (rows + STEP - 1) / STEP;
  const long first = dims[3], last = dims[3 * count + 2];
  long size = 0, widest = 0, hidden = 0;
  for (const long* d = dims + 3; d < dims + 3 + 3 * count; d += 3) {
    size += packed_block_size(d[0], d[1], d[2]);
    widest = std::max({widest, d[0], d[2]});
    hidden = std::max(hidden, d[1]);
  }
  Memory packed(copies * size);
  std::vector<std::vector<PackedBlock>> w(copies);
  for (long k = 0; k < copies; ++k) {
    Arena arena{packed.base + k * size};
    for (const long* d = dims + 3; d < dims + 3 + 3 * count; d += 3, weights += 13)
      w[k].push_back(pack_block(d[0], d[1], d[2], weights, arena));
  }
#pragma omp parallel num_threads(threads)
  {
    Memory memory(row_scratch_size(widest, hidden, widest) + 2 * STEP * widest);
    Arena arena{memory.base};
    const RowScratch t = row_scratch(widest, hidden, widest, arena);
#pragma omp for schedule(dynamic, 4)
    for (long i = 0; i < copies * tiles; ++i) {
      const long copy = i / tiles, row = i % tiles * STEP;
      rows_through(w[copy], std::min(STEP, rows - row), x + (copy * rows + row) * first,
                   out + (copy * rows + row) * last, widest, t, arena);
    }
  }
}

// dims: copies, width, hidden, heads, blocks, layers, rows of the longest event. weights: for every
// copy the summary, then per block what FusedBlock takes (13) and per layer what FusedAttention (11)
// and FusedBlock take.
// sources: which copy of x (each `vectors` rows) every copy reads; tiles: see Tile.
void encoder_forward(const long* dims, const float* const* weights, const long* sources,
                     const long* table, long tiles, const float* x, long vectors, float* out,
                     long given, int everything, float* summaries, long events, int threads) {
  const EncoderShape s{dims[0], dims[1], dims[2], dims[3], dims[4], dims[5], dims[6]};
  const long size = packed_size(s), pointers = 1 + 13 * s.blocks + 24 * s.layers;
  Memory packed(s.copies * size);
  std::vector<EncoderWeights> w(s.copies);
#pragma omp parallel num_threads(threads)
  {
#pragma omp for schedule(dynamic, 1)
    for (long k = 0; k < s.copies; ++k) {
      Arena arena{packed.base + k * size};
      const float* const* next = weights + k * pointers;
      w[k].summary = *next++;
      for (long i = 0; i < s.blocks; ++i, next += 13)
        w[k].blocks.push_back(pack_block(s.width, s.hidden, s.width, next, arena));
      for (long i = 0; i < s.layers; ++i, next += 24)
        w[k].layers.push_back(pack_layer(s, next, arena));
    }
    Memory memory(tile_scratch(s));
#pragma omp for schedule(dynamic, 1)
    for (long t = 0; t < s.copies * tiles; ++t) {
      const long copy = t / tiles;
      const long* row = table + 6 * (t % tiles);
      const Tile tile{row[0], row[1], row[2], row[3], row[4], row[5]};
      tile_encode(s, w[copy], tile, x + sources[copy] * vectors * s.width,
                  out + copy * given * s.width, everything,
                  summaries ? summaries + copy * events * s.width : nullptr, Arena{memory.base});
    }
  }
}
}
