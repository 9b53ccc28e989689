// Four floats that are computed with at once: a pixel and what goes with it. The vectors of GCC and Clang, which become SSE
// here and NEON on phones.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mfs {

typedef float Float4 __attribute__((vector_size(16)));
typedef std::int32_t Int4 __attribute__((vector_size(16)));
typedef std::uint8_t Byte4 __attribute__((vector_size(4)));

inline Float4 load4(const float* values) {
  Float4 loaded;
  std::memcpy(&loaded, values, sizeof loaded);
  return loaded;
}

inline void store4(Float4 values, float* to) { std::memcpy(to, &values, sizeof values); }

// A pixel; the fourth number is 0, or what the fourth byte is.
template <int BYTES>
inline Float4 load_pixel(const std::uint8_t* pixel) {
  Byte4 bytes = {};
  std::memcpy(&bytes, pixel, BYTES);
  return __builtin_convertvector(__builtin_convertvector(bytes, Int4), Float4);
}

// Three whole numbers in 0..255 as bytes.
inline void store_pixel(Int4 values, std::uint8_t* pixel) {
  const Byte4 bytes = __builtin_convertvector(values, Byte4);
  std::memcpy(pixel, &bytes, 3);
}

inline Float4 clamp4(Float4 values, float low, float high) {
  const Float4 least = {low, low, low, low}, most = {high, high, high, high};
  values = values < least ? least : values;
  return values > most ? most : values;
}

}  // namespace mfs
