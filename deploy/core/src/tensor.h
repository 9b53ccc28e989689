// Pixels become the numbers that networks take: utils/tensor.py.

#pragma once

#include <cstddef>
#include <cstdint>

namespace mfs {

// `count` RGB pixels -> three planes of (pixel / 255 - mean) / std.
void to_tensor(const std::uint8_t* rgb, int count, float mean, float std, float* planes);

}  // namespace mfs
