#include "paste.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "float4.h"
#include "taps.h"

namespace mfs {
namespace {

constexpr int BORDER = 2;  // zeros around the layer
constexpr int TAPS = 4;    // neighbours along a line that interpolation sees
constexpr int BLOCK = 32;  // pixels of a row that are computed together

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

}  // namespace

Paste::Paste(int size, const PasteSettings& settings)
    : size_(size),
      settings_(settings),
      fade_(static_cast<std::size_t>(size) * size),
      layer_(CHANNELS * fade_.size()),
      shrunk_(layer_.size()) {
  const int edged = size + 2 * BORDER;
  edged_.resize(static_cast<std::size_t>(CHANNELS) * edged * (edged + 2));
  reached_.resize(static_cast<std::size_t>(edged) * edged);
  filled_.resize(reached_.size());
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
  make_layer(change, crop, damping);
  const Matrix onto = shrink(matrix);
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
    int begin = width, end = 0;  // what any of the two rows sees of the layer
    for (int i = 0; i < 2; ++i) {
      const Point start = transform({0, y + static_cast<double>(i)}, from_memory);
      int x1 = area.x1, x2 = area.x2;
      narrow(start.x, from_memory.a[0], width_, &x1, &x2);
      narrow(start.y, from_memory.a[3], height_, &x1, &x2);
      if (x1 < x2) begin = std::min(begin, x1 & ~1), end = std::max(end, std::min((x2 + 1) & ~1, width));
    }
    if (begin >= end) continue;
    const Picture::Rows rows = picture.begin_rows(y, begin, end);
    for (int i = 0; i < 2; ++i) {
      if (rows.row[i] == nullptr) continue;
      const Point start = transform({static_cast<double>(begin), y + static_cast<double>(i)}, from_memory);
      add_row(rows.row[i], picture.pixels().dx, end - begin, start, {from_memory.a[0], from_memory.a[3]});
    }
    picture.end_rows();
  }
}

void Paste::make_layer(const float* change, const std::uint8_t* crop, const float* damping) {
  const int count = size_ * size_;
  const float *red = change, *green = change + count, *blue = green + count;
  for (int i = 0; i < count; ++i) {
    const float gone = damping[i],
                most = std::max(std::max(std::abs(red[i]), std::abs(green[i])), std::max(std::abs(blue[i]), gone));
    Float4 value = {};
    if (most >= settings_.negligible) {
      const std::uint8_t* p = crop + 3 * i;
      const Float4 seen = {static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2]), 1};
      value = fade_[i] * (255.0f * Float4{red[i], green[i], blue[i], 0} + gone * seen);
    }
    store4(value, layer_.data() + CHANNELS * i);
  }
}

Matrix Paste::shrink(const Matrix& matrix) {
  const double size = std::max(std::nearbyint(size_ / std::max(scale_of(matrix), 1e-9)), 1.0);
  const bool is_smaller = size < size_;
  const int side = is_smaller ? static_cast<int>(size) : size_;
  Matrix onto = matrix;
  const float* layer = layer_.data();
  if (is_smaller) {
    area_(layer, size_, size_, CHANNELS, side, side, shrunk_.data());
    const double x = size / size_, shift = (x - 1) / 2;  // pixel centres are integers
    onto = compose({{x, 0, shift, 0, x, shift}}, matrix);
    layer = shrunk_.data();
  }
  const std::size_t edged = side + 2 * BORDER, row = static_cast<std::size_t>(side) * CHANNELS;
  if (side != width_) std::fill(edged_.begin(), edged_.end(), 0.0f);
  width_ = height_ = side;
  for (int y = 0; y < side; ++y) {
    std::copy_n(layer + y * row, row, edged_.data() + ((y + BORDER) * edged + BORDER) * CHANNELS);
  }
  return onto;
}

void Paste::find_reached() {
  const int width = width_ + 2 * BORDER, height = height_ + 2 * BORDER;
  for (int i = 0; i < width * height; ++i) {
    const Long2 halves = reinterpret_cast<Long2>(load4(edged_.data() + CHANNELS * i) != Float4{});
    filled_[i] = (halves[0] | halves[1]) != 0;
  }
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row = filled_.data() + y * width;
    for (int x = 0; x < width - 3; ++x) row[x] = row[x] | row[x + 1] | row[x + 2] | row[x + 3];
    for (int x = width - 3; x < width - 1; ++x) row[x] = static_cast<std::uint8_t>(row[x] | row[x + 1]);
  }
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* row[TAPS];
    for (int i = 0; i < TAPS; ++i) row[i] = filled_.data() + std::min(y + i, height - 1) * width;
    std::uint8_t* to = reached_.data() + y * width;
    for (int x = 0; x < width; ++x) to[x] = row[0][x] | row[1][x] | row[2][x] | row[3][x];
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

void Paste::add_row(std::uint8_t* pixels, std::ptrdiff_t stride, int count, Point place, Point step) const {
  for (int begin = 0; begin < count; begin += BLOCK, pixels += BLOCK * stride) {
    const int length = std::min(BLOCK, count - begin);
    const Point from = {place.x + step.x * begin, place.y + step.y * begin};
    int begin_seen = 0, end_seen = length;
    narrow(from.x, step.x, width_, &begin_seen, &end_seen);
    narrow(from.y, step.y, height_, &begin_seen, &end_seen);
    if (begin_seen == end_seen) continue;
    std::uint8_t bytes[BLOCK * CHANNELS] = {};
    float values[BLOCK * CHANNELS];
    if (stride == CHANNELS) {
      std::memcpy(bytes, pixels, static_cast<std::size_t>(length) * CHANNELS);
    } else {
      for (int i = 0; i < length; ++i) std::memcpy(bytes + CHANNELS * i, pixels + i * stride, 3);
    }
    for (int k = 0; k < BLOCK * CHANNELS; ++k) values[k] = bytes[k];
    if (!add_values(values, begin_seen, end_seen, from, step)) continue;
    for (int k = 0; k < BLOCK * CHANNELS; ++k) {
      const auto value = static_cast<std::int16_t>(static_cast<int>(values[k] + 0.5f));
      bytes[k] = static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    if (stride == CHANNELS) {
      std::memcpy(pixels, bytes, static_cast<std::size_t>(length) * CHANNELS);
    } else {
      for (int i = 0; i < length; ++i) std::memcpy(pixels + i * stride, bytes + CHANNELS * i, 3);
    }
  }
}

// Adds the layer to the pixels begin <= i < end of a row, four numbers each, of which the last stays. False: it reaches
// none.
bool Paste::add_values(float* values, int begin, int end, Point place, Point step) const {
  const Taps<TAPS>& weights = taps<TAPS>();
  const std::ptrdiff_t width = width_ + 2 * BORDER;
  const Float4 colours = {1, 1, 1, 0};
  // places in 1/32 pixels of the layer with its border, as fractions of 2^32
  constexpr double ONE = 4294967296.0;
  const auto fixed = [&](double value) { return static_cast<std::int64_t>(value * STEPS * ONE); };
  const std::int64_t right = fixed(step.x), down = fixed(step.y);
  std::int64_t u = fixed(place.x + 1 + 0.5 / STEPS) + begin * right,
               v = fixed(place.y + 1 + 0.5 / STEPS) + begin * down;
  const std::uint64_t most_u = static_cast<std::uint64_t>(width_ + 1) * STEPS,
                      most_v = static_cast<std::uint64_t>(height_ + 1) * STEPS;
  bool is_reached = false;
  for (int x = begin; x < end; ++x, u += right, v += down) {
    const std::int64_t across = u >> 32, along = v >> 32;
    if (static_cast<std::uint64_t>(across) >= most_u || static_cast<std::uint64_t>(along) >= most_v) continue;
    const std::ptrdiff_t first = (along >> STEP_BITS) * width + (across >> STEP_BITS);
    if (!reached_[first]) continue;
    is_reached = true;
    const float *ka = weights.at[across & (STEPS - 1)], *kd = weights.at[along & (STEPS - 1)];
    const float* from = edged_.data() + first * CHANNELS;
    Float4 sum = {};
    for (int i = 0; i < TAPS; ++i, from += width * CHANNELS) {
      sum +=
          kd[i] * (ka[0] * load4(from) + ka[1] * load4(from + 4) + ka[2] * load4(from + 8) + ka[3] * load4(from + 12));
    }
    const Float4 before = load4(values + CHANNELS * x);
    store4(before + colours * (sum - sum[3] * before), values + CHANNELS * x);
  }
  return is_reached;
}

}  // namespace mfs
