#include "frame.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace mfs {
namespace {

constexpr int MOST = 1 << 15;                                 // pixels a side
constexpr int TILE_WIDTH = 64, TILE_HEIGHT = 16;              // pixels that are converted together, even
constexpr int RGBX = 4;                                       // bytes a pixel of a converted frame
constexpr float RED = 0.299f, GREEN = 0.587f, BLUE = 0.114f;  // luma of ITU-R BT.601

int half_up(int length) { return (length + 1) / 2; }

std::int16_t to_byte(std::int16_t value) {
  value = value < 0 ? std::int16_t{0} : value;
  return value > 255 ? std::int16_t{255} : value;
}

// Nearest whole number, halves to even as OpenCV rounds: adding 1.5 * 2^23 leaves no room for fractions.
float rounded(float value) {
  constexpr float whole = 12582912.0f;
  return (value + whole) - whole;
}

std::uint8_t to_sample(float value) {
  return static_cast<std::uint8_t>(to_byte(static_cast<std::int16_t>(static_cast<int>(rounded(value)))));
}

// What chroma samples add to the luma of a row of pixels, of which SHARING have a sample in common.
struct Chroma {
  std::int16_t red[TILE_WIDTH], green[TILE_WIDTH], blue[TILE_WIDTH];

  template <int SHARING>
  void set(const std::uint8_t* u, const std::uint8_t* v) {
    for (int i = 0; i < TILE_WIDTH / SHARING; ++i) {
      const float b = (2 - 2 * BLUE) * static_cast<float>(u[i] - 128),
                  r = (2 - 2 * RED) * static_cast<float>(v[i] - 128);
      const float g = -RED / GREEN * r - BLUE / GREEN * b;
      for (int k = 0; k < SHARING; ++k) {
        red[SHARING * i + k] = static_cast<std::int16_t>(rounded(r));
        green[SHARING * i + k] = static_cast<std::int16_t>(rounded(g));
        blue[SHARING * i + k] = static_cast<std::int16_t>(rounded(b));
      }
    }
  }

  // RGBX pixels; two bytes at once, the low one first.
  void add(const std::uint8_t* luma, std::uint16_t* pairs) const {
    for (int i = 0; i < TILE_WIDTH; ++i) {
      const auto r = static_cast<std::int16_t>(luma[i] + red[i]), g = static_cast<std::int16_t>(luma[i] + green[i]);
      const auto b = static_cast<std::int16_t>(luma[i] + blue[i]);
      pairs[2 * i] = static_cast<std::uint16_t>(to_byte(r) | to_byte(g) << 8);
      pairs[2 * i + 1] = static_cast<std::uint16_t>(to_byte(b) | 0xff00);
    }
  }
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

// Adds to `count` <= TILE_WIDTH samples of a row, from x on.
void add_to(const Plane& plane, int x, int y, int count, const float* change) {
  std::uint8_t samples[TILE_WIDTH] = {};
  gather(plane, x, y, 1, count, samples);
  for (int i = 0; i < TILE_WIDTH; ++i) samples[i] = to_sample(static_cast<float>(samples[i]) + change[i]);
  std::uint8_t* to = sample_at(plane, x, y);
  const std::ptrdiff_t stride = plane.pixel_stride;
  if (stride == 1) {
    std::memcpy(to, samples, static_cast<std::size_t>(count));
  } else {
    for (int i = 0; i < count; ++i) to[i * stride] = samples[i];
  }
}

bool holds(const Plane& plane, int width, int height, int bytes) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(width - 1) * plane.pixel_stride + bytes;
  return plane.data != nullptr && plane.pixel_stride >= bytes && (height == 1 || std::abs(plane.row_stride) >= row);
}

}  // namespace

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
    rgb_.resize(static_cast<std::size_t>(frame.width) * frame.height * RGBX);
    before_.resize(2 * static_cast<std::size_t>(frame.width) * RGBX);
    change_.reserve(3 * (static_cast<std::size_t>(frame.width) + TILE_WIDTH));
    tiles_across_ = (frame.width + TILE_WIDTH - 1) / TILE_WIDTH;
    converted_.assign(static_cast<std::size_t>(tiles_across_) * ((frame.height + TILE_HEIGHT - 1) / TILE_HEIGHT), 0);
    pixels_.data = rgb_.data(), pixels_.dx = RGBX, pixels_.dy = static_cast<std::ptrdiff_t>(frame.width) * RGBX;
  }
}

Rect Picture::in_memory(const Rect& area) const {
  Rect lying = turn_.is_swapped ? Rect{area.y1, area.x1, area.y2, area.x2} : area;
  if (turn_.from_right) lying = {frame_.width - lying.x2, lying.y1, frame_.width - lying.x1, lying.y2};
  if (turn_.from_bottom) lying = {lying.x1, frame_.height - lying.y2, lying.x2, frame_.height - lying.y1};
  return lying;
}

const Pixels& Picture::read(const Rect& area) {
  const Rect seen = in_memory(within(area, width(), height()));
  if (frame_.format == PixelFormat::yuv420 && !seen.is_empty()) convert(seen);
  return pixels_;
}

void Picture::convert(const Rect& area) {
  for (int row = area.y1 / TILE_HEIGHT; row <= (area.y2 - 1) / TILE_HEIGHT; ++row) {
    for (int column = area.x1 / TILE_WIDTH; column <= (area.x2 - 1) / TILE_WIDTH; ++column) {
      std::uint8_t& is_converted = converted_[static_cast<std::size_t>(row) * tiles_across_ + column];
      if (is_converted) continue;
      is_converted = 1;
      const int x1 = column * TILE_WIDTH, y1 = row * TILE_HEIGHT;
      convert_tile(within({x1, y1, x1 + TILE_WIDTH, y1 + TILE_HEIGHT}, frame_.width, frame_.height));
    }
  }
}

void Picture::convert_tile(const Rect& tile) {
  const int width = tile.width();
  // whole rows of a tile in local memory, so that compilers make vectors of the loops
  std::uint8_t u[TILE_WIDTH] = {}, v[TILE_WIDTH] = {}, luma[TILE_WIDTH] = {};
  std::uint16_t pairs[2 * TILE_WIDTH];
  Chroma chroma;
  for (int y = tile.y1; y < tile.y2; ++y) {
    if (y % 2 == 0) {
      gather(frame_.planes[1], tile.x1 / 2, y / 2, 1, half_up(width), u);
      gather(frame_.planes[2], tile.x1 / 2, y / 2, 1, half_up(width), v);
      chroma.set<2>(u, v);
    }
    gather(frame_.planes[0], tile.x1, y, 1, width, luma);
    chroma.add(luma, pairs);
    std::memcpy(pixels_.at(tile.x1, y), pairs, static_cast<std::size_t>(width) * RGBX);
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
      std::uint16_t pairs[2 * TILE_WIDTH];
      sample_row(x, y, step, count, pairs);
      for (int i = 0; i < count; ++i, to += turn_.from_right ? -right : right) {
        to[0] = static_cast<std::uint8_t>(pairs[2 * i]), to[1] = static_cast<std::uint8_t>(pairs[2 * i] >> 8);
        to[2] = static_cast<std::uint8_t>(pairs[2 * i + 1]);
      }
    }
  }
}

// RGBX of every `step`-th pixel from (x, y) on, `count` <= TILE_WIDTH of them.
void Picture::sample_row(int x, int y, int step, int count, std::uint16_t* pairs) const {
  if (frame_.format != PixelFormat::yuv420) {
    for (int i = 0; i < count; ++i) {
      const std::uint8_t* p = pixels_.at(x + i * step, y);
      pairs[2 * i] = static_cast<std::uint16_t>(p[0] | p[1] << 8), pairs[2 * i + 1] = p[2];
    }
    return;
  }
  std::uint8_t u[TILE_WIDTH] = {}, v[TILE_WIDTH] = {}, luma[TILE_WIDTH] = {};
  gather(frame_.planes[0], x, y, step, count, luma);
  const std::uint8_t *us = sample_at(frame_.planes[1], 0, y / 2), *vs = sample_at(frame_.planes[2], 0, y / 2);
  for (int i = 0; i < count; ++i) {
    const std::ptrdiff_t column = (x + i * step) / 2;
    u[i] = us[column * frame_.planes[1].pixel_stride], v[i] = vs[column * frame_.planes[2].pixel_stride];
  }
  Chroma chroma;
  chroma.set<1>(u, v);
  chroma.add(luma, pairs);
}

Picture::Rows Picture::begin_rows(int y, int x1, int x2) {
  row_ = y, from_ = x1, to_ = x2;
  const bool has_second = y + 1 < frame_.height;
  const Rows rows = {{pixels_.at(x1, y), has_second ? pixels_.at(x1, y + 1) : nullptr}};
  if (frame_.format == PixelFormat::yuv420) {
    convert({x1, y, x2, y + 1});
    const std::size_t bytes = static_cast<std::size_t>(x2 - x1) * RGBX;
    std::memcpy(before_.data(), rows.row[0], bytes);
    std::memcpy(before_.data() + bytes, rows.row[has_second ? 1 : 0], bytes);
  }
  return rows;
}

void Picture::end_rows() {
  if (frame_.format != PixelFormat::yuv420) return;
  const int count = to_ - from_, rows = row_ + 1 < frame_.height ? 2 : 1;
  const std::size_t bytes = static_cast<std::size_t>(count) * RGBX;
  const std::uint8_t* after[2];
  bool is_changed = false;
  for (int i = 0; i < 2; ++i) {  // of a last row without a second one the chroma is that row's own
    after[i] = pixels_.at(from_, row_ + std::min(i, rows - 1));
    is_changed = is_changed || std::memcmp(after[i], before_.data() + i * bytes, bytes) != 0;
  }
  if (!is_changed) return;
  change_.assign(static_cast<std::size_t>((to_ - from_ + TILE_WIDTH - 1) / TILE_WIDTH) * 3 * TILE_WIDTH, 0);
  for (int i = 0; i < 2; ++i) {
    add_luma(after[i], before_.data() + i * bytes, i < rows ? row_ + i : -1);
  }
  add_chroma();
}

// Adds a row's change to Y (row < 0: nowhere) and to `change_`.
void Picture::add_luma(const std::uint8_t* after, const std::uint8_t* before, int row) {
  for (int begin = from_; begin < to_; begin += TILE_WIDTH, after += TILE_WIDTH * RGBX, before += TILE_WIDTH * RGBX) {
    const int count = std::min(TILE_WIDTH, to_ - begin);
    const std::size_t bytes = static_cast<std::size_t>(count) * RGBX;
    if (std::memcmp(after, before, bytes) == 0) continue;
    std::uint32_t a[TILE_WIDTH] = {}, b[TILE_WIDTH] = {};  // red is the lowest byte
    float change[TILE_WIDTH];
    std::memcpy(a, after, bytes), std::memcpy(b, before, bytes);
    std::int16_t* sum = change_.data() + 3 * (begin - from_);  // of a tile's red, green, blue
    for (int i = 0; i < TILE_WIDTH; ++i) {
      const int r = static_cast<int>(a[i] & 255) - static_cast<int>(b[i] & 255);
      const int g = static_cast<int>(a[i] >> 8 & 255) - static_cast<int>(b[i] >> 8 & 255);
      const int bl = static_cast<int>(a[i] >> 16 & 255) - static_cast<int>(b[i] >> 16 & 255);
      sum[i] = static_cast<std::int16_t>(sum[i] + r);
      sum[TILE_WIDTH + i] = static_cast<std::int16_t>(sum[TILE_WIDTH + i] + g);
      sum[2 * TILE_WIDTH + i] = static_cast<std::int16_t>(sum[2 * TILE_WIDTH + i] + bl);
      change[i] = RED * static_cast<float>(r) + GREEN * static_cast<float>(g) + BLUE * static_cast<float>(bl);
    }
    if (row >= 0) add_to(frame_.planes[0], begin, row, count, change);
  }
}

void Picture::add_chroma() {
  for (int begin = from_; begin < to_; begin += TILE_WIDTH) {
    const int count = std::min(TILE_WIDTH, to_ - begin);
    std::int16_t* sum = change_.data() + 3 * (begin - from_);
    if (std::all_of(sum, sum + 3 * TILE_WIDTH, [](std::int16_t value) { return value == 0; })) continue;
    if (count % 2 != 0) {  // the last sample of an odd side is one pixel's
      for (int c = 0; c < 3; ++c) sum[c * TILE_WIDTH + count] = sum[c * TILE_WIDTH + count - 1];
    }
    float u[TILE_WIDTH] = {}, v[TILE_WIDTH] = {};
    for (int i = 0; i < TILE_WIDTH / 2; ++i) {
      const std::int16_t* pair = sum + 2 * i;
      const float r = 0.25f * static_cast<float>(pair[0] + pair[1]);
      const float g = 0.25f * static_cast<float>(pair[TILE_WIDTH] + pair[TILE_WIDTH + 1]);
      const float b = 0.25f * static_cast<float>(pair[2 * TILE_WIDTH] + pair[2 * TILE_WIDTH + 1]);
      const float luma = RED * r + GREEN * g + BLUE * b;
      u[i] = (b - luma) / (2 - 2 * BLUE), v[i] = (r - luma) / (2 - 2 * RED);
    }
    add_to(frame_.planes[1], begin / 2, row_ / 2, half_up(count), u);
    add_to(frame_.planes[2], begin / 2, row_ / 2, half_up(count), v);
  }
}

}  // namespace mfs
