#include "clips.h"

#include <filesystem>

#include "status.h"

namespace mfs_shell {

using mfs::error;
using mfs::Frame;
using mfs::Result;
using mfs::Status;

namespace {

std::string suffix(const std::string& path) { return std::filesystem::path(path).extension().string(); }

std::size_t frame_bytes(const std::string& kind, int width, int height) {
  const std::size_t pixels = std::size_t(width) * std::size_t(height);
  const std::size_t chroma = std::size_t((width + 1) / 2) * std::size_t((height + 1) / 2);
  return kind == ".rgb" ? 3 * pixels : kind == ".rgba" ? 4 * pixels : pixels + 2 * chroma;
}

}  // namespace

bool is_clip(const std::string& path) {
  const std::string kind = suffix(path);
  return kind == ".nv21" || kind == ".i420" || kind == ".rgba" || kind == ".rgb";
}

Result<Clip> Clip::open(const std::string& path, int width, int height) {
  if (width == 0) return error(path, "a raw clip does not say how large it is; give --size WIDTHxHEIGHT");
  Clip clip;
  clip.path_ = path;
  clip.kind_ = suffix(path);
  clip.width_ = width;
  clip.height_ = height;
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  if (failed) return error(path, "cannot be read (" + failed.message() + ")");
  const std::size_t one = frame_bytes(clip.kind_, width, height);
  if (size == 0 || size % one != 0) {
    return error(path, "its " + std::to_string(size) + " bytes are not frames of " + std::to_string(width) + "x" +
                           std::to_string(height) + " (" + std::to_string(one) + " bytes each); check --size");
  }
  clip.frames_ = size / one;
  clip.file_.open(path, std::ios::binary);
  if (!clip.file_) return error(path, "cannot be read");
  clip.bytes_.resize(one);
  return clip;
}

Status Clip::read() {
  if (!file_.read(reinterpret_cast<char*>(bytes_.data()), static_cast<std::streamsize>(bytes_.size()))) {
    return error(path_, "cannot be read to its end");
  }
  return {};
}

Frame Clip::frame() {
  std::uint8_t* data = bytes_.data();
  const int half_width = (width_ + 1) / 2, half_height = (height_ + 1) / 2;
  std::uint8_t* chroma = data + std::ptrdiff_t{width_} * height_;
  if (kind_ == ".rgb") return Frame::rgb({data, width_, height_, std::ptrdiff_t{3} * width_});
  if (kind_ == ".rgba") return Frame::rgba(data, width_, height_, std::ptrdiff_t{4} * width_);
  if (kind_ == ".nv21") return Frame::nv21(data, width_, chroma, 2 * half_width, width_, height_);
  std::uint8_t* v = chroma + std::ptrdiff_t{half_width} * half_height;
  return Frame::yuv420({data, width_, 1}, {chroma, half_width, 1}, {v, half_width, 1}, width_, height_);
}

}  // namespace mfs_shell
