// Zip archives (APPNOTE 6.3.10) with members stored or deflated; files read and written as a whole.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mfs/mfs.h"

namespace mfs {

struct Bytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

// An archive's members by name: places in the archive, or in what was inflated.
struct Zip {
  std::map<std::string, Bytes> members;
  std::vector<std::vector<std::uint8_t>> inflated;
};

// `name`: what messages call the archive, whose bytes have to stay. Refused: what is no zip or cut off, members that
// are encrypted, compressed otherwise, reach beyond the archive's end, do not match their CRC-32 or are there twice,
// ZIP64.
Result<Zip> read_zip(Bytes archive, const std::string& name);

// A file as a whole. `most`: bytes, larger ones are refused.
Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t most = std::size_t{1} << 30);

// Write a file as a whole or not at all: to a temporary name, then renamed.
Status write_file(const std::string& path, const std::vector<Bytes>& parts);

}  // namespace mfs
