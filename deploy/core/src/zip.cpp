#include "zip.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "crc32.h"
#include "inflate.h"
#include "status.h"

namespace mfs {
namespace {

constexpr std::uint32_t kEnd = 0x06054b50, kCentral = 0x02014b50, kLocal = 0x04034b50;
constexpr std::size_t kEndSize = 22, kCentralSize = 46, kLocalSize = 30;
constexpr std::uint32_t kStored = 0, kDeflated = 8;
constexpr std::size_t kMostInflated = std::size_t{512} << 20;  // bytes of all members; also refuses ZIP64

std::uint32_t word16(const std::uint8_t* at) { return at[0] | at[1] << 8; }
std::uint32_t word32(const std::uint8_t* at) { return word16(at) | word16(at + 2) << 16; }

// Where the end record begins, or npos: it is the last thing in the file but for a comment.
std::size_t find_end(Bytes archive) {
  for (std::size_t comment = 0; comment <= 0xFFFF && comment + kEndSize <= archive.size; ++comment) {
    const std::size_t at = archive.size - kEndSize - comment;
    if (word32(archive.data + at) == kEnd && word16(archive.data + at + 20) == comment) return at;
  }
  return std::string::npos;
}

}  // namespace

Result<Zip> read_zip(Bytes archive, const std::string& name) {
  const std::size_t end = archive.size < kEndSize ? std::string::npos : find_end(archive);
  if (end == std::string::npos) return error(name, "not a zip archive, or cut off; make or copy it again");
  const Status damaged = error(name, "damaged: its table of contents does not fit it; make or copy it again");
  const std::uint8_t* record = archive.data + end;
  const std::size_t count = word16(record + 10);
  std::size_t at = word32(record + 16), total = 0;
  Zip zip;
  for (std::size_t i = 0; i < count; ++i) {
    if (at > end || end - at < kCentralSize || word32(archive.data + at) != kCentral) return damaged;
    const std::uint8_t* entry = archive.data + at;
    const std::size_t name_size = word16(entry + 28), after = word16(entry + 30) + word16(entry + 32);
    if (end - at - kCentralSize < name_size + after) return damaged;
    const std::string member(reinterpret_cast<const char*>(entry + kCentralSize), name_size);
    at += kCentralSize + name_size + after;
    const std::uint32_t method = word16(entry + 10);
    const std::size_t packed = word32(entry + 20), size = word32(entry + 24), local = word32(entry + 42);
    const std::string called = member + " in it ";
    total += size;
    if (size > kMostInflated || total > kMostInflated) return error(name, called + "is too large");
    if ((method != kStored && method != kDeflated) || word16(entry + 8) & 1 || (method == kStored && packed != size)) {
      return error(name, called + "is encrypted, or compressed in a way that this program does not know");
    }
    if (local > end || end - local < kLocalSize || word32(archive.data + local) != kLocal) return damaged;
    const std::size_t begin =
        local + kLocalSize + word16(archive.data + local + 26) + word16(archive.data + local + 28);
    if (begin > end || end - begin < packed) return damaged;
    Bytes bytes{archive.data + begin, size};
    bool is_fine = true;
    if (method == kDeflated) {
      zip.inflated.emplace_back(size);
      is_fine = inflate(bytes.data, packed, zip.inflated.back().data(), size);
      bytes.data = zip.inflated.back().data();
    }
    if (!is_fine || crc32(bytes.data, bytes.size) != word32(entry + 16)) {
      return error(name, called + "is damaged; make or copy the archive again");
    }
    if (!zip.members.emplace(member, bytes).second) return error(name, called + "is there twice");
  }
  return zip;
}

Result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t most) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (!file) return error(path, std::string("cannot be read (") + std::strerror(errno) + ")");
  std::vector<std::uint8_t> bytes;
  std::size_t got = 1;
  while (got > 0 && bytes.size() <= most) {
    const std::size_t before = bytes.size(), step = before == 0 ? std::size_t{1} << 20 : before;
    bytes.resize(before + step);
    got = std::fread(bytes.data() + before, 1, step, file);
    bytes.resize(before + got);
  }
  const bool failed = std::ferror(file) != 0;
  const int why = errno;
  std::fclose(file);
  if (failed) return error(path, std::string("cannot be read (") + std::strerror(why) + ")");
  if (bytes.size() > most) return error(path, "is too large (more than " + std::to_string(most >> 20) + " MB)");
  return bytes;
}

Status write_file(const std::string& path, const std::vector<Bytes>& parts) {
  const std::string temporary = path + ".part";
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  if (!file) return error(path, std::string("cannot be written (") + std::strerror(errno) + ")");
  bool is_written = true;
  for (const Bytes& part : parts) {
    is_written = is_written && (part.size == 0 || std::fwrite(part.data, 1, part.size, file) == part.size);
  }
  is_written = std::fclose(file) == 0 && is_written;
  if (is_written && std::rename(temporary.c_str(), path.c_str()) == 0) return {};
  const int why = errno;
  std::remove(temporary.c_str());
  return error(path, std::string("cannot be written (") + std::strerror(why) + ")");
}

}  // namespace mfs
