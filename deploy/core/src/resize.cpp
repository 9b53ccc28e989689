#include "resize.h"

#include <algorithm>
#include <cmath>

namespace mfs {
namespace {

constexpr double NEGLIGIBLE = 1e-3;  // of a pixel

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

// Adds to `row_` what a line of pixels shares out among its columns.
template <int CHANNELS, class T>
void AreaResize::add_row(const T* line) {
  for (const Share& share : columns_.shares) {
    const T* from = line + share.source * CHANNELS;
    float* to = row_.data() + share.result * CHANNELS;
    for (int c = 0; c < CHANNELS; ++c) to[c] += share.weight * static_cast<float>(from[c]);
  }
}

template <class T>
void AreaResize::resize(const T* pixels, int width, int height, int channels, int smaller_width, int smaller_height,
                        T* result) {
  columns_.set(width, smaller_width), rows_.set(height, smaller_height);
  const std::size_t count = static_cast<std::size_t>(smaller_width) * channels;
  row_.resize(count), sum_.resize(count);
  for (std::size_t i = 0; i < rows_.shares.size(); ++i) {
    const Share& down = rows_.shares[i];
    const T* line = pixels + static_cast<std::size_t>(down.source) * width * channels;
    std::fill(row_.begin(), row_.end(), 0.0f);
    if (channels == 3) {
      add_row<3>(line);
    } else {
      add_row<4>(line);
    }
    const bool is_first = i == 0 || rows_.shares[i - 1].result != down.result;
    const bool is_last = i + 1 == rows_.shares.size() || rows_.shares[i + 1].result != down.result;
    for (std::size_t k = 0; k < count; ++k) sum_[k] = (is_first ? 0.0f : sum_[k]) + down.weight * row_[k];
    if (is_last) {
      T* to = result + static_cast<std::size_t>(down.result) * count;
      for (std::size_t k = 0; k < count; ++k) store(sum_[k], to + k);
    }
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

void half(const float* plane, int height, int width, float* result) {
  for (int y = 0; y < height; ++y) {
    const float *a = plane + static_cast<std::size_t>(4) * y * width, *b = a + 2 * width;
    for (int x = 0; x < width; ++x) *result++ = 0.25f * (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]);
  }
}

void double_cubic(const float* plane, int height, int width, float* scratch, float* result) {
  // a result pixel lies a quarter before or after a pixel: Keys' kernel at 0.25, 0.75, 1.25, 1.75
  constexpr float near = 0.87890625f, next = 0.26171875f, far = -0.03515625f, before = -0.10546875f;
  for (int y = 0; y < height; ++y) {
    const float* line = plane + static_cast<std::size_t>(y) * width;
    float* out = scratch + static_cast<std::size_t>(2) * y * width;
    const auto mix = [&](int a, int b, int c, int d, int e, int x) {
      out[2 * x] = far * line[a] + next * line[b] + near * line[c] + before * line[d];
      out[2 * x + 1] = before * line[b] + near * line[c] + next * line[d] + far * line[e];
    };
    const auto at = [&](int x) { return std::clamp(x, 0, width - 1); };
    for (int x = 0; x < width; ++x) {
      if (x == 2) {  // all neighbours exist
        for (; x < width - 2; ++x) mix(x - 2, x - 1, x, x + 1, x + 2, x);
      }
      mix(at(x - 2), at(x - 1), at(x), at(x + 1), at(x + 2), at(x));
    }
  }
  const int wide = 2 * width;
  for (int y = 0; y < height; ++y) {
    const float* line[5];
    for (int i = 0; i < 5; ++i)
      line[i] = scratch + static_cast<std::size_t>(std::clamp(y + i - 2, 0, height - 1)) * wide;
    float *first = result + static_cast<std::size_t>(2) * y * wide, *second = first + wide;
    for (int x = 0; x < wide; ++x) {
      first[x] = far * line[0][x] + next * line[1][x] + near * line[2][x] + before * line[3][x];
      second[x] = before * line[1][x] + near * line[2][x] + next * line[3][x] + far * line[4][x];
    }
  }
}

}  // namespace mfs
