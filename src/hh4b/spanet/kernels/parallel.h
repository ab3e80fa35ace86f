// Tiles of rows on all threads, with scratch memory that stays in the cache of each.
#pragma once
#include <cstdlib>
#include <omp.h>
#include <vector>

constexpr long TILE_ROWS = 96;

struct Arena {
  float* next;
  float* take(long size) {
    float* here = next;
    next += (size + 15) / 16 * 16;
    return here;
  }
};

struct Memory {
  float* base;
  explicit Memory(long floats) {
    base = static_cast<float*>(std::aligned_alloc(64, (floats * 4 + 4095) / 64 * 64));
  }
  ~Memory() { std::free(base); }
  Memory(const Memory&) = delete;
};
