#include "light.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mfs {
namespace {

std::uint8_t multiplied(int value, float gain) {
  return static_cast<std::uint8_t>(std::nearbyint(std::min(static_cast<float>(value) * gain, 255.0f)));
}

}  // namespace

void Light::look(const std::uint8_t* crop, int size) {
  double sums[3] = {0, 0, 0};
  int count = 0;
  for (int y = 0; y < size; ++y) {
    const double down = ((y + 0.5) / size - settings_.centre[1]) / settings_.radii[1];
    for (int x = 0; x < size; ++x) {
      const double across = ((x + 0.5) / size - settings_.centre[0]) / settings_.radii[0];
      if (across * across + down * down >= 1) continue;
      const std::uint8_t* pixel = crop + 3 * (static_cast<std::ptrdiff_t>(y) * size + x);
      for (int colour = 0; colour < 3; ++colour) sums[colour] += pixel[colour];
      ++count;
    }
  }
  for (int colour = 0; colour < 3; ++colour) {
    const auto mean = static_cast<float>(sums[colour] / std::max(count, 1));
    gain_[colour] = std::max(settings_.known[colour] / std::max(mean, 1.0f), 1.0f);
  }
}

bool Light::is_usual() const {
  return std::all_of(gain_, gain_ + 3, [](float gain) { return gain == 1; });
}

bool Light::is_dark() const {
  for (int colour = 0; colour < 3; ++colour) {
    if (!(gain_[colour] > settings_.known[colour] / settings_.darkest)) return false;
  }
  return true;
}

void Light::known(const std::uint8_t* crop, int count, std::uint8_t* shown) const {
  for (int i = 0; i < 3 * count; ++i) {
    shown[i] = multiplied(crop[i], gain_[i % 3]);
  }
}

void Light::back(const std::uint8_t* crop, const std::uint8_t* shown, const float* result, int count,
                 float* own) const {
  for (int colour = 0; colour < 3; ++colour) {
    for (int i = 0; i < count; ++i) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(colour) * count + i, pixel = 3 * i + colour;
      const float change = (result[at] - static_cast<float>(shown[pixel]) / 255) / gain_[colour];
      own[at] = std::clamp(static_cast<float>(crop[pixel]) / 255 + change, 0.0f, 1.0f);
    }
  }
}

Picture* Brightness::brightened(const Picture& picture) {
  const int width = picture.width(), height = picture.height();
  pixels_.resize(std::size_t{3} * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  if (!look(picture)) return nullptr;
  picture.sample(1, pixels_.data());
  for (std::size_t i = 0; i < pixels_.size(); ++i) pixels_[i] = shown_[i % 3][pixels_[i]];
  picture_.set(Frame::rgb({pixels_.data(), width, height, std::ptrdiff_t{3} * width}));
  return &picture_;
}

bool Brightness::look(const Picture& picture) {
  constexpr int STEP = 4;
  constexpr double QUANTILE = 0.98;
  const auto count = static_cast<std::uint32_t>((picture.width() + STEP - 1) / STEP) *
                     static_cast<std::uint32_t>((picture.height() + STEP - 1) / STEP);
  picture.sample(STEP, pixels_.data());
  std::uint32_t counts[3][256] = {};
  for (std::size_t i = 0; i < std::size_t{3} * count; ++i) ++counts[i % 3][pixels_[i]];
  bool is_bright = true;
  for (int colour = 0; colour < 3; ++colour) {
    // the quantile lies between two of the sorted values, as numpy places it
    const double place = QUANTILE * (count - 1);
    const auto below = static_cast<std::uint32_t>(place);
    const auto value_at = [&](std::uint32_t index) {
      int value = 0;
      for (std::uint32_t passed = counts[colour][0]; passed <= index && value < 255;) passed += counts[colour][++value];
      return value;
    };
    const int low = value_at(below), high = value_at(std::min(below + 1, count - 1));
    const auto quantile = static_cast<float>(low + (high - low) * (place - below));
    const float gain = std::max(bright_ / std::max(quantile, 1.0f), 1.0f);
    is_bright = is_bright && gain == 1;
    for (int value = 0; value < 256; ++value) shown_[colour][value] = multiplied(value, gain);
  }
  return !is_bright;
}

}  // namespace mfs
