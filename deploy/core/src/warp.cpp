#include "warp.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "lanes.h"
#include "taps.h"

namespace mfs {
namespace {

constexpr int FINE_BITS = 10;                          // of the places before they are rounded to 1/32 pixel
constexpr int FINE_STEP_BITS = FINE_BITS - STEP_BITS;  // of such a place in a step of 1/32 pixel
constexpr int LANES = 4;                               // pixels that are computed together
constexpr int STRIP = 32;                              // columns of the result

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

// A row of SIZE pixels of three or four bytes that lie side by side; of three, the fourth number means nothing.
template <int SIZE, int BYTES>
inline Byte16 load_pixels(const std::uint8_t* pixels) {
  static_assert((SIZE == 2 || SIZE == 4) && (BYTES == 3 || BYTES == 4));
  if constexpr (BYTES == 4) {
    return SIZE == 4 ? load<Byte16>(pixels) : load_half<Byte16>(pixels);
  } else {
    const auto at = [pixels](int i) { return load<std::uint32_t>(pixels + 3 * i); };
    const std::uint32_t last = load<std::uint32_t>(pixels + 3 * SIZE - 4) >> 8;  // nothing is read beyond it
    return reinterpret_cast<Byte16>(SIZE == 4 ? Word4{at(0), at(1), at(2), last} : Word4{at(0), last, 0, 0});
  }
}

// The weighted sum of SIZE x SIZE pixels, rounded.
template <int SIZE, int BYTES>
inline Int4 mix(const std::uint8_t* from, std::ptrdiff_t dy, const std::int16_t* weights) {
  Int4 sum = Int4{} + WEIGHT / 2;
  if constexpr (SIZE == 2) {
    const Byte16 upper = load_pixels<2, BYTES>(from), lower = load_pixels<2, BYTES>(from + dy);
    sum = add_weighted<0>(sum, low8(upper), low8(lower), load_half<Short8>(weights));
  } else {
    for (int i = 0; i < SIZE; i += 2, from += 2 * dy, weights += 2 * SIZE) {
      sum = add_weighted(sum, load_pixels<4, BYTES>(from), load_pixels<4, BYTES>(from + dy), load<Short8>(weights));
    }
  }
  return sum >> WEIGHT_BITS;
}

// The same of any pixels, also where some of them lie outside.
template <int SIZE>
Int4 mix_at_edge(const Pixels& image, int x, int y, Border border, const std::int16_t* weights) {
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
  return mix<SIZE, RGBX>(around, SIZE * RGBX, weights);
}

// Up to four pixels, three bytes each. Nothing is written beyond them.
inline void store_pixels(const Int4* pixels, int count, std::uint8_t* result) {
  std::uint32_t each[LANES];
  store(narrowed(narrowed(pixels[0], pixels[1]), narrowed(pixels[2], pixels[3])), each);
  for (int i = 0; i < count - 1; ++i) std::memcpy(result + 3 * i, each + i, 4);  // the next one overwrites the fourth
  std::memcpy(result + 3 * (count - 1), each + count - 1, 3);
}

// What stays the same over the rows of a result.
struct Job {
  const Pixels& image;
  const Turn& turn;
  const Matrix& back;
  int width, height;
  Border border;
  const int *right, *down;  // see Warp; room for a multiple of four
};

// Along an axis of the memory, what an upright place there is: in 1/32 pixels, as `sign` times the place in 1/1024
// pixels (that is rounded down) plus `shift`.
struct Axis {
  int sign, shift;
  Axis(bool is_backward, int length)
      : sign(is_backward ? -1 : 1), shift(is_backward ? (1 << FINE_STEP_BITS) - 1 + ((length - 1) << FINE_BITS) : 0) {}
};

template <int SIZE, int BYTES>
void warp_rows(const Job& job, std::uint8_t* result) {
  constexpr int first = SIZE / 2 - 1, rounding = 1 << (FINE_STEP_BITS - 1);
  const Pixels image = job.image;
  const Taps<SIZE>& weights = taps<SIZE>();
  const Axis along_x(job.turn.from_right, image.width), along_y(job.turn.from_bottom, image.height);
  const bool is_swapped = job.turn.is_swapped;
  const int *to_x = is_swapped ? job.down : job.right, *to_y = is_swapped ? job.right : job.down;
  const int most_x = image.dx == BYTES ? image.width - SIZE : -1, most_y = image.height - SIZE;
  // in strips of a few columns: a picture that lies on its side is then read along its rows
  for (int begin = 0; begin < job.width; begin += STRIP) {
    const int end = std::min(begin + STRIP, job.width);
    for (int y = 0; y < job.height; ++y) {
      const int across = fine(job.back.a[1] * y + job.back.a[2]) + rounding,
                along = fine(job.back.a[4] * y + job.back.a[5]) + rounding;
      const int x0 = along_x.sign * (is_swapped ? along : across) + along_x.shift,
                y0 = along_y.sign * (is_swapped ? across : along) + along_y.shift;
      for (int x = begin; x < end; x += LANES) {
        const Int4 u = x0 + along_x.sign * load<Int4>(to_x + x), v = y0 + along_y.sign * load<Int4>(to_y + x);
        const Int4 columns = (u >> FINE_BITS) - first, rows = (v >> FINE_BITS) - first;
        const Int4 places = ((v >> FINE_STEP_BITS) & (STEPS - 1)) << STEP_BITS | ((u >> FINE_STEP_BITS) & (STEPS - 1));
        const bool are_inside =
            is_all(reinterpret_cast<Long2>((columns >= 0) & (rows >= 0) & (columns <= most_x) & (rows <= most_y)));
        int column[LANES], row[LANES], place[LANES];
        store(columns, column), store(rows, row), store(places, place);
        Int4 sums[LANES];
        for (int i = 0; i < LANES; ++i) {
          const bool is_inside =
              are_inside || (column[i] >= 0 && row[i] >= 0 && column[i] <= most_x && row[i] <= most_y);
          const std::int16_t* weight = weights.at[place[i]];
          sums[i] = is_inside ? mix<SIZE, BYTES>(image.data + row[i] * image.dy + column[i] * BYTES, image.dy, weight)
                              : mix_at_edge<SIZE>(image, column[i], row[i], job.border, weight);
        }
        store_pixels(sums, std::min(LANES, end - x), result + 3 * (static_cast<std::ptrdiff_t>(y) * job.width + x));
      }
    }
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

// The sums of `rows` rows of `count` bytes each.
template <class Sum>
void add_rows(const std::uint8_t* from, std::ptrdiff_t dy, int rows, std::ptrdiff_t count, Sum* sums) {
  std::ptrdiff_t k = 0;
  if constexpr (sizeof(Sum) == 2) {
    for (; k + 16 <= count; k += 16) {
      UShort8 low = {}, high = {};
      for (int i = 0; i < rows; ++i) {
        const Byte16 bytes = load<Byte16>(from + i * dy + k);
        low += reinterpret_cast<UShort8>(low8(bytes)), high += reinterpret_cast<UShort8>(high8(bytes));
      }
      store(low, sums + k), store(high, sums + k + 8);
    }
  }
  for (; k < count; ++k) {
    sums[k] = 0;
    for (int i = 0; i < rows; ++i) sums[k] = static_cast<Sum>(sums[k] + from[i * dy + k]);
  }
}

inline Int4 four(const std::uint16_t* numbers) { return low4(load_half<Short8>(numbers)); }
inline Int4 four(const std::uint32_t* numbers) { return load<Int4>(numbers); }

// Means of factor x factor pixels of a part of the picture as it lies in memory, RGBX.
template <class Sum>
void shrink_rows(Picture& picture, const Rect& part, int factor, std::vector<Sum>* memory, std::uint8_t* result) {
  const Pixels& pixels = picture.pixels();
  const int columns = part.width() / factor, rows = part.height() / factor;
  const std::ptrdiff_t count = (part.width() - 1) * pixels.dx + 3;
  memory->resize(static_cast<std::size_t>(part.width()) * pixels.dx + LANES);  // four numbers are read of three
  Sum* sums = memory->data();
  const float share = 1.0f / (static_cast<float>(factor) * static_cast<float>(factor));
  for (int row = 0; row < rows; ++row) {
    const int y = part.y1 + row * factor;
    picture.read_lying({part.x1, y, part.x2, y + factor});  // row by row, while they are in the cache
    add_rows(pixels.at(part.x1, y), pixels.dy, factor, count, sums);
    const Sum* from = sums;
    for (int column = 0; column < columns; ++column, result += RGBX) {
      Int4 sum = {};
      for (int i = 0; i < factor; ++i, from += pixels.dx) sum += four(from);
      const Int4 mean = factor == 2 ? (sum + 2) >> 2 : rounded(floats(sum) * share);
      const Byte16 bytes = narrowed(narrowed(mean, mean), Short8{});
      std::memcpy(result, &bytes, RGBX);
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
  const std::size_t padded = static_cast<std::size_t>(width + LANES - 1) / LANES * LANES;
  right_.resize(padded), down_.resize(padded);
  for (int x = 0; x < width; ++x) right_[x] = fine(back.a[0] * x), down_[x] = fine(back.a[3] * x);
  const Job job = {image, picture.turn(), back, width, height, border, right_.data(), down_.data()};
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

  const Rect part = picture.in_memory(area);
  shrunk_.resize(static_cast<std::size_t>(columns) * rows * RGBX);
  if (factor <= 257) {  // 257 * 255 is the most that 16 bits hold
    shrink_rows(picture, part, factor, &sums_, shrunk_.data());
  } else {
    shrink_rows(picture, part, factor, &large_sums_, shrunk_.data());
  }
  // shrunk pixel i covers x1 + factor * i ... x1 + factor * i + factor - 1: its centre lies (factor - 1) / 2 on
  const double f = factor;
  *matrix = compose(*matrix, {{f, 0, area.x1 + (f - 1) / 2, 0, f, area.y1 + (f - 1) / 2}});
  const int across = part.width() / factor;
  return {shrunk_.data(), across, part.height() / factor, RGBX, static_cast<std::ptrdiff_t>(across) * RGBX};
}

}  // namespace mfs
