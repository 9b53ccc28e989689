#include "detail.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "lanes.h"

namespace mfs {
namespace {

constexpr int LANES = 4;

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

// result[x] = kernel[0] middle[x] + sum over i of kernel[i + 1] (before[i][x] + after[i][x]), x < count. ARE_ALIGNED:
// the rows begin at multiples of 16 bytes.
template <bool ARE_ALIGNED>
void weigh(const float* middle, const float* const* before, const float* const* after, const float* kernel, int reach,
           int count, float* result) {
  constexpr int SUMS = 8;  // that stay in registers
  const auto four = [](const float* from) { return ARE_ALIGNED ? load4_aligned(from) : load4(from); };
  int x = 0;
  for (; x + SUMS * LANES <= count; x += SUMS * LANES) {
    Float4 sum[SUMS];
    for (int k = 0; k < SUMS; ++k) sum[k] = kernel[0] * four(middle + x + k * LANES);
    for (int i = 0; i < reach; ++i) {
      const float *a = before[i] + x, *b = after[i] + x, weight = kernel[i + 1];
      for (int k = 0; k < SUMS; ++k) sum[k] += weight * (four(a + k * LANES) + four(b + k * LANES));
    }
    for (int k = 0; k < SUMS; ++k) store4(sum[k], result + x + k * LANES);
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

void GaussianBlur::take(const float* row) {
  float* middle = padded_.data() + reach_;
  std::copy_n(row, size_, middle);
  for (int i = 1; i <= reach_; ++i) {
    middle[-i] = row[mirrored(-i, size_)], middle[size_ - 1 + i] = row[mirrored(size_ - 1 + i, size_)];
    before_[i - 1] = middle - i, after_[i - 1] = middle + i;
  }
  weigh<false>(middle, before_.data(), after_.data(), kernel_.data(), reach_, size_,
               rows_.data() + static_cast<std::ptrdiff_t>(taken_++) * size_);
}

bool GaussianBlur::give(float* result) {
  if (given_ == size_ || std::min(given_ + reach_, size_ - 1) >= taken_) return false;
  const auto at = [this](int y) { return rows_.data() + static_cast<std::ptrdiff_t>(mirrored(y, size_)) * size_; };
  for (int i = 1; i <= reach_; ++i) before_[i - 1] = at(given_ - i), after_[i - 1] = at(given_ + i);
  weigh<true>(at(given_), before_.data(), after_.data(), kernel_.data(), reach_, size_, result);
  ++given_;
  return true;
}

Detail::Detail(int size, const DetailSettings& settings)
    : size_(size),
      settings_(settings),
      fine_before_(size, settings.fine * size),
      fine_after_(fine_before_),
      around_before_(size, settings.around * size),
      around_after_(around_before_),
      before_(static_cast<std::size_t>(size) * size),
      after_(before_.size()),
      row_(size),
      other_(size) {}

void Detail::operator()(const std::uint8_t* crop, const float* result, float* damping) {
  for (GaussianBlur* blur : {&fine_before_, &fine_after_, &around_before_, &around_after_}) blur->reset();
  const float slope = 1 / (settings_.kept - settings_.gone);
  int compared = 0, done = 0;
  for (int y = 0; y < size_; ++y) {
    take_row(crop, result, y);
    while (compare_row(compared)) {
      ++compared;
      while (around_before_.give(row_.data()) && around_after_.give(other_.data())) {
        float* to = damping + static_cast<std::ptrdiff_t>(done++) * size_;
        for (int x = 0; x < size_; x += LANES) {
          const Float4 left = (load4(other_.data() + x) + settings_.noise) / (load4(row_.data() + x) + settings_.noise);
          store4(min4(max4((settings_.kept - left) * slope, Float4{}), Float4{} + 1.0f), to + x);
        }
      }
    }
  }
}

// The luma of a row, which is given to the fine blur.
void Detail::take_row(const std::uint8_t* crop, const float* result, int y) {
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(y) * size_,
                       count = static_cast<std::ptrdiff_t>(size_) * size_;
  const float *red = result, *green = result + count, *blue = green + count;
  for (std::ptrdiff_t i = first; i < first + size_; i += 16) {  // luma of ITU-R BT.601, of bytes rounded to bytes
    Byte16 planes[3];
    planes_of(crop + 3 * i, planes);
    const Short8 weights = {9798, 19235, 9798, 19235, 9798, 19235, 9798, 19235};
    const Short8 last = {3735, 1 << 14, 3735, 1 << 14, 3735, 1 << 14, 3735, 1 << 14}, one = Short8{} + 1;
    for (int half = 0; half < 2; ++half) {
      const auto eight = [&](int c) { return half == 0 ? low8(planes[c]) : high8(planes[c]); };
      const Short8 r = eight(0), g = eight(1), b = eight(2);
      const Int4 low = add_products(zip_low(r, g), weights) + add_products(zip_low(b, one), last);
      const Int4 high = add_products(zip_high(r, g), weights) + add_products(zip_high(b, one), last);
      store4(floats(low >> 15), before_.data() + i + 8 * half);
      store4(floats(high >> 15), before_.data() + i + 8 * half + 4);
    }
    for (std::ptrdiff_t k = i; k < i + 16; k += LANES) {
      store4(255.0f * (0.299f * load4(red + k) + 0.587f * load4(green + k) + 0.114f * load4(blue + k)),
             after_.data() + k);
    }
  }
  fine_before_.take(before_.data() + first), fine_after_.take(after_.data() + first);
}

// The structure of row y, and how alike it is before and after. False: not known yet.
bool Detail::compare_row(int y) {
  if (!fine_before_.give(row_.data()) || !fine_after_.give(other_.data())) return false;
  const float *before = before_.data() + static_cast<std::ptrdiff_t>(y) * size_,
              *after = after_.data() + static_cast<std::ptrdiff_t>(y) * size_;
  for (int x = 0; x < size_; x += LANES) {
    const Float4 a = load4(before + x) - load4(row_.data() + x), b = load4(after + x) - load4(other_.data() + x);
    store4(a * a, row_.data() + x), store4(a * b, other_.data() + x);
  }
  around_before_.take(row_.data()), around_after_.take(other_.data());
  return true;
}

}  // namespace mfs
