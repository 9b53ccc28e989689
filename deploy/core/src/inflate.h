// Inflating raw DEFLATE streams (RFC 1951), as zip archives hold them.

#pragma once

#include <cstddef>
#include <cstdint>

namespace mfs {

// Fill `result` (exactly `result_size` bytes) from `stream`. False when the stream is damaged, or is of another length.
bool inflate(const std::uint8_t* stream, std::size_t size, std::uint8_t* result, std::size_t result_size);

}  // namespace mfs
