#include "resize.h"

#include <algorithm>
#include <cmath>

#include "lanes.h"

namespace mfs {
namespace {

constexpr double NEGLIGIBLE = 1e-3;  // of a pixel
constexpr int CUBIC_REACH = 2;       // pixels on either side that the cubic kernel sees

void store(float value, float* result) { *result = value; }
void store(float value, std::uint8_t* result) {
  *result = static_cast<std::uint8_t>(std::lrint(std::clamp(value, 0.0f, 255.0f)));
}

}  // namespace

void AreaResize::Shares::set(int size, int smaller) {
  if (size == size_ && smaller == smaller_) return;
  size_ = size, smaller_ = smaller;
  shares.clear();
  const double scale = static_cast<double>(size) / smaller;
  for (int i = 0; i < smaller; ++i) {
    const double begin = i * scale, end = begin + scale, cell = std::min(scale, size - begin);
    const int last = std::min(static_cast<int>(std::floor(end)), size - 1);
    const int first = std::min(static_cast<int>(std::ceil(begin)), last);
    if (first - begin > NEGLIGIBLE) shares.push_back({first - 1, i, static_cast<float>((first - begin) / cell)});
    for (int j = first; j < last; ++j) shares.push_back({j, i, static_cast<float>(1 / cell)});
    if (end - last > NEGLIGIBLE) {
      shares.push_back({last, i, static_cast<float>(std::min({end - last, 1.0, cell}) / cell)});
    }
  }
}

template <class T>
void AreaResize::resize(const T* pixels, int width, int height, int channels, int smaller_width, int smaller_height,
                        T* result) {
  columns_.set(width, smaller_width), rows_.set(height, smaller_height);
  const std::size_t count = static_cast<std::size_t>(width) * channels;
  const std::size_t results = static_cast<std::size_t>(smaller_width) * channels;
  sum_.resize(count + 4);
  means_.resize(results + 4);  // pixels of three numbers are computed as four
  for (std::size_t i = 0; i < rows_.shares.size(); ++i) {
    const Share& down = rows_.shares[i];
    const T* line = pixels + static_cast<std::size_t>(down.source) * count;
    const bool is_first = i == 0 || rows_.shares[i - 1].result != down.result;
    const bool is_last = i + 1 == rows_.shares.size() || rows_.shares[i + 1].result != down.result;
    float* sum = sum_.data();
    const float weight = down.weight;
    if (is_first) {
      for (std::size_t k = 0; k < count; ++k) sum[k] = weight * static_cast<float>(line[k]);
    } else {
      for (std::size_t k = 0; k < count; ++k) sum[k] += weight * static_cast<float>(line[k]);
    }
    if (!is_last) continue;
    Float4 mean = {};
    for (std::size_t j = 0; j < columns_.shares.size(); ++j) {
      const Share& across = columns_.shares[j];
      mean += across.weight * load4(sum + across.source * channels);
      if (j + 1 < columns_.shares.size() && columns_.shares[j + 1].result == across.result) continue;
      store4(mean, means_.data() + across.result * channels);  // the next one overwrites a fourth
      mean = Float4{};
    }
    T* to = result + static_cast<std::size_t>(down.result) * results;
    for (std::size_t k = 0; k < results; ++k) store(means_[k], to + k);
  }
}

void AreaResize::operator()(const std::uint8_t* pixels, int width, int height, int channels, int smaller_width,
                            int smaller_height, std::uint8_t* result) {
  resize(pixels, width, height, channels, smaller_width, smaller_height, result);
}

void AreaResize::operator()(const float* pixels, int width, int height, int channels, int smaller_width,
                            int smaller_height, float* result) {
  resize(pixels, width, height, channels, smaller_width, smaller_height, result);
}

std::size_t double_cubic_scratch(int side) {
  return static_cast<std::size_t>(2) * side * side + side + 2 * CUBIC_REACH;
}

void double_cubic(const float* plane, int side, float* scratch, float* result) {
  // a result pixel lies a quarter before or after a pixel: Keys' kernel at 0.25, 0.75, 1.25, 1.75
  constexpr float near = 0.87890625f, next = 0.26171875f, far = -0.03515625f, before = -0.10546875f;
  const auto first = [&](const Float4* p) { return far * p[0] + next * p[1] + near * p[2] + before * p[3]; };
  const auto second = [&](const Float4* p) { return before * p[1] + near * p[2] + next * p[3] + far * p[4]; };
  constexpr int around = 2 * CUBIC_REACH + 1;
  const int wide = 2 * side;
  float* line = scratch + static_cast<std::ptrdiff_t>(wide) * side;
  for (int y = 0; y < side; ++y) {
    const float* from = plane + static_cast<std::ptrdiff_t>(y) * side;
    std::copy_n(from, side, line + CUBIC_REACH);
    std::fill_n(line, CUBIC_REACH, from[0]), std::fill_n(line + CUBIC_REACH + side, CUBIC_REACH, from[side - 1]);
    float* out = scratch + static_cast<std::ptrdiff_t>(y) * wide;
    for (int x = 0; x < side; x += 4) {
      Float4 pixels[around];
      for (int i = 0; i < around; ++i) pixels[i] = load4(line + x + i);
      const Float4 a = first(pixels), b = second(pixels);
      store4(__builtin_shufflevector(a, b, 0, 4, 1, 5), out + 2 * x);
      store4(__builtin_shufflevector(a, b, 2, 6, 3, 7), out + 2 * x + 4);
    }
  }
  for (int y = 0; y < side; ++y) {
    const float* lines[around];
    for (int i = 0; i < around; ++i) {
      lines[i] = scratch + static_cast<std::ptrdiff_t>(std::clamp(y + i - CUBIC_REACH, 0, side - 1)) * wide;
    }
    float *upper = result + static_cast<std::ptrdiff_t>(2) * y * wide, *lower = upper + wide;
    for (int x = 0; x < wide; x += 4) {
      Float4 pixels[around];
      for (int i = 0; i < around; ++i) pixels[i] = load4(lines[i] + x);
      store4(first(pixels), upper + x), store4(second(pixels), lower + x);
    }
  }
}

}  // namespace mfs
