#include "crc32.h"

#include <array>

namespace mfs {

std::uint32_t crc32(const std::uint8_t* bytes, std::size_t size, std::uint32_t before) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xEDB88320 : 0);
      made[i] = value;
    }
    return made;
  }();
  std::uint32_t crc = ~before;
  for (std::size_t i = 0; i < size; ++i) crc = table[(crc ^ bytes[i]) & 0xFF] ^ crc >> 8;
  return ~crc;
}

}  // namespace mfs
