#include "paste.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "lanes.h"
#include "taps.h"

namespace mfs {
namespace {

constexpr int BORDER = 2;  // zeros around the layer
constexpr int TAPS = 4;    // neighbours along a line that interpolation sees
constexpr int BLOCK = Picture::BLOCK;
constexpr int LANES = 4;  // pixels that are computed together

// The layer in whole numbers: colours in 1/128 of an 8-bit step, shares in 1/16384. A colour beyond 255 steps says no
// more than 255 do.
constexpr int COLOUR_BITS = 7, SHARE_BITS = 14;

// Narrows the whole numbers begin <= i < end to those (and one or two more) where -1 < start + i step < length.
void narrow(double start, double step, int length, int* begin, int* end) {
  if (std::abs(step) < 1e-12) {
    if (start <= -1 || start >= length) *end = *begin;
    return;
  }
  const double a = (-1 - start) / step, b = (length - start) / step;
  *begin =
      static_cast<int>(std::clamp(std::floor(std::min(a, b)), static_cast<double>(*begin), static_cast<double>(*end)));
  *end = static_cast<int>(
      std::clamp(std::ceil(std::max(a, b)) + 1, static_cast<double>(*begin), static_cast<double>(*end)));
}

// pixel (1 - share) + colour, rounded, of RGBX pixels and the layer's weighted sums for them. The fourth byte stays.
inline void blend(const Int4* sums, std::uint8_t* pixels) {
  constexpr int drop = COLOUR_BITS + WEIGHT_BITS - SHARE_BITS;
  const Word4 fourth = Word4{} + 0xff000000u;
  const Byte16 bytes = load<Byte16>(pixels);
  const Short8 low = low8(bytes), high = high8(bytes);
  const Int4 before[LANES] = {low4(low), high4(low), low4(high), high4(high)};
  Int4 after[LANES];
  for (int i = 0; i < LANES; ++i) {
    const Int4 share = sums[i] >> WEIGHT_BITS;
    const Int4 kept = (1 << SHARE_BITS) - __builtin_shufflevector(share, share, 3, 3, 3, 3);
    const Int4 stays = add_products(reinterpret_cast<Short8>(before[i]), reinterpret_cast<Short8>(kept));
    after[i] = (stays + (sums[i] >> drop)) >> SHARE_BITS;
  }
  const auto all = reinterpret_cast<Word4>(narrowed(narrowed(after[0], after[1]), narrowed(after[2], after[3])));
  store((all & ~fourth) | (reinterpret_cast<Word4>(bytes) & fourth), pixels);
}

}  // namespace

Paste::Paste(int size, const PasteSettings& settings)
    : size_(size),
      settings_(settings),
      fade_(static_cast<std::size_t>(size) * size),
      row_(static_cast<std::size_t>(CHANNELS) * size),
      whole_(CHANNELS * fade_.size()),
      shrunk_(whole_.size()) {
  const int edged = size + 2 * BORDER;
  edged_.resize(static_cast<std::size_t>(CHANNELS) * edged * (edged + 2));
  filled_.resize(static_cast<std::size_t>(edged) * edged);
  reached_.resize(filled_.size() + 1);  // and one that is 0
  const double length = std::max(settings.edge * size, 1.0);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const int distance = std::min({x, y, size - 1 - x, size - 1 - y});
      fade_[static_cast<std::size_t>(y) * size + x] = static_cast<float>(std::clamp(distance / length, 0.0, 1.0));
    }
  }
}

void Paste::operator()(Picture& picture, const float* change, const Matrix& matrix, const std::uint8_t* crop,
                       const float* damping) {
  const Matrix onto = make_layer(change, matrix, crop, damping);
  find_reached();
  Rect seen;
  if (!seen_rows(&seen)) return;
  // the picture's rectangle of what is reached, as it lies in memory; rows in pairs, columns from an even one on
  const Matrix from_memory = compose(onto, picture.to_upright()), back = invert(from_memory);
  Point low = transform({seen.x1 - 1.0, seen.y1 - 1.0}, back), high = low;
  for (const Point corner : {Point{seen.x2 - 1.0, seen.y1 - 1.0}, Point{seen.x1 - 1.0, seen.y2 - 1.0},
                             Point{seen.x2 - 1.0, seen.y2 - 1.0}}) {
    const Point p = transform(corner, back);
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  const int width = picture.pixels().width, height = picture.pixels().height;
  const auto whole = [](double value, int most) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(most)));
  };
  const Rect area = {whole(std::floor(low.x) - 1, width) & ~1, whole(std::floor(low.y) - 1, height) & ~1,
                     whole(std::ceil(high.x) + 2, width), whole(std::ceil(high.y) + 2, height)};
  for (int y = area.y1; y < area.y2; y += 2) {
    int begin[2], end[2];  // of the rows, what sees the layer
    for (int i = 0; i < 2; ++i) {
      const Point start = transform({0, y + static_cast<double>(i)}, from_memory);
      begin[i] = area.x1, end[i] = y + i < height ? area.x2 : area.x1;
      narrow(start.x, from_memory.a[0], width_, &begin[i], &end[i]);
      narrow(start.y, from_memory.a[3], height_, &begin[i], &end[i]);
      if (begin[i] >= end[i]) begin[i] = width, end[i] = 0;
    }
    for (int x = std::min(begin[0], begin[1]) & ~1; x < std::max(end[0], end[1]); x += BLOCK) {
      std::uint8_t* pixels = nullptr;
      for (int i = 0; i < 2; ++i) {
        lay(picture, {x, y, y + i, std::max(x, begin[i]), std::min(x + BLOCK, end[i])}, from_memory, &pixels);
      }
      if (pixels != nullptr) picture.end_block();
    }
  }
}

// Makes the layer for a face of this size: picture -> layer.
Matrix Paste::make_layer(const float* change, const Matrix& matrix, const std::uint8_t* crop, const float* damping) {
  const double size = std::max(std::nearbyint(size_ / std::max(scale_of(matrix), 1e-9)), 1.0);
  const bool is_smaller = size < size_;
  const int side = is_smaller ? static_cast<int>(size) : size_;
  if (side != width_) std::fill(edged_.begin(), edged_.end(), std::int16_t{0});
  if (side != width_) std::fill(filled_.begin(), filled_.end(), std::uint8_t{0});
  width_ = height_ = side;
  for (int y = 0; y < size_; ++y) {
    float* row = is_smaller ? whole_.data() + static_cast<std::ptrdiff_t>(y) * size_ * CHANNELS : row_.data();
    make_row(change, crop, damping, y, row);
    if (!is_smaller) take_row(row, y);
  }
  if (!is_smaller) return matrix;
  area_(whole_.data(), size_, size_, CHANNELS, side, side, shrunk_.data());
  for (int y = 0; y < side; ++y) take_row(shrunk_.data() + static_cast<std::ptrdiff_t>(y) * side * CHANNELS, y);
  const double x = size / size_, shift = (x - 1) / 2;  // pixel centres are integers
  return compose({{x, 0, shift, 0, x, shift}}, matrix);
}

void Paste::make_row(const float* change, const std::uint8_t* crop, const float* damping, int y, float* row) const {
  const std::ptrdiff_t count = static_cast<std::ptrdiff_t>(size_) * size_,
                       begin = static_cast<std::ptrdiff_t>(y) * size_;
  for (std::ptrdiff_t i = begin; i < begin + size_; i += 16) {
    Byte16 planes[3];
    Float4 seen[3][4];
    planes_of(crop + 3 * i, planes);
    for (int c = 0; c < 3; ++c) floats(planes[c], seen[c]);
    for (int k = 0; k < 4; ++k, row += 4 * CHANNELS) {
      const std::ptrdiff_t at = i + 4 * k;
      const Float4 gone = load4(damping + at), fade = load4(fade_.data() + at);
      Float4 value[CHANNELS], most = gone;
      for (int c = 0; c < 3; ++c) {
        const Float4 changed = load4(change + c * count + at);
        most = max4(most, max4(changed, -changed));
        value[c] = 255.0f * changed + gone * seen[c][k];
      }
      value[3] = gone;
      const Float4 share = most >= settings_.negligible ? fade : Float4{};
      for (Float4& one : value) one *= share;
      transpose(value);
      for (int c = 0; c < CHANNELS; ++c) store4(value[c], row + CHANNELS * c);
    }
  }
}

// A row of the layer as whole numbers.
void Paste::take_row(const float* row, int y) {
  constexpr float colour = 1 << COLOUR_BITS, share = 1 << SHARE_BITS;
  const Float4 scale = {colour, colour, colour, share};
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(y + BORDER) * (width_ + 2 * BORDER) + BORDER;
  std::int16_t* to = edged_.data() + first * CHANNELS;
  std::uint8_t* filled = filled_.data() + first;
  for (int x = 0; x < width_; ++x) {
    const Int4 values = rounded(load4(row + CHANNELS * x) * scale);
    const Long2 both = reinterpret_cast<Long2>(narrowed(values, Int4{}));
    const std::int64_t pixel = both[0];
    std::memcpy(to + CHANNELS * x, &pixel, sizeof pixel);
    filled[x] = pixel != 0;
  }
}

void Paste::find_reached() {
  const int width = width_ + 2 * BORDER, height = height_ + 2 * BORDER;
  const auto any = [width](const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c, const std::uint8_t* d,
                           int count, std::uint8_t* to) {
    for (int x = 0; x < count; ++x) to[x] = a[x] | b[x] | c[x] | d[x];
    std::fill(to + count, to + width, std::uint8_t{0});
  };
  across_.resize(filled_.size());
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = filled_.data() + y * width;
    any(row, row + 1, row + 2, row + 3, width - TAPS + 1, across_.data() + y * width);
  }
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row[TAPS];
    for (int i = 0; i < TAPS; ++i) row[i] = across_.data() + std::min(y + i, height - 1) * width;
    any(row[0], row[1], row[2], row[3], width, reached_.data() + y * width);
  }
}

bool Paste::seen_rows(Rect* area) const {
  const int width = width_ + 2 * BORDER, height = height_ + 2 * BORDER;
  *area = {width, height, 0, 0};
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row = reached_.data() + y * width;
    const std::uint8_t* first = std::find(row, row + width, 1);
    if (first == row + width) continue;
    int last = width - 1;
    while (row[last] == 0) --last;
    *area = {std::min(area->x1, static_cast<int>(first - row)), std::min(area->y1, y), std::max(area->x2, last + 1),
             y + 1};
  }
  return !area->is_empty();
}

// Lays the layer over the pixels x1 <= x < x2 of a row of a block, and over those beside them that it reaches; `pixels`
// are the block's, taken as soon as one is.
void Paste::lay(Picture& picture, const Span& span, const Matrix& from_memory, std::uint8_t** pixels) const {
  if (span.x1 >= span.x2) return;
  const Taps<TAPS>& weights = taps<TAPS>();
  const std::ptrdiff_t width = width_ + 2 * BORDER, row = width * CHANNELS;
  // places in 1/32 pixels of the layer with its border, as fractions of 2^16
  constexpr int fraction = 16;
  const auto fixed = [](double value) { return static_cast<std::int32_t>(std::lrint(value * (STEPS << fraction))); };
  const int begin = (span.x1 - span.block_x) & ~(LANES - 1), end = span.x2 - span.block_x;
  const Point place = transform({static_cast<double>(span.block_x + begin), static_cast<double>(span.y)}, from_memory);
  const double right = from_memory.a[0], down = from_memory.a[3];
  const double x = place.x + 1 + 0.5 / STEPS, y = place.y + 1 + 0.5 / STEPS;
  Int4 u = {fixed(x), fixed(x + right), fixed(x + 2 * right), fixed(x + 3 * right)};
  Int4 v = {fixed(y), fixed(y + down), fixed(y + 2 * down), fixed(y + 3 * down)};
  const std::int32_t across_step = fixed(LANES * right), along_step = fixed(LANES * down);
  const int most_u = (width_ + 1) * STEPS, most_v = (height_ + 1) * STEPS;
  const Short8 of_rows = Short8{} + static_cast<std::int16_t>(width);
  const int nowhere = static_cast<int>(reached_.size()) - 1;
  std::ptrdiff_t at = static_cast<std::ptrdiff_t>(span.y - span.block_y) * BLOCK + begin;
  for (int k = begin; k < end; k += LANES, at += LANES, u += across_step, v += along_step) {
    const Int4 across = u >> fraction, along = v >> fraction;
    const Int4 is_inside = (across >= 0) & (along >= 0) & (across < most_u) & (along < most_v);
    const Int4 firsts = add_products(reinterpret_cast<Short8>(along >> STEP_BITS), of_rows) + (across >> STEP_BITS);
    const Int4 places = (along & (STEPS - 1)) << STEP_BITS | (across & (STEPS - 1));
    std::int32_t first[LANES], steps[LANES];
    store(is_inside ? firsts : Int4{} + nowhere, first), store(places, steps);
    const std::uint8_t is_reached[LANES] = {reached_[first[0]], reached_[first[1]], reached_[first[2]],
                                            reached_[first[3]]};
    if (!(is_reached[0] | is_reached[1] | is_reached[2] | is_reached[3])) continue;
    if (*pixels == nullptr) *pixels = picture.begin_block(span.block_x, span.block_y);
    constexpr int half = 1 << (COLOUR_BITS + WEIGHT_BITS - 1);
    Int4 sums[LANES];
    for (int i = 0; i < LANES; ++i) {
      Int4 upper = {half, half, half, WEIGHT / 2}, lower = {};  // two sums, so that one need not wait for the other
      if (is_reached[i]) {
        const std::int16_t *weight = weights.at[steps[i]], *from = edged_.data() + first[i] * CHANNELS;
        const Short8 w = load<Short8>(weight), z = load<Short8>(weight + 2 * TAPS);
        upper = add_weighted<0>(upper, load<Short8>(from), load<Short8>(from + row), w);
        upper = add_weighted<1>(upper, load<Short8>(from + 8), load<Short8>(from + row + 8), w);
        from += 2 * row;
        lower = add_weighted<0>(lower, load<Short8>(from), load<Short8>(from + row), z);
        lower = add_weighted<1>(lower, load<Short8>(from + 8), load<Short8>(from + row + 8), z);
      }
      sums[i] = upper + lower;
    }
    blend(sums, *pixels + at * RGBX);
  }
}

}  // namespace mfs
