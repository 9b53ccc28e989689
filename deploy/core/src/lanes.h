// Numbers that are computed with at once: a pixel and what goes with it, or its neighbours. The vectors of GCC and
// Clang, which become SSE here and NEON on phones; the few operations that those have no words for are at the end.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#else
#include <arm_neon.h>
#endif

namespace mfs {

typedef float Float4 __attribute__((vector_size(16)));
typedef std::int32_t Int4 __attribute__((vector_size(16)));
typedef std::uint32_t Word4 __attribute__((vector_size(16)));
typedef std::int64_t Long2 __attribute__((vector_size(16)));
typedef std::int16_t Short8 __attribute__((vector_size(16)));
typedef std::uint16_t UShort8 __attribute__((vector_size(16)));
typedef std::uint8_t Byte16 __attribute__((vector_size(16)));

template <class V, class T>
inline V load(const T* from) {
  V loaded;
  std::memcpy(&loaded, from, sizeof loaded);
  return loaded;
}

template <class V, class T>
inline void store(const V& values, T* to) {
  std::memcpy(to, &values, sizeof values);
}

// Eight bytes, then zeros.
template <class V, class T>
inline V load_half(const T* from) {
  return reinterpret_cast<V>(Long2{load<std::int64_t>(from), 0});
}

inline Float4 load4(const float* values) { return load<Float4>(values); }
inline void store4(Float4 values, float* to) { store(values, to); }

// The same where the address is a multiple of 16.
inline Float4 load4_aligned(const float* values) {
  return load<Float4>(static_cast<const float*>(__builtin_assume_aligned(values, 16)));
}

inline Float4 min4(Float4 a, Float4 b) { return a < b ? a : b; }
inline Float4 max4(Float4 a, Float4 b) { return a > b ? a : b; }
inline Short8 min8(Short8 a, Short8 b) { return a < b ? a : b; }
inline Short8 max8(Short8 a, Short8 b) { return a > b ? a : b; }

inline bool is_any(Long2 bits) { return (bits[0] | bits[1]) != 0; }
inline bool is_all(Long2 mask) { return (mask[0] & mask[1]) == -1; }

// One of `a`, one of `b`, and so on: the first halves of both; the second halves.
inline Byte16 zip_low(Byte16 a, Byte16 b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline Byte16 zip_high(Byte16 a, Byte16 b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
inline Short8 zip_low(Short8 a, Short8 b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline Short8 zip_high(Short8 a, Short8 b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }

// The first or the last eight of 16 bytes, the first or last four of eight numbers that are not negative.
// (Little-endian, as all machines that this runs on.)
inline Short8 low8(Byte16 bytes) { return reinterpret_cast<Short8>(zip_low(bytes, Byte16{})); }
inline Short8 high8(Byte16 bytes) { return reinterpret_cast<Short8>(zip_high(bytes, Byte16{})); }
inline Int4 low4(Short8 values) { return reinterpret_cast<Int4>(zip_low(values, Short8{})); }
inline Int4 high4(Short8 values) { return reinterpret_cast<Int4>(zip_high(values, Short8{})); }

inline Float4 floats(Int4 values) { return __builtin_convertvector(values, Float4); }

// 16 numbers from bytes.
inline void floats(Byte16 bytes, Float4* result) {
  const Short8 low = low8(bytes), high = high8(bytes);
  result[0] = floats(low4(low)), result[1] = floats(high4(low));
  result[2] = floats(low4(high)), result[3] = floats(high4(high));
}

// The nearest whole numbers, halves to even, of numbers below 2^22: beside 1.5 * 2^23 fractions have no room.
inline Int4 rounded(Float4 values) {
  constexpr float whole = 12582912.0f;
  constexpr std::int32_t bits = 0x4B400000;  // of `whole`
  return reinterpret_cast<Int4>(values + whole) - bits;
}

// Rows become columns.
inline void transpose(Float4* v) {
  const Float4 a = __builtin_shufflevector(v[0], v[1], 0, 4, 1, 5), b = __builtin_shufflevector(v[2], v[3], 0, 4, 1, 5);
  const Float4 c = __builtin_shufflevector(v[0], v[1], 2, 6, 3, 7), d = __builtin_shufflevector(v[2], v[3], 2, 6, 3, 7);
  v[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5), v[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  v[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5), v[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

// 16 RGB pixels -> red, green, blue. Dealing 48 bytes like cards, from two halves in turn, moves each to twice its
// place (modulo 47); four times, to 16 times: what stood three apart is side by side.
inline void planes_of(const std::uint8_t* rgb, Byte16* planes) {
  Byte16 a = load<Byte16>(rgb), b = load<Byte16>(rgb + 16), c = load<Byte16>(rgb + 32);
  for (int i = 0; i < 4; ++i) {
    const Byte16 first = __builtin_shufflevector(a, b, 0, 24, 1, 25, 2, 26, 3, 27, 4, 28, 5, 29, 6, 30, 7, 31);
    const Byte16 second = __builtin_shufflevector(a, c, 8, 16, 9, 17, 10, 18, 11, 19, 12, 20, 13, 21, 14, 22, 15, 23);
    c = __builtin_shufflevector(b, c, 0, 24, 1, 25, 2, 26, 3, 27, 4, 28, 5, 29, 6, 30, 7, 31);
    a = first, b = second;
  }
  planes[0] = a, planes[1] = b, planes[2] = c;
}

// The same of up to 16, without looking beyond them.
inline void planes_of(const std::uint8_t* rgb, int count, Byte16* planes) {
  if (count >= 16) return planes_of(rgb, planes);
  std::uint8_t all[48] = {};
  std::memcpy(all, rgb, static_cast<std::size_t>(3 * count));
  planes_of(all, planes);
}

#ifdef __SSE2__

// a[0] b[0] + a[1] b[1], a[2] b[2] + a[3] b[3], ...
inline Int4 add_products(Short8 a, Short8 b) {
  return reinterpret_cast<Int4>(_mm_madd_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
}

// `a`, then `b`, what does not fit brought to the nearest number that does.
inline Short8 narrowed(Int4 a, Int4 b) {
  return reinterpret_cast<Short8>(_mm_packs_epi32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
}
inline Byte16 narrowed(Short8 a, Short8 b) {
  return reinterpret_cast<Byte16>(_mm_packus_epi16(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
}

// sum + two pixels of four numbers, and the two below them, times the weights (upper, lower, upper, lower) that are the
// first or second four of eight.
template <int HALF>
inline Int4 add_weighted(Int4 sum, Short8 upper, Short8 lower, Short8 weights) {
  const Int4 pairs = reinterpret_cast<Int4>(weights);
  constexpr int one = 2 * HALF, other = 2 * HALF + 1;
  const Int4 left = __builtin_shufflevector(pairs, pairs, one, one, one, one);
  const Int4 right = __builtin_shufflevector(pairs, pairs, other, other, other, other);
  return sum + (add_products(zip_low(upper, lower), reinterpret_cast<Short8>(left)) +
                add_products(zip_high(upper, lower), reinterpret_cast<Short8>(right)));
}

// The same of four pixels of bytes, and the four below them.
inline Int4 add_weighted(Int4 sum, Byte16 upper, Byte16 lower, Short8 weights) {
  const Int4 pairs = reinterpret_cast<Int4>(weights);
  const Byte16 left = zip_low(upper, lower), right = zip_high(upper, lower);
  const auto all = [](Int4 one) { return reinterpret_cast<Short8>(one); };
  return sum +
         (add_products(low8(left), all(__builtin_shufflevector(pairs, pairs, 0, 0, 0, 0))) +
          add_products(high8(left), all(__builtin_shufflevector(pairs, pairs, 1, 1, 1, 1)))) +
         (add_products(low8(right), all(__builtin_shufflevector(pairs, pairs, 2, 2, 2, 2))) +
          add_products(high8(right), all(__builtin_shufflevector(pairs, pairs, 3, 3, 3, 3))));
}

#else

inline Int4 add_products(Short8 a, Short8 b) {
  const auto x = reinterpret_cast<int16x8_t>(a), y = reinterpret_cast<int16x8_t>(b);
  return reinterpret_cast<Int4>(vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y)));
}

inline Short8 narrowed(Int4 a, Int4 b) {
  const auto x = reinterpret_cast<int32x4_t>(a), y = reinterpret_cast<int32x4_t>(b);
  return reinterpret_cast<Short8>(vqmovn_high_s32(vqmovn_s32(x), y));
}
inline Byte16 narrowed(Short8 a, Short8 b) {
  const auto x = reinterpret_cast<int16x8_t>(a), y = reinterpret_cast<int16x8_t>(b);
  return reinterpret_cast<Byte16>(vqmovun_high_s16(vqmovun_s16(x), y));
}

template <int HALF>
inline Int4 add_weighted(Int4 sum, Short8 upper, Short8 lower, Short8 weights) {
  const auto a = reinterpret_cast<int16x8_t>(upper), b = reinterpret_cast<int16x8_t>(lower);
  const auto w = reinterpret_cast<int16x8_t>(weights);
  auto s = vmlal_laneq_s16(reinterpret_cast<int32x4_t>(sum), vget_low_s16(a), w, 4 * HALF);
  s = vmlal_laneq_s16(s, vget_low_s16(b), w, 4 * HALF + 1);
  s = vmlal_high_laneq_s16(s, a, w, 4 * HALF + 2);
  return reinterpret_cast<Int4>(vmlal_high_laneq_s16(s, b, w, 4 * HALF + 3));
}

inline Int4 add_weighted(Int4 sum, Byte16 upper, Byte16 lower, Short8 weights) {
  sum = add_weighted<0>(sum, low8(upper), low8(lower), weights);
  return add_weighted<1>(sum, high8(upper), high8(lower), weights);
}

#endif

}  // namespace mfs
