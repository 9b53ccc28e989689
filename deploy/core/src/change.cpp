#include "change.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lanes.h"
#include "resize.h"

namespace mfs {
namespace {

bool is_grey(const std::uint8_t* rgb, int count) {
  for (int i = 0; i < count; ++i, rgb += 3) {
    if (rgb[0] != rgb[1] || rgb[0] != rgb[2]) return false;
  }
  return true;
}

// What is seen of result - crop / 255 while it is made smaller.
struct Seen {
  Float4 most = {}, all = {};  // largest so far, sum
};

// Means over 2 x 2 pixels of result - crop / 255: of 16 pixels of one colour, and those below them.
inline void halve(const Byte16* crop, const float* const* result, Seen* seen, float* small) {
  Float4 sums[4] = {};
  for (int row = 0; row < 2; ++row) {
    Float4 target[4];
    floats(crop[row], target);
    for (int k = 0; k < 4; ++k) {
      const Float4 difference = load4(result[row] + 4 * k) - target[k] * (1 / 255.0f);
      seen->most = max4(seen->most, max4(difference, -difference));
      sums[k] += difference;
    }
  }
  for (int k = 0; k < 4; k += 2) {
    seen->all += sums[k] + sums[k + 1];
    store4(0.25f * (__builtin_shufflevector(sums[k], sums[k + 1], 0, 2, 4, 6) +
                    __builtin_shufflevector(sums[k], sums[k + 1], 1, 3, 5, 7)),
           small + 2 * k);
  }
}

}  // namespace

Change::Change(int size)
    : size_(size), small_(static_cast<std::size_t>(3) * size * size / 4), scratch_(double_cubic_scratch(size / 2)) {}

float Change::operator()(const std::uint8_t* crop, const float* result, float* change) {
  const int count = size_ * size_, side = size_ / 2;
  Seen seen;
  for (int y = 0; y < size_; y += 2) {
    for (int x = 0; x < size_; x += 16) {
      const int first = y * size_ + x, second = first + size_;
      Byte16 upper[3], lower[3];
      planes_of(crop + 3 * first, upper), planes_of(crop + 3 * second, lower);
      for (int c = 0; c < 3; ++c) {
        const Byte16 pixels[2] = {upper[c], lower[c]};
        const float* const results[2] = {result + c * count + first, result + c * count + second};
        halve(pixels, results, &seen, small_.data() + (c * side + y / 2) * side + x / 2);
      }
    }
  }
  for (int c = 0; c < 3; ++c) double_cubic(small_.data() + c * side * side, side, scratch_.data(), change + c * count);
  if (is_grey(crop, count)) {
    float *red = change, *green = change + count, *blue = green + count;
    for (int i = 0; i < count; ++i) {  // luma of ITU-R BT.601
      red[i] = green[i] = blue[i] = 0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i];
    }
  }
  const Float4 most = seen.most, all = seen.all;  // no number where one of the differences is none
  const bool is_finite =
      std::isfinite(all[0]) && std::isfinite(all[1]) && std::isfinite(all[2]) && std::isfinite(all[3]);
  return is_finite ? std::max({most[0], most[1], most[2], most[3]}) : std::numeric_limits<float>::infinity();
}

}  // namespace mfs
