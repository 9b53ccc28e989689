#include "detail.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "float4.h"

namespace mfs {
namespace {

// Pixels on either side that a blur of floats looks at, as OpenCV chooses them.
int reach_of(double sigma) { return (static_cast<int>(std::lrint(sigma * 8 + 1)) | 1) / 2; }

// A place beyond the edge: ... 2 1 | 0 1 2 ... n-1 | n-2 ...
int mirrored(int place, int length) {
  while (place < 0 || place >= length) {
    if (length == 1) return 0;
    place = place < 0 ? -place : 2 * (length - 1) - place;
  }
  return place;
}

// result[x] = kernel[0] middle[x] + sum over i of kernel[i + 1] (before[i][x] + after[i][x]), x < count.
void weigh(const float* middle, const float* const* before, const float* const* after, const float* kernel, int reach,
           int count, float* result) {
  constexpr int SUMS = 4;  // that stay in registers
  int x = 0;
  for (; x + SUMS * WIDE <= count; x += SUMS * WIDE) {
    Wide sum[SUMS];
    for (int k = 0; k < SUMS; ++k) sum[k] = kernel[0] * load_wide(middle + x + k * WIDE);
    for (int i = 0; i < reach; ++i) {
      const float *a = before[i] + x, *b = after[i] + x, weight = kernel[i + 1];
      for (int k = 0; k < SUMS; ++k) sum[k] += weight * (load_wide(a + k * WIDE) + load_wide(b + k * WIDE));
    }
    for (int k = 0; k < SUMS; ++k) store_wide(sum[k], result + x + k * WIDE);
  }
  for (; x < count; ++x) {
    float sum = kernel[0] * middle[x];
    for (int i = 0; i < reach; ++i) sum += kernel[i + 1] * (before[i][x] + after[i][x]);
    result[x] = sum;
  }
}

}  // namespace

GaussianBlur::GaussianBlur(int size, double sigma)
    : size_(size),
      reach_(reach_of(sigma)),
      rows_(static_cast<std::size_t>(size) * size),
      padded_(size + 2 * reach_),
      before_(reach_),
      after_(reach_) {
  double total = 0;
  for (int i = -reach_; i <= reach_; ++i) total += std::exp(-i * i / (2 * sigma * sigma));
  for (int i = 0; i <= reach_; ++i)
    kernel_.push_back(static_cast<float>(std::exp(-i * i / (2 * sigma * sigma)) / total));
}

void GaussianBlur::operator()(const float* plane, float* result) {
  for (int y = 0; y < size_; ++y) {
    for (int i = 1; i <= reach_; ++i) {
      before_[i - 1] = plane + static_cast<std::size_t>(mirrored(y - i, size_)) * size_;
      after_[i - 1] = plane + static_cast<std::size_t>(mirrored(y + i, size_)) * size_;
    }
    const std::size_t row = static_cast<std::size_t>(y) * size_;
    weigh(plane + row, before_.data(), after_.data(), kernel_.data(), reach_, size_, rows_.data() + row);
  }
  float* middle = padded_.data() + reach_;
  for (int i = 1; i <= reach_; ++i) before_[i - 1] = middle - i, after_[i - 1] = middle + i;
  for (int y = 0; y < size_; ++y) {
    const float* line = rows_.data() + static_cast<std::size_t>(y) * size_;
    std::copy_n(line, size_, middle);
    for (int i = 1; i <= reach_; ++i) {
      middle[-i] = line[mirrored(-i, size_)];
      middle[size_ - 1 + i] = line[mirrored(size_ - 1 + i, size_)];
    }
    weigh(middle, before_.data(), after_.data(), kernel_.data(), reach_, size_,
          result + static_cast<std::size_t>(y) * size_);
  }
}

Detail::Detail(int size, const DetailSettings& settings)
    : size_(size),
      settings_(settings),
      fine_(size, settings.fine * size),
      around_(size, settings.around * size),
      before_(static_cast<std::size_t>(size) * size),
      after_(before_.size()),
      blurred_(before_.size()) {}

void Detail::operator()(const std::uint8_t* crop, const float* result, float* damping) {
  const int count = size_ * size_;
  const float *red = result, *green = result + count, *blue = green + count;
  for (int i = 0; i < count; ++i) {  // luma of ITU-R BT.601, of bytes rounded to bytes
    const std::uint8_t* p = crop + 3 * i;
    before_[i] = static_cast<float>((9798 * p[0] + 19235 * p[1] + 3735 * p[2] + (1 << 14)) >> 15);
    after_[i] = 255.0f * (0.299f * red[i] + 0.587f * green[i] + 0.114f * blue[i]);
  }
  for (std::vector<float>* grey : {&before_, &after_}) {
    fine_(grey->data(), blurred_.data());
    for (int i = 0; i < count; ++i) (*grey)[i] -= blurred_[i];
  }
  for (int i = 0; i < count; ++i) {
    after_[i] *= before_[i];
    before_[i] *= before_[i];
  }
  around_(after_.data(), after_.data());
  around_(before_.data(), before_.data());
  const float slope = 1 / (settings_.kept - settings_.gone);
  for (int i = 0; i < count; ++i) {
    const float left = (after_[i] + settings_.noise) / (before_[i] + settings_.noise);
    damping[i] = std::clamp((settings_.kept - left) * slope, 0.0f, 1.0f);
  }
}

}  // namespace mfs
