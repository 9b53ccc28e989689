// What interpolation takes of the neighbours of a place between pixels, in steps of 1/32 pixel, as OpenCV has it.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "lanes.h"

namespace mfs {

constexpr int STEP_BITS = 5, STEPS = 1 << STEP_BITS;
constexpr int WEIGHT_BITS = 14, WEIGHT = 1 << WEIGHT_BITS;  // the sum of the weights of a place

// Weights of SIZE x SIZE neighbours, the place lying between the middle ones: 2, linear; 4, Keys' cubic kernel, a =
// -0.75. They stand in the order of `add_weighted`: two rows and two columns together, of those the columns after one
// another.
template <int SIZE>
struct Taps {
  static_assert(SIZE == 2 || SIZE == 4);
  static constexpr int COUNT = SIZE * SIZE;
  alignas(16) std::int16_t at[STEPS * STEPS][COUNT];  // by STEPS y + x

  Taps() {
    const auto inner = [](double d) { return (1.25 * d - 2.25) * d * d + 1; };         // to a distance of 1
    const auto outer = [](double d) { return ((-0.75 * d + 3.75) * d - 6) * d + 3; };  // to 2
    double along[STEPS][SIZE];
    for (int i = 0; i < STEPS; ++i) {
      const double t = static_cast<double>(i) / STEPS;
      const double cubic[4] = {outer(1 + t), inner(t), inner(1 - t), outer(2 - t)}, linear[2] = {1 - t, t};
      for (int k = 0; k < SIZE; ++k) along[i][k] = SIZE == 4 ? cubic[k] : linear[k % 2];
    }
    for (int place = 0; place < STEPS * STEPS; ++place) {
      std::int16_t* weights = at[place];
      int rest = WEIGHT;
      for (int k = 0; k < COUNT; ++k) {
        const int y = k / (2 * SIZE) * 2 + k % 2, x = k / 2 % SIZE;
        weights[k] = static_cast<std::int16_t>(std::lrint(along[place / STEPS][y] * along[place % STEPS][x] * WEIGHT));
        rest -= weights[k];
      }
      *std::max_element(weights, weights + COUNT) += static_cast<std::int16_t>(rest);  // where it shows least
    }
  }
};

template <int SIZE>
const Taps<SIZE>& taps() {
  static const Taps<SIZE> made;
  return made;
}

}  // namespace mfs
