// Raw clips: frames one after another, without any head.

#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "mfs/mfs.h"

namespace mfs_shell {

// Whether a path is one by its suffix: .nv21, .i420, .rgba, .rgb.
bool is_clip(const std::string& path);

class Clip {
 public:
  // Refused: a file that is no whole number of frames of this size.
  static mfs::Result<Clip> open(const std::string& path, int width, int height);

  std::size_t frames() const { return frames_; }
  mfs::Status read();  // the next frame
  mfs::Frame frame();  // it, to be changed in place
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::string path_, kind_;
  int width_ = 0, height_ = 0;
  std::size_t frames_ = 0;
  std::ifstream file_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace mfs_shell
