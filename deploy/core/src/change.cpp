#include "change.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "float4.h"
#include "resize.h"
#include "tensor.h"

namespace mfs {
namespace {

bool is_grey(const std::uint8_t* rgb, int count) {
  for (int i = 0; i < count; ++i, rgb += 3) {
    if (rgb[0] != rgb[1] || rgb[0] != rgb[2]) return false;
  }
  return true;
}

}  // namespace

Change::Change(int size)
    : size_(size),
      small_(static_cast<std::size_t>(size) * size / 4),
      planes_(static_cast<std::size_t>(3) * size * size),
      scratch_(small_.size() * 2) {}

float Change::operator()(const std::uint8_t* crop, const float* result, float* change) {
  const int count = size_ * size_, side = size_ / 2;
  to_tensor(crop, count, 0, 1, planes_.data());
  Float4 most = {}, none = {};  // `none`: 0, but no number when one of the differences is none
  for (int i = 0; i < 3 * count; i += 4) {
    const Float4 difference = load4(result + i) - load4(planes_.data() + i);
    store4(difference, planes_.data() + i);
    most = max4(most, max4(difference, -difference));
    none += 0 * difference;
  }
  for (int c = 0; c < 3; ++c) {
    half(planes_.data() + c * count, side, side, small_.data());
    double_cubic(small_.data(), side, side, scratch_.data(), change + c * count);
  }
  if (is_grey(crop, count)) {
    float *red = change, *green = change + count, *blue = green + count;
    for (int i = 0; i < count; ++i) {  // luma of ITU-R BT.601
      red[i] = green[i] = blue[i] = 0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i];
    }
  }
  const bool is_finite = none[0] + none[1] + none[2] + none[3] == 0;
  return is_finite ? std::max({most[0], most[1], most[2], most[3]}) : std::numeric_limits<float>::infinity();
}

}  // namespace mfs
