// What interpolation takes of the neighbours of a place between two pixels, in steps of 1/32 pixel, as OpenCV has it.

#pragma once

namespace mfs {

constexpr int STEP_BITS = 5, STEPS = 1 << STEP_BITS;

// Weights of SIZE neighbours along a line, the place lying between the middle two: 2, linear; 4, Keys' cubic kernel, a
// = -0.75.
template <int SIZE>
struct Taps {
  static_assert(SIZE == 2 || SIZE == 4);
  float at[STEPS][SIZE];

  Taps() {
    const auto inner = [](double d) { return (1.25 * d - 2.25) * d * d + 1; };         // to a distance of 1
    const auto outer = [](double d) { return ((-0.75 * d + 3.75) * d - 6) * d + 3; };  // to 2
    for (int i = 0; i < STEPS; ++i) {
      const double t = static_cast<double>(i) / STEPS;
      const double cubic[4] = {outer(1 + t), inner(t), inner(1 - t), outer(2 - t)}, linear[2] = {1 - t, t};
      for (int k = 0; k < SIZE; ++k) at[i][k] = static_cast<float>(SIZE == 4 ? cubic[k] : linear[k % 2]);
    }
  }
};

template <int SIZE>
const Taps<SIZE>& taps() {
  static const Taps<SIZE> made;
  return made;
}

}  // namespace mfs
