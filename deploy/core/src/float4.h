// Four floats that are computed with at once: a pixel and what goes with it. The vectors of GCC and Clang, which become
// SSE here and NEON on phones.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mfs {

typedef float Float4 __attribute__((vector_size(16)));
typedef std::int32_t Int4 __attribute__((vector_size(16)));
typedef std::uint32_t Word4 __attribute__((vector_size(16)));
typedef std::int64_t Long2 __attribute__((vector_size(16)));
typedef std::int16_t Short8 __attribute__((vector_size(16)));
typedef std::uint8_t Byte16 __attribute__((vector_size(16)));

inline Float4 load4(const float* values) {
  Float4 loaded;
  std::memcpy(&loaded, values, sizeof loaded);
  return loaded;
}

inline void store4(Float4 values, float* to) { std::memcpy(to, &values, sizeof values); }

// The first four or the last four of eight 16-bit numbers, which are not negative.
inline Float4 low4(Short8 values) {
  return __builtin_convertvector(
      reinterpret_cast<Int4>(__builtin_shufflevector(values, Short8{}, 0, 8, 1, 9, 2, 10, 3, 11)), Float4);
}
inline Float4 high4(Short8 values) {
  return __builtin_convertvector(
      reinterpret_cast<Int4>(__builtin_shufflevector(values, Short8{}, 4, 12, 5, 13, 6, 14, 7, 15)), Float4);
}

// The first or the last eight of 16 bytes. (Little-endian, as all machines that this runs on.)
inline Short8 low8(Byte16 bytes) {
  return reinterpret_cast<Short8>(
      __builtin_shufflevector(bytes, Byte16{}, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
}
inline Short8 high8(Byte16 bytes) {
  return reinterpret_cast<Short8>(
      __builtin_shufflevector(bytes, Byte16{}, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}

// `COUNT` pixels of three or four bytes that lie side by side; of three, the fourth number means nothing.
template <int COUNT, int BYTES>
inline void load_pixels(const std::uint8_t* pixels, Float4* loaded) {
  static_assert((COUNT == 2 || COUNT == 4) && (BYTES == 3 || BYTES == 4));
  std::uint32_t each[4] = {};
  if constexpr (BYTES == 4) {
    std::memcpy(each, pixels, 4 * COUNT);
  } else {
    for (int i = 0; i < COUNT - 1; ++i) std::memcpy(each + i, pixels + 3 * i, 4);
    std::memcpy(each + COUNT - 1, pixels + 3 * COUNT - 4, 4);  // nothing is read beyond the last one
    each[COUNT - 1] >>= 8;
  }
  const Byte16 bytes = reinterpret_cast<Byte16>(Word4{each[0], each[1], each[2], each[3]});
  loaded[0] = low4(low8(bytes)), loaded[1] = high4(low8(bytes));
  if constexpr (COUNT == 4) loaded[2] = low4(high8(bytes)), loaded[3] = high4(high8(bytes));
}

inline Float4 min4(Float4 a, Float4 b) { return a < b ? a : b; }
inline Float4 max4(Float4 a, Float4 b) { return a > b ? a : b; }

// As many floats as the machine computes with at once.
#ifdef __AVX__
typedef float Wide __attribute__((vector_size(32)));
#else
typedef Float4 Wide;
#endif
constexpr int WIDE = sizeof(Wide) / sizeof(float);

inline Wide load_wide(const float* values) {
  Wide loaded;
  std::memcpy(&loaded, values, sizeof loaded);
  return loaded;
}

inline void store_wide(const Wide& values, float* to) { std::memcpy(to, &values, sizeof values); }

}  // namespace mfs
