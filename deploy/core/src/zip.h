// Zip archives whose members are stored, not compressed (APPNOTE 6.3.10): read in place.

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

// Members by name, as places in `archive`. `name`: what messages call it. Refused: what is no zip or cut off, members
// that are compressed, encrypted, overlap the archive's end or do not match their CRC-32, names twice, ZIP64.
Result<std::map<std::string, Bytes>> read_zip(Bytes archive, const std::string& name);

// A file as a whole. `most`: bytes, larger ones are refused.
Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t most = std::size_t{1} << 30);

// Write a file as a whole or not at all: to a temporary name, then renamed.
Status write_file(const std::string& path, const std::vector<Bytes>& parts);

}  // namespace mfs
