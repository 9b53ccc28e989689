// Picture files: PPM always; JPEG and PNG by stb_image when that was there at build time; PNG written without
// compression.

#pragma once

#include <string>
#include <vector>

#include "mfs/mfs.h"

namespace mfs_shell {

struct Picture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
  std::string sha256;  // of the file
  mfs::RgbView view() { return {rgb.data(), width, height, std::ptrdiff_t{3} * width}; }
};

// "PPM, JPEG and PNG (stb_image)"
const char* readable_formats();

// Upright, as a JPEG's EXIF data say.
mfs::Result<Picture> read_picture(const std::string& path);

// A PNG that carries its provenance (JSON) as an XMP packet and text chunks, as the Python package's do. Whole or not
// at all.
mfs::Status write_png(const std::string& path, const Picture& picture, const std::string& provenance);

}  // namespace mfs_shell
