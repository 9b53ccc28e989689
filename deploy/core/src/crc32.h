// CRC-32, as zip archives and PNG have it (ISO 3309).

#pragma once

#include <cstddef>
#include <cstdint>

namespace mfs {

// Of `size` bytes; `before`: that of the bytes before them, to go on with.
std::uint32_t crc32(const std::uint8_t* bytes, std::size_t size, std::uint32_t before = 0);

}  // namespace mfs
