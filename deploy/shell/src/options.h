// The command line of mfs_shell.

#pragma once

#include <string>

#include "mfs/mfs.h"

namespace mfs_shell {

struct Options {
  std::string bundle, source, identity, save_identity, target, output = "output", python = "python3";
  bool is_process = false;  // networks in a Python process, on a desktop
  mfs::DeviceOptions device;
  mfs::SwapOptions swap;
  int repeats = 1;
  int width = 0, height = 0;                  // of a raw clip
  double fps = 30;                            // likewise
  mfs::YuvRange range = mfs::YuvRange::full;  // of a raw clip in YUV
  mfs::YuvMatrix matrix = mfs::YuvMatrix::bt601;
  bool is_json = false, wants_help = false, wants_version = false;
};

extern const char* const kHelp;

// The words after the program's name. The Status names the word that is wrong and the remedy.
mfs::Result<Options> parse_options(int count, char** words);

}  // namespace mfs_shell
