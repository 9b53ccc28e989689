#include "pictures.h"

#include <algorithm>
#include <cstring>

#include "crc32.h"
#include "exif.h"
#include "sha256.h"
#include "status.h"
#include "zip.h"

#ifdef MFS_STB
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_NO_STDIO
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_MAX_DIMENSIONS 16384
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif
#include <stb/stb_image.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif

namespace mfs_shell {
namespace {

using mfs::error;
using mfs::Result;
using mfs::Status;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMost = std::size_t{256} << 20;  // bytes of a picture file
constexpr int kLongestSide = 16384;

// A whole number of a PPM's head, after white space and comments; -1 when there is none.
int head_number(const Bytes& file, std::size_t* at) {
  while (*at < file.size() && (std::isspace(file[*at]) || file[*at] == '#')) {
    if (file[*at] == '#') {
      while (*at < file.size() && file[*at] != '\n') ++*at;
    } else {
      ++*at;
    }
  }
  int number = -1;
  while (*at < file.size() && std::isdigit(file[*at]) && number < 1000000) {
    number = std::max(number, 0) * 10 + (file[(*at)++] - '0');
  }
  return number;
}

Result<Picture> read_ppm(const std::string& path, const Bytes& file) {
  std::size_t at = 2;
  Picture picture;
  picture.width = head_number(file, &at);
  picture.height = head_number(file, &at);
  const int most = head_number(file, &at);
  if (picture.width < 1 || picture.height < 1 || std::max(picture.width, picture.height) > kLongestSide || most < 1) {
    return error(path, "not a PPM picture of 1 to 16384 pixels a side; write it anew");
  }
  if (most != 255) return error(path, "a PPM of " + std::to_string(most + 1) + " steps a colour; give one of 256");
  const std::size_t size = std::size_t(picture.width) * std::size_t(picture.height) * 3;
  if (file.size() - at < size + 1) return error(path, "cut off; copy it again");
  picture.rgb.assign(file.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                     file.begin() + static_cast<std::ptrdiff_t>(at + 1 + size));
  return picture;
}

#ifdef MFS_STB
// stb_image shows what there is of a picture that was cut off; we do not.
bool is_cut_off(const Bytes& file) {
  static constexpr std::uint8_t kPng[] = {'I', 'E', 'N', 'D'}, kJpeg[] = {0xFF, 0xD9};
  const bool is_png = file[0] == 0x89;
  const std::uint8_t* mark = is_png ? kPng : kJpeg;
  const std::size_t tail = std::min<std::size_t>(file.size(), 65536);
  return std::search(file.end() - static_cast<std::ptrdiff_t>(tail), file.end(), mark, mark + (is_png ? 4 : 2)) ==
         file.end();
}

Result<Picture> read_stb(const std::string& path, const Bytes& file) {
  if (is_cut_off(file)) return error(path, "cut off; copy it again");
  Picture picture;
  int channels = 0;
  std::uint8_t* pixels =
      stbi_load_from_memory(file.data(), static_cast<int>(file.size()), &picture.width, &picture.height, &channels, 3);
  if (!pixels) return error(path, std::string("cannot be read as a picture (") + stbi_failure_reason() + ")");
  picture.rgb.assign(pixels, pixels + std::size_t(picture.width) * std::size_t(picture.height) * 3);
  stbi_image_free(pixels);
  if (const int orientation = exif_orientation(file); orientation != 1) {
    picture.rgb = upright(picture.rgb, orientation, &picture.width, &picture.height);
  }
  return picture;
}
#endif

void put_big(Bytes& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(number >> shift));
}

void put_chunk(Bytes& png, const char* kind, const Bytes& data) {
  put_big(png, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = png.size();
  png.insert(png.end(), kind, kind + 4);
  png.insert(png.end(), data.begin(), data.end());
  put_big(png, mfs::crc32(png.data() + begin, png.size() - begin));
}

void put_text(Bytes& png, const std::string& key, const std::string& text) {
  Bytes data(key.begin(), key.end());
  data.insert(data.end(), 5, 0);  // end of the key; not compressed; no language, no translated key
  data.insert(data.end(), text.begin(), text.end());
  put_chunk(png, "iTXt", data);
}

// A zlib stream of stored blocks.
Bytes stored(const Bytes& raw) {
  Bytes stream = {0x78, 0x01};
  std::uint32_t a = 1, b = 0;
  for (std::size_t at = 0; at < raw.size() || at == 0; at += 65535) {
    const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(raw.size() - at, 65535));
    stream.push_back(at + size == raw.size());
    for (const std::uint32_t number : {size, ~size}) {
      stream.push_back(static_cast<std::uint8_t>(number));
      stream.push_back(static_cast<std::uint8_t>(number >> 8));
    }
    stream.insert(stream.end(), raw.begin() + static_cast<std::ptrdiff_t>(at),
                  raw.begin() + static_cast<std::ptrdiff_t>(at + size));
  }
  for (const std::uint8_t value : raw) {
    a = (a + value) % 65521;
    b = (b + a) % 65521;
  }
  put_big(stream, b << 16 | a);
  return stream;
}

}  // namespace

const char* readable_formats() {
#ifdef MFS_STB
  return "PPM, and JPEG and PNG by stb_image (Debian's libstb-dev)";
#else
  return "PPM only (built without stb_image, Debian's libstb-dev)";
#endif
}

Result<Picture> read_picture(const std::string& path) {
  auto file = mfs::read_file(path, kMost);
  if (!file.ok()) return file.status();
  const Bytes& bytes = file.value();
  Result<Picture> picture =
      error(path, std::string("not a picture that can be read here; this program reads ") + readable_formats());
  if (bytes.empty()) return error(path, "empty; give a picture");
  if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] == '6') {
    picture = read_ppm(path, bytes);
#ifdef MFS_STB
  } else if (bytes.size() > 8 &&
             ((bytes[0] == 0xFF && bytes[1] == 0xD8) || std::memcmp(bytes.data(), "\x89PNG", 4) == 0)) {
    picture = read_stb(path, bytes);
#endif
  }
  if (picture.ok()) picture.value().sha256 = mfs::sha256(bytes.data(), bytes.size());
  return picture;
}

Status write_png(const std::string& path, const Picture& picture, const std::string& provenance) {
  static constexpr std::uint8_t kHead[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  Bytes png(kHead, kHead + 8), head, raw;
  put_big(head, static_cast<std::uint32_t>(picture.width));
  put_big(head, static_cast<std::uint32_t>(picture.height));
  head.insert(head.end(), {8, 2, 0, 0, 0});  // 8 bits, RGB
  put_chunk(png, "IHDR", head);
  put_text(png, "XML:com.adobe.xmp", mfs::xmp_packet(provenance));
  put_text(png, "Software", std::string("paddle_mfs ") + mfs::version());
  put_text(png, "Description", "Synthetic picture: a face was swapped by a neural network");
  put_text(png, "provenance", provenance);
  const std::size_t row = std::size_t(picture.width) * 3;
  for (std::size_t y = 0; y < std::size_t(picture.height); ++y) {
    raw.push_back(0);  // no filter
    raw.insert(raw.end(), picture.rgb.begin() + static_cast<std::ptrdiff_t>(y * row),
               picture.rgb.begin() + static_cast<std::ptrdiff_t>((y + 1) * row));
  }
  put_chunk(png, "IDAT", stored(raw));
  put_chunk(png, "IEND", {});
  return mfs::write_file(path, {{png.data(), png.size()}});
}

}  // namespace mfs_shell
