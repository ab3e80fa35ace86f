// The GRU gate of GTrXL on a tile of rows; see GruGate in layers.py for the equations.
#pragma once
#include "simd.h"

struct Gate {
  long width;
  const float *w, *b, *u, *g, *bias; // natural (out x in): update, its bias, residual, candidate
  const float *wt, *ut, *gt;         // transposed (in x out)
};

struct GateGradient {
  float *w, *b, *u, *g, *bias;
};

// v, x -> out; `keep` gets r, z and h, (rows x width) each. Scratch: pre (rows x 3 width), q (rows
// x width).
static inline void gate_forward(const Gate& gate, long rows, const float* v, const float* x,
                                float* out, float* keep, float* pre, float* q) {
  const long d = gate.width, size = rows * d;
  product(rows, 3 * d, d, v, d, 1, gate.wt, 3 * d, gate.b, pre, 3 * d);
  product(rows, 2 * d, d, x, d, 1, gate.ut, 2 * d, nullptr, pre, 3 * d, true);
  for (long row = 0; row < rows; ++row)
    for (long c = 0; c < d; c += VL) {
      V r = sigmoid(load(pre + row * 3 * d + c));
      if (keep) store_far(keep + row * d + c, r);
      store(q + row * d + c, r * load(x + row * d + c));
    }
  product(rows, d, d, q, d, 1, gate.gt, d, nullptr, pre + 2 * d, 3 * d, true);
  for (long row = 0; row < rows; ++row)
    for (long c = 0; c < d; c += VL) {
      V z = sigmoid(load(pre + row * 3 * d + d + c) - load(gate.bias + c));
      V h = tanh_(load(pre + row * 3 * d + 2 * d + c));
      V old = load(x + row * d + c);
      if (keep) {
        store_far(keep + size + row * d + c, z);
        store_far(keep + 2 * size + row * d + c, h);
      }
      store(out + row * d + c, old + z * (h - old));
    }
}

// dout -> dv, dx (both written), and weight gradients (added).
static inline void gate_backward(const Gate& gate, const GateGradient& grad, long rows,
                                 const float* v, const float* x, const float* keep,
                                 const float* dout, float* dv, float* dx, float* pre, float* q,
                                 float* dq, Ahead* ahead) {
  const long d = gate.width, size = rows * d;
  for (long row = 0; row < rows; ++row)
    for (long c = 0; c < d; c += VL) {
      const long at = row * d + c;
      V z = load(keep + size + at), h = load(keep + 2 * size + at);
      V g = load(dout + at), old = load(x + at);
      store(pre + row * 3 * d + d + c, g * (h - old) * z * (1.0f - z));
      store(pre + row * 3 * d + 2 * d + c, g * z * (1.0f - h * h));
      store(dx + at, g * (1.0f - z));
    }
  product(rows, d, d, pre + 2 * d, 3 * d, 1, gate.g, d, nullptr, dq, d, false, ahead);
  for (long row = 0; row < rows; ++row)
    for (long c = 0; c < d; c += VL) {
      const long at = row * d + c;
      V r = load(keep + at), old = load(x + at), g = load(dq + at);
      store(pre + row * 3 * d + c, g * old * r * (1.0f - r));
      store(q + at, r * old);
      store(dx + at, load(dx + at) + g * r);
    }
  product(rows, d, 3 * d, pre, 3 * d, 1, gate.w, d, nullptr, dv, d, false, ahead);
  product(rows, d, 2 * d, pre, 3 * d, 1, gate.u, d, nullptr, dx, d, true, ahead);
  float* sums = grad.b;
  for (long c = 0; c < d; c += VL) store(grad.bias + c, load(grad.bias + c) + load(sums + d + c));
  weight_gradient(rows, 3 * d, d, pre, 3 * d, v, d, grad.w, sums, ahead);
  // The bias is subtracted from the update gate: its gradient is minus what the sums grow by.
  for (long c = 0; c < d; c += VL) store(grad.bias + c, load(grad.bias + c) - load(sums + d + c));
  weight_gradient(rows, 2 * d, d, pre, 3 * d, x, d, grad.u, nullptr, ahead);
  weight_gradient(rows, d, d, pre + 2 * d, 3 * d, q, d, grad.g, nullptr, ahead);
}
