#include "warp.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "float4.h"
#include "taps.h"

namespace mfs {
namespace {

constexpr int FINE_BITS = 10;  // of the places before they are rounded to 1/32 pixel
constexpr int RGBX = 4;

// A place in 1/1024 pixels; far outside any picture it does not matter how far.
int fine(double place) {
  constexpr double most = 1 << 29;
  return static_cast<int>(std::lrint(std::clamp(place * (1 << FINE_BITS), -most, most)));
}

// The pixel that stands for one beyond the edge: ... 1 0 | 0 1 2 ... n-1 | n-1 n-2 ...
int reflected(int place, int length) {
  const int period = 2 * length, within = ((place % period) + period) % period;
  return within < length ? within : period - 1 - within;
}

// The weighted sum of SIZE x SIZE pixels of three or four bytes.
template <int SIZE, int BYTES>
inline Float4 mix(const std::uint8_t* from, std::ptrdiff_t dy, const float* across, const float* down) {
  Float4 sum = {};
  for (int i = 0; i < SIZE; ++i, from += dy) {
    Float4 pixels[SIZE];
    load_pixels<SIZE, BYTES>(from, pixels);
    Float4 row = across[0] * pixels[0];
    for (int j = 1; j < SIZE; ++j) row += across[j] * pixels[j];
    sum += down[i] * row;
  }
  return sum;
}

// The same of any pixels, also where some of them lie outside.
template <int SIZE>
Float4 mix_at_edge(const Pixels& image, int x, int y, Border border, const float* across, const float* down) {
  std::uint8_t around[SIZE * SIZE * RGBX] = {};
  for (int i = 0; i < SIZE; ++i) {
    for (int j = 0; j < SIZE; ++j) {
      int column = x + j, row = y + i;
      if (border == Border::reflect) {
        column = reflected(column, image.width), row = reflected(row, image.height);
      } else if (column < 0 || row < 0 || column >= image.width || row >= image.height) {
        continue;
      }
      std::copy_n(image.at(column, row), 3, around + (i * SIZE + j) * RGBX);
    }
  }
  return mix<SIZE, RGBX>(around, SIZE * RGBX, across, down);
}

// `count` sums, four numbers each, as RGB pixels: rounded, in a byte's range.
void store_row(const float* sums, int count, std::uint8_t* result) {
  constexpr int BLOCK = 16;
  for (int begin = 0; begin < count; begin += BLOCK, sums += BLOCK * RGBX) {
    std::uint8_t bytes[BLOCK * RGBX];
    for (int k = 0; k < BLOCK * RGBX; ++k) {
      const auto value = static_cast<std::int16_t>(static_cast<int>(sums[k] + 0.5f));
      bytes[k] = static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
    }
    for (int i = 0; i < std::min(BLOCK, count - begin); ++i, result += 3) std::memcpy(result, bytes + i * RGBX, 3);
  }
}

// How a place in the upright picture, in 1/32 pixels, becomes one in the pixels as they lie in memory.
struct Axis {
  int sign, shift;
  Axis(bool is_backward, int length) : sign(is_backward ? -1 : 1), shift(is_backward ? (length - 1) * STEPS : 0) {}
  int operator()(int place) const { return sign * place + shift; }
};

// What stays the same over the rows of a result. `sums`: room for a row, four numbers a pixel, a multiple of 16 pixels.
struct Job {
  const Pixels& image;
  const Turn& turn;
  const Matrix& back;
  int width, height;
  Border border;
  const int *right, *down;
  float* sums;
};

template <int SIZE, int BYTES>
void warp_rows(const Job& job, std::uint8_t* result) {
  constexpr int first = SIZE / 2 - 1, rounding = 1 << (FINE_BITS - STEP_BITS - 1);
  const Pixels image = job.image;
  const Taps<SIZE>& weights = taps<SIZE>();
  const Axis along_x(job.turn.from_right, image.width), along_y(job.turn.from_bottom, image.height);
  const bool is_swapped = job.turn.is_swapped;
  const unsigned most_x = image.dx == BYTES ? std::max(image.width - SIZE + 1, 0) : 0,
                 most_y = std::max(image.height - SIZE + 1, 0);
  for (int y = 0; y < job.height; ++y, result += 3 * job.width) {
    const int x0 = fine(job.back.a[1] * y + job.back.a[2]) + rounding,
              y0 = fine(job.back.a[4] * y + job.back.a[5]) + rounding;
    for (int x = 0; x < job.width; ++x) {
      const int across = (x0 + job.right[x]) >> (FINE_BITS - STEP_BITS),
                along = (y0 + job.down[x]) >> (FINE_BITS - STEP_BITS);
      const int u = along_x(is_swapped ? along : across), v = along_y(is_swapped ? across : along);
      const int column = (u >> STEP_BITS) - first, row = (v >> STEP_BITS) - first;
      const float *of_columns = weights.at[u & (STEPS - 1)], *of_rows = weights.at[v & (STEPS - 1)];
      const bool is_inside = static_cast<unsigned>(column) < most_x && static_cast<unsigned>(row) < most_y;
      store4(is_inside ? mix<SIZE, BYTES>(image.data + row * image.dy + column * BYTES, image.dy, of_columns, of_rows)
                       : mix_at_edge<SIZE>(image, column, row, job.border, of_columns, of_rows),
             job.sums + RGBX * x);
    }
    store_row(job.sums, job.width, result);
  }
}

// What the result's corners see, as real numbers: lowest and highest x and y.
void seen_by(const Matrix& back, int width, int height, Point* low, Point* high) {
  *low = *high = transform({0, 0}, back);
  for (const Point corner : {Point{width - 1.0, 0}, Point{0, height - 1.0}, Point{width - 1.0, height - 1.0}}) {
    const Point p = transform(corner, back);
    *low = {std::min(low->x, p.x), std::min(low->y, p.y)};
    *high = {std::max(high->x, p.x), std::max(high->y, p.y)};
  }
}

int whole(double value, int low, int high) {
  return static_cast<int>(std::clamp(value, static_cast<double>(low), static_cast<double>(high)));
}

// The pixels from `low` to `high` that there are, and those that mirror what there is not.
void reach(double low, double high, int length, int* begin, int* end) {
  constexpr int around = 3;  // neighbours that interpolation sees, and a rounding
  const double a = std::floor(low) - around, b = std::ceil(high) + around + 1;
  *begin = whole(std::min(a, 2.0 * length - b), 0, length);
  *end = whole(std::max(b, -a), 0, length);
}

// Means of factor x factor pixels of the area, RGBX.
template <class Sum>
void shrink_rows(const Pixels& pixels, const Rect& area, int factor, std::vector<Sum>* memory, std::uint8_t* result) {
  const int columns = area.width() / factor, rows = area.height() / factor;
  const std::ptrdiff_t count = (area.width() - 1) * pixels.dx + 3;
  memory->resize(static_cast<std::size_t>(area.width()) * pixels.dx);
  Sum* sums = memory->data();
  const float share = 1.0f / (static_cast<float>(factor) * static_cast<float>(factor));
  for (int row = 0; row < rows; ++row) {
    std::fill_n(sums, count, Sum{0});
    for (int i = 0; i < factor; ++i) {
      const std::uint8_t* line = pixels.at(area.x1, area.y1 + row * factor + i);
      for (std::ptrdiff_t k = 0; k < count; ++k) sums[k] = static_cast<Sum>(sums[k] + line[k]);
    }
    const Sum* from = sums;
    for (int column = 0; column < columns; ++column, result += RGBX) {
      std::uint32_t sum[3] = {};
      for (int i = 0; i < factor; ++i, from += pixels.dx) {
        for (int c = 0; c < 3; ++c) sum[c] += from[c];
      }
      for (int c = 0; c < 3; ++c) {
        const float mean = static_cast<float>(sum[c]) * share;
        result[c] =
            static_cast<std::uint8_t>(factor == 2 ? (sum[c] + 2) >> 2 : static_cast<std::uint32_t>(std::lrint(mean)));
      }
      result[3] = 255;
    }
  }
}

}  // namespace

void Warp::operator()(Picture& picture, const Matrix& matrix, int width, int height, Interpolation interpolation,
                      Border border, std::uint8_t* result) {
  Matrix onto = matrix;
  Pixels image;
  const double factor = 1 / std::max(scale_of(matrix), 1e-6);
  if (factor >= 2) {
    image = shrink_region(picture, &onto, width, height, static_cast<int>(factor));
  } else {
    Point low, high;
    seen_by(invert(matrix), width, height, &low, &high);
    Rect area;
    reach(low.x, high.x, picture.width(), &area.x1, &area.x2);
    reach(low.y, high.y, picture.height(), &area.y1, &area.y2);
    image = picture.read(area);
  }
  const Matrix back = invert(onto);
  right_.resize(static_cast<std::size_t>(width)), down_.resize(static_cast<std::size_t>(width));
  for (int x = 0; x < width; ++x) right_[x] = fine(back.a[0] * x), down_[x] = fine(back.a[3] * x);
  sums_of_row_.resize(static_cast<std::size_t>(width + 15) * RGBX);
  const Job job = {image,        picture.turn(),     back, width, height, border, right_.data(),
                   down_.data(), sums_of_row_.data()};
  if (interpolation == Interpolation::cubic) {
    image.dx == 3 ? warp_rows<4, 3>(job, result) : warp_rows<4, 4>(job, result);
  } else {
    image.dx == 3 ? warp_rows<2, 3>(job, result) : warp_rows<2, 4>(job, result);
  }
}

// Area-shrinks by `factor` the part of the picture that the result sees; the matrix is adapted to the shrunk part,
// which lies as the picture does.
Pixels Warp::shrink_region(Picture& picture, Matrix* matrix, int width, int height, int factor) {
  factor = std::min({factor, picture.width(), picture.height()});
  Point low, high;
  seen_by(invert(*matrix), width, height, &low, &high);
  const double margin = 3.0 * factor;
  Rect area;
  area.x1 = whole(std::floor(low.x) - margin, 0, picture.width() - factor);
  area.y1 = whole(std::floor(low.y) - margin, 0, picture.height() - factor);
  const int x2 = whole(std::ceil(high.x) + margin, factor, picture.width());
  const int y2 = whole(std::ceil(high.y) + margin, factor, picture.height());
  const int columns = std::max((x2 - area.x1) / factor, 1), rows = std::max((y2 - area.y1) / factor, 1);
  area.x2 = area.x1 + columns * factor, area.y2 = area.y1 + rows * factor;

  const Pixels& pixels = picture.read(area);
  const Rect part = picture.in_memory(area);
  shrunk_.resize(static_cast<std::size_t>(columns) * rows * RGBX);
  if (factor <= 257) {  // 257 * 255 is the most that 16 bits hold
    shrink_rows(pixels, part, factor, &sums_, shrunk_.data());
  } else {
    shrink_rows(pixels, part, factor, &large_sums_, shrunk_.data());
  }
  // shrunk pixel i covers x1 + factor * i ... x1 + factor * i + factor - 1: its centre lies (factor - 1) / 2 on
  const double f = factor;
  *matrix = compose(*matrix, {{f, 0, area.x1 + (f - 1) / 2, 0, f, area.y1 + (f - 1) / 2}});
  const int across = part.width() / factor;
  return {shrunk_.data(), across, part.height() / factor, RGBX, static_cast<std::ptrdiff_t>(across) * RGBX};
}

}  // namespace mfs
