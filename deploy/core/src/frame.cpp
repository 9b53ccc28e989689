#include "frame.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace mfs {
namespace {

constexpr int MOST = 1 << 15;              // pixels a side
constexpr int TILE_WIDTH = 64, TILE_HEIGHT = 16;  // pixels that are converted together, even
constexpr int RGBX = 4;                    // bytes a pixel of a converted frame
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

std::uint8_t to_sample(float value) { return static_cast<std::uint8_t>(rounded(std::min(std::max(value, 0.0f), 255.0f))); }

// What chroma samples add to the luma of their pixels.
struct Chroma {
  std::int16_t red, green, blue;
};
Chroma chroma(std::uint8_t u, std::uint8_t v) {
  const float blue = (2 - 2 * BLUE) * static_cast<float>(u - 128), red = (2 - 2 * RED) * static_cast<float>(v - 128);
  return {static_cast<std::int16_t>(rounded(red)), static_cast<std::int16_t>(rounded(-(RED * red + BLUE * blue) / GREEN)),
          static_cast<std::int16_t>(rounded(blue))};
}

// `count` samples of a plane from (x, y) on, side by side.
void gather(const Plane& plane, int x, int y, int count, std::uint8_t* samples) {
  const std::uint8_t* from = plane.data + y * plane.row_stride + static_cast<std::ptrdiff_t>(x) * plane.pixel_stride;
  if (plane.pixel_stride == 1) {
    std::memcpy(samples, from, static_cast<std::size_t>(count));
  } else if (plane.pixel_stride == 2) {
    for (int i = 0; i < count; ++i) samples[i] = from[2 * i];
  } else {
    for (int i = 0; i < count; ++i) samples[i] = from[static_cast<std::ptrdiff_t>(i) * plane.pixel_stride];
  }
}

std::uint8_t sample_of(const Plane& plane, int x, int y) {
  return plane.data[y * plane.row_stride + static_cast<std::ptrdiff_t>(x) * plane.pixel_stride];
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

Frame Frame::nv21(std::uint8_t* y, std::ptrdiff_t y_stride, std::uint8_t* vu, std::ptrdiff_t vu_stride, int width, int height) {
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
    case PixelFormat::rgb: fits = holds(frame.planes[0], frame.width, frame.height, 3); break;
    case PixelFormat::rgba: fits = holds(frame.planes[0], frame.width, frame.height, 4); break;
    case PixelFormat::yuv420:
      fits = holds(frame.planes[0], frame.width, frame.height, 1);
      for (int i = 1; i < 3; ++i) fits = fits && holds(frame.planes[i], half_up(frame.width), half_up(frame.height), 1);
      break;
  }
  if (!fits) return {"frame: a plane is missing, or its strides do not hold " + size + " pixels; check planes and strides"};
  return {};
}

void Picture::set(const Frame& frame) {
  frame_ = frame;
  const double w = frame.width - 1, h = frame.height - 1;
  switch (frame.rotation) {
    case 90: to_upright_ = {{0, -1, h, 1, 0, 0}}; break;
    case 180: to_upright_ = {{-1, 0, w, 0, -1, h}}; break;
    case 270: to_upright_ = {{0, 1, 0, -1, 0, w}}; break;
    default: to_upright_ = {{1, 0, 0, 0, 1, 0}};
  }
  const bool is_turned = frame.rotation % 180 != 0;
  view_.width = is_turned ? frame.height : frame.width;
  view_.height = is_turned ? frame.width : frame.height;
  if (frame.mirrored) to_upright_ = compose({{-1, 0, view_.width - 1.0, 0, 1, 0}}, to_upright_);
  to_memory_ = invert(to_upright_);

  Plane plane = frame.planes[0];  // of the RGB pixels
  if (frame.format == PixelFormat::yuv420) {
    rgb_.resize(static_cast<std::size_t>(frame.width) * frame.height * RGBX);
    tiles_across_ = (frame.width + TILE_WIDTH - 1) / TILE_WIDTH;
    converted_.assign(static_cast<std::size_t>(tiles_across_) * ((frame.height + TILE_HEIGHT - 1) / TILE_HEIGHT), 0);
    plane = {rgb_.data(), static_cast<std::ptrdiff_t>(frame.width) * RGBX, RGBX};
  }
  memory_ = {plane.data, frame.width, frame.height, plane.pixel_stride, plane.row_stride, plane.pixel_stride >= 4 ? 4 : 3};
  int at[6];
  for (int i = 0; i < 6; ++i) at[i] = static_cast<int>(to_memory_.a[i]);  // whole numbers
  view_.data = memory_.at(at[2], at[5]);
  view_.dx = at[0] * memory_.dx + at[3] * memory_.dy;
  view_.dy = at[1] * memory_.dx + at[4] * memory_.dy;
  view_.bytes = memory_.bytes;
}

Rect Picture::to_memory(const Rect& area) const {
  const Point a = transform({area.x1 + 0.0, area.y1 + 0.0}, to_memory_);
  const Point b = transform({area.x2 - 1.0, area.y2 - 1.0}, to_memory_);
  return {static_cast<int>(std::min(a.x, b.x)), static_cast<int>(std::min(a.y, b.y)),
          static_cast<int>(std::max(a.x, b.x)) + 1, static_cast<int>(std::max(a.y, b.y)) + 1};
}

const Pixels& Picture::read(const Rect& area) {
  const Rect seen = within(area, view_.width, view_.height);
  if (frame_.format == PixelFormat::yuv420 && !seen.is_empty()) convert(to_memory(seen));
  return view_;
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
  std::uint8_t u[TILE_WIDTH / 2] = {}, v[TILE_WIDTH / 2] = {}, luma[TILE_WIDTH] = {};
  std::int16_t red[TILE_WIDTH], green[TILE_WIDTH], blue[TILE_WIDTH];
  std::uint16_t pairs[2 * TILE_WIDTH];  // of bytes, the low one first
  for (int y = tile.y1; y < tile.y2; ++y) {
    if (y % 2 == 0) {
      gather(frame_.planes[1], tile.x1 / 2, y / 2, half_up(width), u);
      gather(frame_.planes[2], tile.x1 / 2, y / 2, half_up(width), v);
      for (int i = 0; i < TILE_WIDTH / 2; ++i) {
        const Chroma add = chroma(u[i], v[i]);
        red[2 * i] = red[2 * i + 1] = add.red;
        green[2 * i] = green[2 * i + 1] = add.green;
        blue[2 * i] = blue[2 * i + 1] = add.blue;
      }
    }
    gather(frame_.planes[0], tile.x1, y, width, luma);
    for (int x = 0; x < TILE_WIDTH; ++x) {
      const auto r = static_cast<std::int16_t>(luma[x] + red[x]), g = static_cast<std::int16_t>(luma[x] + green[x]);
      const auto b = static_cast<std::int16_t>(luma[x] + blue[x]);
      pairs[2 * x] = static_cast<std::uint16_t>(to_byte(r) | to_byte(g) << 8);
      pairs[2 * x + 1] = static_cast<std::uint16_t>(to_byte(b) | 0xff00);
    }
    std::memcpy(memory_.at(tile.x1, y), pairs, static_cast<std::size_t>(width) * RGBX);
  }
}

void Picture::sample(int step, std::uint8_t* rgb) const {
  if (frame_.format != PixelFormat::yuv420) {
    for (int y = 0; y < view_.height; y += step) {
      for (int x = 0; x < view_.width; x += step, rgb += 3) std::memcpy(rgb, view_.at(x, y), 3);
    }
    return;
  }
  const double* turn = to_memory_.a;  // whole numbers
  const int right = static_cast<int>(turn[0]), down = static_cast<int>(turn[3]);
  for (int y = 0; y < view_.height; y += step) {
    int column = static_cast<int>(turn[1] * y + turn[2]), row = static_cast<int>(turn[4] * y + turn[5]);
    for (int x = 0; x < view_.width; x += step, rgb += 3, column += step * right, row += step * down) {
      const int luma = sample_of(frame_.planes[0], column, row);
      const Chroma add = chroma(sample_of(frame_.planes[1], column / 2, row / 2), sample_of(frame_.planes[2], column / 2, row / 2));
      rgb[0] = static_cast<std::uint8_t>(to_byte(static_cast<std::int16_t>(luma + add.red)));
      rgb[1] = static_cast<std::uint8_t>(to_byte(static_cast<std::int16_t>(luma + add.green)));
      rgb[2] = static_cast<std::uint8_t>(to_byte(static_cast<std::int16_t>(luma + add.blue)));
    }
  }
}

Picture::Rows Picture::begin_rows(int y, int x1, int x2) {
  row_ = y, from_ = x1, to_ = x2;
  const bool has_second = y + 1 < frame_.height;
  const Rows rows = {{memory_.at(x1, y), has_second ? memory_.at(x1, y + 1) : nullptr}};
  if (frame_.format == PixelFormat::yuv420) {
    convert({x1, y, x2, y + 1});
    const std::size_t bytes = static_cast<std::size_t>(x2 - x1) * RGBX;
    before_.resize(2 * static_cast<std::size_t>(frame_.width) * RGBX);
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
    after[i] = memory_.at(from_, row_ + std::min(i, rows - 1));
    is_changed = is_changed || std::memcmp(after[i], before_.data() + i * bytes, bytes) != 0;
  }
  if (!is_changed) return;
  change_.assign(3 * (static_cast<std::size_t>(frame_.width) + 1), 0);
  for (int i = 0; i < 2; ++i) {
    add_luma(after[i], before_.data() + i * bytes, i < rows ? row_ + i : -1);
  }
  add_chroma();
}

// Adds a row's change to Y (row < 0: nowhere) and to `change_`.
void Picture::add_luma(const std::uint8_t* after, const std::uint8_t* before, int row) {
  const int count = to_ - from_;
  std::int16_t *red = change_.data(), *green = red + frame_.width + 1, *blue = green + frame_.width + 1;
  const Plane& plane = frame_.planes[0];
  std::uint8_t* luma = plane.data + from_ * static_cast<std::ptrdiff_t>(plane.pixel_stride) + std::max(row, 0) * plane.row_stride;
  const std::ptrdiff_t stride = plane.pixel_stride;
  for (int start = 0; start < count; start += TILE_WIDTH) {
    const int length = std::min(TILE_WIDTH, count - start);
    float change[TILE_WIDTH];
    for (int i = 0; i < length; ++i) {
      const std::uint8_t *a = after + RGBX * (start + i), *b = before + RGBX * (start + i);
      const int r = a[0] - b[0], g = a[1] - b[1], bl = a[2] - b[2];
      red[start + i] = static_cast<std::int16_t>(red[start + i] + r);
      green[start + i] = static_cast<std::int16_t>(green[start + i] + g);
      blue[start + i] = static_cast<std::int16_t>(blue[start + i] + bl);
      change[i] = RED * static_cast<float>(r) + GREEN * static_cast<float>(g) + BLUE * static_cast<float>(bl);
    }
    if (row < 0) continue;
    std::uint8_t* out = luma + start * stride;
    if (stride == 1) {
      for (int i = 0; i < length; ++i) out[i] = to_sample(static_cast<float>(out[i]) + change[i]);
    } else {
      for (int i = 0; i < length; ++i) out[i * stride] = to_sample(static_cast<float>(out[i * stride]) + change[i]);
    }
  }
}

void Picture::add_chroma() {
  const int count = to_ - from_;
  std::int16_t *red = change_.data(), *green = red + frame_.width + 1, *blue = green + frame_.width + 1;
  if (count % 2 != 0) red[count] = red[count - 1], green[count] = green[count - 1], blue[count] = blue[count - 1];
  for (int i = 0; i < half_up(count); ++i) {
    const int r = red[2 * i] + red[2 * i + 1], g = green[2 * i] + green[2 * i + 1], b = blue[2 * i] + blue[2 * i + 1];
    if (r == 0 && g == 0 && b == 0) continue;
    const float mean[3] = {0.25f * static_cast<float>(r), 0.25f * static_cast<float>(g), 0.25f * static_cast<float>(b)};
    const float luma = RED * mean[0] + GREEN * mean[1] + BLUE * mean[2];
    const float add[2] = {(mean[2] - luma) / (2 - 2 * BLUE), (mean[0] - luma) / (2 - 2 * RED)};
    for (int j = 0; j < 2; ++j) {
      const Plane& plane = frame_.planes[1 + j];
      std::uint8_t& sample = plane.data[row_ / 2 * plane.row_stride + static_cast<std::ptrdiff_t>(from_ / 2 + i) * plane.pixel_stride];
      sample = to_sample(static_cast<float>(sample) + add[j]);
    }
  }
}

}  // namespace mfs
