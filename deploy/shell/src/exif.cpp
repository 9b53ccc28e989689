#include "exif.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mfs_shell {
namespace {

// Bytes of a file. What lies behind its end is 0.
struct Part {
  const std::uint8_t* data;
  std::size_t size;
  bool is_big_endian = true;

  std::uint32_t number(std::size_t at, int bytes) const {
    std::uint32_t number = 0;
    for (int i = 0; i < bytes; ++i) {
      const std::size_t place = at + static_cast<std::size_t>(is_big_endian ? i : bytes - 1 - i);
      number = number << 8 | (place < size ? data[place] : 0u);
    }
    return number;
  }
  bool begins(const char* text, std::size_t count) const {
    return size >= count && std::memcmp(data, text, count) == 0;
  }
};

// The first APP1 segment with EXIF data, without its head; empty: there is none before the pixels.
Part exif_data(const Part& jpeg) {
  constexpr std::size_t HEAD = 6;
  for (std::size_t at = 2; at + 4 <= jpeg.size && jpeg.data[at] == 0xFF;) {
    const std::uint8_t marker = jpeg.data[at + 1];
    if (marker == 0xFF) {  // a filling byte
      ++at;
      continue;
    }
    const std::size_t length = jpeg.number(at + 2, 2);
    if (marker == 0xDA || length < 2 || at + 2 + length > jpeg.size) break;
    const Part segment = {jpeg.data + at + 4, length - 2};
    if (marker == 0xE1 && segment.begins("Exif\0\0", HEAD)) return {segment.data + HEAD, segment.size - HEAD};
    at += 2 + length;
  }
  return {nullptr, 0};
}

}  // namespace

int exif_orientation(const std::vector<std::uint8_t>& jpeg) {
  constexpr std::uint32_t ORIENTATION = 0x0112, SHORT = 3, LONG = 4;
  Part tiff = exif_data({jpeg.data(), jpeg.size()});
  tiff.is_big_endian = tiff.begins("MM\0*", 4);
  if (!tiff.is_big_endian && !tiff.begins("II*\0", 4)) return 1;
  const std::size_t directory = tiff.number(4, 4), count = tiff.number(directory, 2);
  for (std::size_t at = directory + 2; at < directory + 2 + 12 * count && at + 12 <= tiff.size; at += 12) {
    if (tiff.number(at, 2) != ORIENTATION) continue;
    const std::uint32_t type = tiff.number(at + 2, 2);
    const int bytes = type == SHORT ? 2 : 4;  // of a value: one is expected, of several the first counts
    const std::size_t values = tiff.number(at + 4, 4) * static_cast<std::size_t>(bytes);
    const std::size_t place = values <= 4 ? at + 8 : tiff.number(at + 8, 4);
    if ((type != SHORT && type != LONG) || values == 0 || place + values > tiff.size) return 1;
    const std::uint32_t value = tiff.number(place, bytes);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

std::vector<std::uint8_t> upright(const std::vector<std::uint8_t>& rgb, int orientation, int* width, int* height) {
  const std::ptrdiff_t columns = *width, rows = *height;
  const bool is_swapped = orientation >= 5;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  // of the stored picture: its first pixel to be shown, and the steps to the next one rightwards and downwards
  const std::ptrdiff_t first = (from_right ? columns - 1 : 0) + (from_bottom ? rows - 1 : 0) * columns;
  std::ptrdiff_t right = from_right ? -1 : 1, down = from_bottom ? -columns : columns;
  if (is_swapped) std::swap(right, down), std::swap(*width, *height);
  std::vector<std::uint8_t> turned(rgb.size());
  std::uint8_t* to = turned.data();
  for (std::ptrdiff_t y = 0; y < *height; ++y) {
    for (std::ptrdiff_t x = 0; x < *width; ++x, to += 3) {
      std::copy_n(rgb.data() + 3 * (first + x * right + y * down), 3, to);
    }
  }
  return turned;
}

}  // namespace mfs_shell
