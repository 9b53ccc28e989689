#include "frame.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "lanes.h"

namespace mfs {
namespace {

constexpr int MOST = 1 << 15;                     // pixels a side
constexpr int TILE_WIDTH = 64, TILE_HEIGHT = 16;  // pixels that are converted together, even
constexpr int LINE = 64;                          // bytes of a line of the cache
constexpr int TO_RGB_BITS = 13, FROM_RGB_BITS = 15;
constexpr int VIDEO_BITS = 5;  // of fractions in which luma and chroma of video range are added

int half_up(int length) { return (length + 1) / 2; }

std::int16_t fixed(double value, int bits) { return static_cast<std::int16_t>(std::lrint(value * (1 << bits))); }

Short8 pairs(std::int16_t even, std::int16_t odd) { return Short8{even, odd, even, odd, even, odd, even, odd}; }
Short8 two_pixels(const std::int16_t* rgb) { return Short8{rgb[0], rgb[1], rgb[2], 0, rgb[0], rgb[1], rgb[2], 0}; }

// The weighted sums of four pixels' numbers.
inline Int4 sums_of(Short8 first, Short8 second, Short8 weights) {
  const Int4 a = add_products(first, weights), b = add_products(second, weights);
  return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
}

// What chroma samples add to the luma of a row of pixels, of which SHARING have a sample in common.
template <bool IS_FULL>
class Chroma {
 public:
  explicit Chroma(const YuvWeights& weights) : weights_(weights) {}

  template <int SHARING>
  void set(const std::uint8_t* u, const std::uint8_t* v) {
    const Short8 red = pairs(0, weights_.red_v), green = pairs(weights_.green_u, weights_.green_v),
                 blue = pairs(weights_.blue_u, 0);
    for (int i = 0; i < TILE_WIDTH / SHARING; i += 8) {
      const Byte16 both = zip_low(load_half<Byte16>(u + i), load_half<Byte16>(v + i));
      const Short8 low = low8(both) - 128, high = high8(both) - 128;
      put<SHARING>(low, high, red, red_ + SHARING * i);
      put<SHARING>(low, high, green, green_ + SHARING * i);
      put<SHARING>(low, high, blue, blue_ + SHARING * i);
    }
  }

  // RGBX pixels.
  void add(const std::uint8_t* luma, std::uint8_t* rgbx) const {
    const Byte16 opaque = Byte16{} + 255;
    for (int i = 0; i < TILE_WIDTH; i += 16, rgbx += 16 * RGBX) {
      const Byte16 bytes = load<Byte16>(luma + i);
      const Short8 low = light(low8(bytes)), high = light(high8(bytes));
      const auto colour = [&](const std::int16_t* more) {
        return narrowed((low + load<Short8>(more + i)) >> BITS, (high + load<Short8>(more + i + 8)) >> BITS);
      };
      const Byte16 r = colour(red_), g = colour(green_), b = colour(blue_);
      const auto rg_low = reinterpret_cast<Short8>(zip_low(r, g)), rg_high = reinterpret_cast<Short8>(zip_high(r, g));
      const auto bx_low = reinterpret_cast<Short8>(zip_low(b, opaque)),
                 bx_high = reinterpret_cast<Short8>(zip_high(b, opaque));
      store(zip_low(rg_low, bx_low), rgbx), store(zip_high(rg_low, bx_low), rgbx + 16);
      store(zip_low(rg_high, bx_high), rgbx + 32), store(zip_high(rg_high, bx_high), rgbx + 48);
    }
  }

 private:
  // Of 8 samples, U V U V ...; rounded to a whole number, or to a fraction and half a step above it.
  template <int SHARING>
  void put(Short8 low, Short8 high, Short8 weights, std::int16_t* to) const {
    constexpr int half = HALF + (IS_FULL ? 0 : 1 << (TO_RGB_BITS - 1));
    const Short8 more =
        narrowed((add_products(low, weights) + half) >> DROP, (add_products(high, weights) + half) >> DROP);
    if constexpr (SHARING == 1) {
      store(more, to);
    } else {
      store(zip_low(more, more), to), store(zip_high(more, more), to + 8);
    }
  }

  Short8 light(Short8 luma) const {
    if constexpr (IS_FULL) return luma;
    const Short8 above = luma - 16, weight = pairs(weights_.luma, 0);
    return narrowed((add_products(zip_low(above, Short8{}), weight) + HALF) >> DROP,
                    (add_products(zip_high(above, Short8{}), weight) + HALF) >> DROP);
  }

  static constexpr int BITS = IS_FULL ? 0 : VIDEO_BITS, DROP = TO_RGB_BITS - BITS, HALF = 1 << (DROP - 1);
  const YuvWeights& weights_;
  std::int16_t red_[TILE_WIDTH] = {}, green_[TILE_WIDTH] = {}, blue_[TILE_WIDTH] = {};
};

std::uint8_t* sample_at(const Plane& plane, int x, int y) {
  return plane.data + y * plane.row_stride + static_cast<std::ptrdiff_t>(x) * plane.pixel_stride;
}

// `count` samples of a row of a plane, every `step`-th from x on, side by side.
void gather(const Plane& plane, int x, int y, int step, int count, std::uint8_t* samples) {
  const std::uint8_t* from = sample_at(plane, x, y);
  const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(step) * plane.pixel_stride;
  if (stride == 1) {
    std::memcpy(samples, from, static_cast<std::size_t>(count));
  } else if (stride == 2) {
    for (int i = 0; i < count; ++i) samples[i] = from[2 * i];
  } else {
    for (int i = 0; i < count; ++i) samples[i] = from[i * stride];
  }
}

// `count` samples that lie side by side, at the end of a row in `room`, whose rest is 0; COUNT of them can be read.
template <int COUNT>
const std::uint8_t* side_by_side(const Plane& plane, int x, int y, int count, std::uint8_t* room) {
  if (count == COUNT && plane.pixel_stride == 1) return sample_at(plane, x, y);
  gather(plane, x, y, 1, count, room);
  return room;
}

// Adds to `count` <= COUNT samples of a row, from x on.
template <int COUNT>
void add_to(const Plane& plane, int x, int y, int count, const std::int16_t* change) {
  static_assert(COUNT % 16 == 0);
  std::uint8_t room[COUNT] = {};
  const std::uint8_t* samples = side_by_side<COUNT>(plane, x, y, count, room);
  for (int i = 0; i < COUNT; i += 16) {
    const Byte16 bytes = load<Byte16>(samples + i);
    store(narrowed(low8(bytes) + load<Short8>(change + i), high8(bytes) + load<Short8>(change + i + 8)), room + i);
  }
  std::uint8_t* to = sample_at(plane, x, y);
  const std::ptrdiff_t stride = plane.pixel_stride;
  if (stride == 1) {
    std::memcpy(to, room, static_cast<std::size_t>(count));
  } else {
    for (int i = 0; i < count; ++i) to[i * stride] = room[i];
  }
}

bool holds(const Plane& plane, int width, int height, int bytes) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(width - 1) * plane.pixel_stride + bytes;
  return plane.data != nullptr && plane.pixel_stride >= bytes && (height == 1 || std::abs(plane.row_stride) >= row);
}

}  // namespace

YuvWeights::YuvWeights(YuvRange range, YuvMatrix matrix) : is_full(range == YuvRange::full) {
  const bool is_601 = matrix == YuvMatrix::bt601;
  const double red = is_601 ? 0.299 : 0.2126, blue = is_601 ? 0.114 : 0.0722, green = 1 - red - blue;  // of luma
  const double luma_steps = is_full ? 255 : 219, chroma_steps = is_full ? 255 : 224;
  const double v = 2 * (1 - red) * 255 / chroma_steps, u = 2 * (1 - blue) * 255 / chroma_steps;
  luma = fixed(255 / luma_steps, TO_RGB_BITS);
  red_v = fixed(v, TO_RGB_BITS), blue_u = fixed(u, TO_RGB_BITS);
  green_u = fixed(-blue / green * u, TO_RGB_BITS), green_v = fixed(-red / green * v, TO_RGB_BITS);
  const double rgb[3] = {red, green, blue};
  for (int c = 0; c < 3; ++c) {
    to_y[c] = fixed(rgb[c] * luma_steps / 255, FROM_RGB_BITS);
    to_u[c] = fixed(((c == 2) - rgb[c]) / u, FROM_RGB_BITS), to_v[c] = fixed(((c == 0) - rgb[c]) / v, FROM_RGB_BITS);
  }
}

Frame Frame::rgb(RgbView picture) {
  Frame frame;
  frame.format = PixelFormat::rgb;
  frame.width = picture.width, frame.height = picture.height;
  frame.planes[0] = {picture.data, picture.stride, 3};
  return frame;
}

Frame Frame::rgba(std::uint8_t* data, int width, int height, std::ptrdiff_t row_stride) {
  Frame frame;
  frame.format = PixelFormat::rgba;
  frame.width = width, frame.height = height;
  frame.planes[0] = {data, row_stride, 4};
  return frame;
}

Frame Frame::nv21(std::uint8_t* y, std::ptrdiff_t y_stride, std::uint8_t* vu, std::ptrdiff_t vu_stride, int width,
                  int height) {
  return yuv420({y, y_stride, 1}, {vu == nullptr ? vu : vu + 1, vu_stride, 2}, {vu, vu_stride, 2}, width, height);
}

Frame Frame::yuv420(Plane y, Plane u, Plane v, int width, int height) {
  Frame frame;
  frame.format = PixelFormat::yuv420;
  frame.width = width, frame.height = height;
  frame.planes[0] = y, frame.planes[1] = u, frame.planes[2] = v;
  return frame;
}

Status check_frame(const Frame& frame) {
  const std::string size = std::to_string(frame.width) + " x " + std::to_string(frame.height);
  if (frame.width < 1 || frame.height < 1 || frame.width > MOST || frame.height > MOST) {
    return {"frame: its size is " + size + " pixels; give 1 to " + std::to_string(MOST) + " a side"};
  }
  if (frame.rotation != 0 && frame.rotation != 90 && frame.rotation != 180 && frame.rotation != 270) {
    return {"frame: a rotation of " + std::to_string(frame.rotation) + " degrees; give 0, 90, 180 or 270"};
  }
  bool fits = false;
  switch (frame.format) {
    case PixelFormat::rgb:
      fits = holds(frame.planes[0], frame.width, frame.height, 3);
      break;
    case PixelFormat::rgba:
      fits = holds(frame.planes[0], frame.width, frame.height, 4);
      break;
    case PixelFormat::yuv420:
      fits = holds(frame.planes[0], frame.width, frame.height, 1);
      for (int i = 1; i < 3; ++i) fits = fits && holds(frame.planes[i], half_up(frame.width), half_up(frame.height), 1);
      break;
  }
  if (!fits)
    return {"frame: a plane is missing, or its strides do not hold " + size + " pixels; check planes and strides"};
  return {};
}

void Picture::set(const Frame& frame) {
  frame_ = frame;
  // clockwise by 90 degrees, memory's columns are upright rows and its last row the first upright column; and so on
  turn_.is_swapped = frame.rotation % 180 != 0;
  turn_.from_right = frame.rotation == 180 || frame.rotation == 270;
  turn_.from_bottom = frame.rotation == 90 || frame.rotation == 180;
  if (frame.mirrored) (turn_.is_swapped ? turn_.from_bottom : turn_.from_right) ^= true;
  const double x = turn_.from_right ? -1 : 1, y = turn_.from_bottom ? -1 : 1;
  const double right = turn_.from_right ? frame.width - 1 : 0, bottom = turn_.from_bottom ? frame.height - 1 : 0;
  to_upright_ = turn_.is_swapped ? Matrix{{0, y, bottom, x, 0, right}} : Matrix{{x, 0, right, 0, y, bottom}};

  pixels_ = {frame.planes[0].data, frame.width, frame.height, frame.planes[0].pixel_stride, frame.planes[0].row_stride};
  if (frame.format == PixelFormat::yuv420) {
    // rows an odd number of cache lines apart: else a column of them meets in a few places of the cache
    const std::ptrdiff_t row = ((frame.width * RGBX + LINE - 1) / LINE | 1) * LINE;
    rgb_.resize(static_cast<std::size_t>(row) * frame.height);
    yuv_ = YuvWeights(frame.range, frame.matrix);
    tiles_across_ = (frame.width + TILE_WIDTH - 1) / TILE_WIDTH;
    converted_.assign(static_cast<std::size_t>(tiles_across_) * ((frame.height + TILE_HEIGHT - 1) / TILE_HEIGHT), 0);
    pixels_.data = rgb_.data(), pixels_.dx = RGBX, pixels_.dy = row;
  }
}

Rect Picture::in_memory(const Rect& area) const {
  Rect lying = turn_.is_swapped ? Rect{area.y1, area.x1, area.y2, area.x2} : area;
  if (turn_.from_right) lying = {frame_.width - lying.x2, lying.y1, frame_.width - lying.x1, lying.y2};
  if (turn_.from_bottom) lying = {lying.x1, frame_.height - lying.y2, lying.x2, frame_.height - lying.y1};
  return lying;
}

const Pixels& Picture::read(const Rect& area) { return read_lying(in_memory(within(area, width(), height()))); }

const Pixels& Picture::read_lying(const Rect& area) {
  if (frame_.format == PixelFormat::yuv420 && !area.is_empty()) convert(area);
  return pixels_;
}

void Picture::convert(const Rect& area) {
  for (int row = area.y1 / TILE_HEIGHT; row <= (area.y2 - 1) / TILE_HEIGHT; ++row) {
    for (int column = area.x1 / TILE_WIDTH; column <= (area.x2 - 1) / TILE_WIDTH; ++column) {
      std::uint8_t& is_converted = converted_[static_cast<std::size_t>(row) * tiles_across_ + column];
      if (is_converted) continue;
      is_converted = 1;
      const int x1 = column * TILE_WIDTH, y1 = row * TILE_HEIGHT;
      const Rect tile = within({x1, y1, x1 + TILE_WIDTH, y1 + TILE_HEIGHT}, frame_.width, frame_.height);
      yuv_.is_full ? convert_tile<true>(tile) : convert_tile<false>(tile);
    }
  }
}

template <bool IS_FULL>
void Picture::convert_tile(const Rect& tile) {
  const int width = tile.width();
  std::uint8_t u[TILE_WIDTH] = {}, v[TILE_WIDTH] = {}, luma[TILE_WIDTH] = {}, rgbx[TILE_WIDTH * RGBX];
  Chroma<IS_FULL> chroma(yuv_);
  for (int y = tile.y1; y < tile.y2; ++y) {
    if (y % 2 == 0) {
      gather(frame_.planes[1], tile.x1 / 2, y / 2, 1, half_up(width), u);
      gather(frame_.planes[2], tile.x1 / 2, y / 2, 1, half_up(width), v);
      chroma.template set<2>(u, v);
    }
    const std::uint8_t* row = side_by_side<TILE_WIDTH>(frame_.planes[0], tile.x1, y, width, luma);
    chroma.add(row, width == TILE_WIDTH ? pixels_.at(tile.x1, y) : rgbx);
    if (width < TILE_WIDTH) std::memcpy(pixels_.at(tile.x1, y), rgbx, static_cast<std::size_t>(width) * RGBX);
  }
}

void Picture::sample(int step, std::uint8_t* rgb) const {
  // rows of memory, one after the other, and where their pixels go
  const std::ptrdiff_t columns = (width() + step - 1) / step;
  const std::ptrdiff_t right = turn_.is_swapped ? 3 * columns : 3, down = turn_.is_swapped ? 3 : 3 * columns;
  const int across = (frame_.width + step - 1) / step, rows = (frame_.height + step - 1) / step;
  const int first_x = turn_.from_right ? (frame_.width - 1) % step : 0,
            first_y = turn_.from_bottom ? (frame_.height - 1) % step : 0;
  for (int row = 0; row < rows; ++row) {
    const int y = first_y + row * step;
    std::uint8_t* to =
        rgb + (turn_.from_bottom ? rows - 1 - row : row) * down + (turn_.from_right ? across - 1 : 0) * right;
    for (int begin = 0; begin < across; begin += TILE_WIDTH) {
      const int count = std::min(TILE_WIDTH, across - begin), x = first_x + begin * step;
      std::uint8_t rgbx[TILE_WIDTH * RGBX];
      sample_row(x, y, step, count, rgbx);
      for (int i = 0; i < count; ++i, to += turn_.from_right ? -right : right) std::memcpy(to, rgbx + i * RGBX, 3);
    }
  }
}

// RGBX of every `step`-th pixel from (x, y) on, `count` <= TILE_WIDTH of them.
void Picture::sample_row(int x, int y, int step, int count, std::uint8_t* rgbx) const {
  if (frame_.format != PixelFormat::yuv420) {
    for (int i = 0; i < count; ++i) std::memcpy(rgbx + i * RGBX, pixels_.at(x + i * step, y), 3);
    return;
  }
  std::uint8_t u[TILE_WIDTH] = {}, v[TILE_WIDTH] = {}, luma[TILE_WIDTH] = {};
  const std::uint8_t *ys = sample_at(frame_.planes[0], 0, y), *us = sample_at(frame_.planes[1], 0, y / 2),
                     *vs = sample_at(frame_.planes[2], 0, y / 2);
  const std::ptrdiff_t y_step = frame_.planes[0].pixel_stride, u_step = frame_.planes[1].pixel_stride,
                       v_step = frame_.planes[2].pixel_stride;
  std::ptrdiff_t column = x;
  for (int i = 0; i < count; ++i, column += step) {
    luma[i] = ys[column * y_step], u[i] = us[(column >> 1) * u_step], v[i] = vs[(column >> 1) * v_step];
  }
  const auto convert = [&](auto chroma) {
    chroma.template set<1>(u, v);
    chroma.add(luma, rgbx);
  };
  yuv_.is_full ? convert(Chroma<true>(yuv_)) : convert(Chroma<false>(yuv_));
}

std::uint8_t* Picture::begin_block(int x, int y) {
  block_x_ = x, block_y_ = y;
  const Rect block = within({x, y, x + BLOCK, y + 2}, frame_.width, frame_.height);
  read_lying(block);
  if (block.width() < BLOCK || block.height() < 2) std::memset(block_, 0, sizeof block_);
  for (int row = 0; row < block.height(); ++row) {
    std::uint8_t* to = block_ + row * BLOCK * RGBX;
    if (pixels_.dx == RGBX) {
      std::memcpy(to, pixels_.at(x, y + row), static_cast<std::size_t>(block.width()) * RGBX);
    } else {
      for (int i = 0; i < block.width(); ++i) std::memcpy(to + i * RGBX, pixels_.at(x + i, y + row), 3);
    }
  }
  return block_;
}

void Picture::end_block() {
  const Rect block = within({block_x_, block_y_, block_x_ + BLOCK, block_y_ + 2}, frame_.width, frame_.height);
  Change change = {};
  for (int row = 0; row < block.height(); ++row) {
    std::uint8_t *at = pixels_.at(block.x1, block.y1 + row), *after = block_ + row * BLOCK * RGBX;
    const std::size_t bytes = static_cast<std::size_t>(block.width()) * RGBX;
    if (frame_.format == PixelFormat::yuv420) {
      std::uint8_t room[BLOCK * RGBX] = {};
      const std::uint8_t* before = at;
      if (block.width() < BLOCK) before = static_cast<std::uint8_t*>(std::memcpy(room, at, bytes));
      for (int k = 0; k < BLOCK * RGBX; k += 16) {
        const Byte16 a = load<Byte16>(after + k), b = load<Byte16>(before + k);
        store(low8(a) - low8(b), change[row] + k), store(high8(a) - high8(b), change[row] + k + 8);
      }
    }
    if (pixels_.dx == RGBX) {
      std::memcpy(at, after, bytes);
    } else {
      for (int i = 0; i < block.width(); ++i) std::memcpy(at + i * pixels_.dx, after + i * RGBX, 3);
    }
  }
  if (frame_.format != PixelFormat::yuv420) return;
  for (int row = 0; row < block.height(); ++row) add_luma(change[row], block.y1 + row);
  // the last sample of an odd side is of the pixels that there are
  if (block.height() == 1) std::memcpy(change[1], change[0], sizeof change[0]);
  if (const int count = block.width(); count % 2 != 0) {
    for (auto& row : change) std::memcpy(row + count * RGBX, row + (count - 1) * RGBX, 2 * RGBX);
  }
  add_chroma(change);
}

// Adds a row's change of red, green and blue to Y.
void Picture::add_luma(const std::int16_t* change, int row) {
  const Short8 weights = two_pixels(yuv_.to_y);
  constexpr int half = 1 << (FROM_RGB_BITS - 1);
  std::int16_t luma[BLOCK];
  for (int x = 0; x < BLOCK; x += 8) {
    const std::int16_t* from = change + x * RGBX;
    const Int4 low = sums_of(load<Short8>(from), load<Short8>(from + 8), weights),
               high = sums_of(load<Short8>(from + 16), load<Short8>(from + 24), weights);
    store(narrowed((low + half) >> FROM_RGB_BITS, (high + half) >> FROM_RGB_BITS), luma + x);
  }
  add_to<BLOCK>(frame_.planes[0], block_x_, row, std::min(BLOCK, frame_.width - block_x_), luma);
}

void Picture::add_chroma(const Change& change) {
  const Short8 weights[2] = {two_pixels(yuv_.to_u), two_pixels(yuv_.to_v)};
  constexpr int bits = FROM_RGB_BITS + 2, half = 1 << (bits - 1);  // of sums over four pixels
  std::int16_t chroma[2][BLOCK / 2];
  for (int x = 0; x < BLOCK / 2; x += 8) {
    Short8 sums[4];  // of two samples each
    for (int i = 0; i < 4; ++i) {
      const int k = (2 * x + 4 * i) * RGBX;
      const Short8 a = load<Short8>(change[0] + k) + load<Short8>(change[1] + k);
      const Short8 b = load<Short8>(change[0] + k + 8) + load<Short8>(change[1] + k + 8);
      sums[i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) +
                __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (int plane = 0; plane < 2; ++plane) {
      const Int4 low = sums_of(sums[0], sums[1], weights[plane]), high = sums_of(sums[2], sums[3], weights[plane]);
      store(narrowed((low + half) >> bits, (high + half) >> bits), chroma[plane] + x);
    }
  }
  const int count = half_up(std::min(BLOCK, frame_.width - block_x_));
  for (int plane = 0; plane < 2; ++plane) {
    add_to<BLOCK / 2>(frame_.planes[plane + 1], block_x_ / 2, block_y_ / 2, count, chroma[plane]);
  }
}

}  // namespace mfs
