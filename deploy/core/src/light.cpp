#include "light.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mfs {

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
    shown[i] = static_cast<std::uint8_t>(std::nearbyint(std::min(crop[i] * gain_[i % 3], 255.0f)));
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

}  // namespace mfs
