#include "appearance.h"

#include <algorithm>
#include <cmath>

namespace mfs {
namespace {

constexpr int CROP = 32, TOP = 3, BOTTOM = 31, LEFT = 3, RIGHT = 29;  // the crop, and it without most of the background

}  // namespace

Look Appearance::operator()(Picture& picture, const Point* five) {
  Look look{};
  Matrix matrix;
  if (!alignment(five, CROP, &matrix)) return look;
  crop_.resize(CROP * CROP * 3);
  align(picture, matrix, CROP, warp_, crop_.data());
  middle_.clear();
  for (int y = TOP; y < BOTTOM; ++y) {
    const std::uint8_t* row = crop_.data() + y * CROP * 3;
    middle_.insert(middle_.end(), row + LEFT * 3, row + RIGHT * 3);
  }
  std::array<std::uint8_t, std::tuple_size<Look>::value> thumbnail;
  area_(middle_.data(), RIGHT - LEFT, BOTTOM - TOP, 3, APPEARANCE_SIDE, APPEARANCE_SIDE, thumbnail.data());
  float mean = 0;
  for (const std::uint8_t value : thumbnail) mean += value;
  mean /= static_cast<float>(thumbnail.size());
  std::transform(thumbnail.begin(), thumbnail.end(), look.begin(), [mean](std::uint8_t value) { return value - mean; });
  const float most = std::max(length(look), 1.0f);
  for (float& value : look) value /= most;
  return look;
}

float likeness(const Look& a, const Look& b) {
  float sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

float length(const Look& look) { return std::sqrt(likeness(look, look)); }

}  // namespace mfs
