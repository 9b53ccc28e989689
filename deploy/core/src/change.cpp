#include "change.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "resize.h"

namespace mfs {
namespace {

bool is_grey(const std::uint8_t* rgb, int count) {
  int colour = 0;
  for (int i = 0; i < count; ++i) colour |= (rgb[3 * i] ^ rgb[3 * i + 1]) | (rgb[3 * i] ^ rgb[3 * i + 2]);
  return colour == 0;
}

}  // namespace

float largest_change(const std::uint8_t* crop, const float* result, int size) {
  const int count = size * size;
  float most = 0;
  bool is_finite = true;
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < count; ++i) {
      const float change = std::abs(result[c * count + i] - static_cast<float>(crop[3 * i + c]) / 255.0f);
      is_finite = is_finite & (change <= std::numeric_limits<float>::max());
      most = std::max(most, change);
    }
  }
  return is_finite ? most : std::numeric_limits<float>::infinity();
}

Change::Change(int size)
    : size_(size), small_(static_cast<std::size_t>(size) * size / 4), scratch_(static_cast<std::size_t>(size) * size) {}

void Change::operator()(const std::uint8_t* crop, const float* result, float* change) {
  const int count = size_ * size_, side = size_ / 2;
  for (int c = 0; c < 3; ++c) {
    for (int i = 0; i < count; ++i) {
      scratch_[i] = result[c * count + i] - static_cast<float>(crop[3 * i + c]) / 255.0f;
    }
    half(scratch_.data(), side, side, small_.data());
    double_cubic(small_.data(), side, side, scratch_.data(), change + c * count);
  }
  if (!is_grey(crop, count)) return;
  float *red = change, *green = change + count, *blue = green + count;
  for (int i = 0; i < count; ++i) {  // luma of ITU-R BT.601
    red[i] = green[i] = blue[i] = 0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i];
  }
}

}  // namespace mfs
