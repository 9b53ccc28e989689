#include "inflate.h"

#include <array>
#include <cstring>

namespace mfs {
namespace {

constexpr int LONGEST = 15;  // bits of a code
constexpr int LITERALS = 288, DISTANCES = 32, ORDER = 19;
constexpr int END = 256;  // the symbol that ends a block

// A canonical Huffman code. Decoded by a table of the first FAST bits, longer codes bit by bit.
class Code {
 public:
  // lengths: bits of each symbol's code, 0: not used. False when no such code exists.
  bool make(const std::uint8_t* lengths, int symbols) {
    count_.fill(0);
    for (int symbol = 0; symbol < symbols; ++symbol) ++count_[lengths[symbol]];
    count_[0] = 0;
    std::array<int, LONGEST + 2> first{};
    int left = 1;
    for (int bits = 1; bits <= LONGEST; ++bits) {
      left = 2 * left - count_[bits];
      if (left < 0) return false;
      first[bits + 1] = first[bits] + count_[bits];
    }
    for (int symbol = 0; symbol < symbols; ++symbol) {
      if (lengths[symbol])
        symbols_[static_cast<std::size_t>(first[lengths[symbol]]++)] = static_cast<std::int16_t>(symbol);
    }
    fill_table();
    return true;
  }

  static constexpr int FAST = 9;
  // symbol << 4 | bits of the code that `next` begins with; 0: longer than FAST bits, or none.
  int fast(std::uint32_t next) const { return table_[next & ((1 << FAST) - 1)]; }
  int count(int bits) const { return count_[bits]; }
  int symbol(int index) const { return symbols_[static_cast<std::size_t>(index)]; }

 private:
  void fill_table() {
    table_.fill(0);
    int code = 0, index = 0;
    for (int bits = 1; bits <= FAST; ++bits) {
      for (int i = 0; i < count_[bits]; ++i, ++code, ++index) {
        int turned = 0;  // codes come with their first bit lowest
        for (int bit = 0; bit < bits; ++bit) turned |= (code >> bit & 1) << (bits - 1 - bit);
        for (int next = turned; next < 1 << FAST; next += 1 << bits) table_[next] = symbol(index) << 4 | bits;
      }
      code <<= 1;
    }
  }

  std::array<int, LONGEST + 1> count_{};
  std::array<std::int16_t, LITERALS> symbols_{};
  std::array<int, 1 << FAST> table_{};
};

class Inflater {
 public:
  Inflater(const std::uint8_t* stream, std::size_t size, std::uint8_t* result, std::size_t result_size)
      : in_(stream), in_end_(stream + size), begin_(result), out_(result), out_end_(result + result_size) {}

  bool run() {
    bool is_last = false;
    while (!is_last) {
      is_last = bits(1) != 0;
      const std::uint32_t kind = bits(2);
      const bool is_fine = kind == 0 ? stored() : kind == 1 ? fixed() : kind == 2 && dynamic();
      if (!is_fine || is_over_) return false;
    }
    return out_ == out_end_;
  }

 private:
  // At least `count` bits ready; beyond the end there are zeros, and `is_over_` says so once they were used.
  void fill(int count) {
    while (ready_ < count) {
      if (in_ < in_end_) {
        held_ |= std::uint64_t{*in_++} << ready_;
      } else {
        padding_ += 8;
      }
      ready_ += 8;
    }
  }

  void drop(int count) {
    held_ >>= count;
    ready_ -= count;
    is_over_ = is_over_ || ready_ < padding_;
  }

  std::uint32_t bits(int count) {
    fill(count);
    const auto value = static_cast<std::uint32_t>(held_ & ((std::uint64_t{1} << count) - 1));
    drop(count);
    return value;
  }

  int decode(const Code& code) {
    fill(LONGEST);
    if (const int found = code.fast(static_cast<std::uint32_t>(held_))) {
      drop(found & 15);
      return found >> 4;
    }
    int value = 0, first = 0, index = 0;
    for (int length = 1; length <= LONGEST; ++length) {
      value |= static_cast<int>(held_ >> (length - 1) & 1);
      const int count = code.count(length);
      if (value - first < count) {
        drop(length);
        return code.symbol(index + value - first);
      }
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    return -1;
  }

  bool stored() {
    drop(ready_ % 8);
    const std::uint32_t size = bits(16), complement = bits(16);
    if (is_over_ || size != (~complement & 0xFFFF)) return false;
    in_ -= (ready_ - padding_) / 8;  // bytes that were read ahead
    held_ = 0;
    ready_ = padding_ = 0;
    if (static_cast<std::size_t>(in_end_ - in_) < size || static_cast<std::size_t>(out_end_ - out_) < size)
      return false;
    if (size) std::memcpy(out_, in_, size);
    in_ += size;
    out_ += size;
    return true;
  }

  bool fixed() {
    std::array<std::uint8_t, LITERALS> lengths;
    for (int symbol = 0; symbol < LITERALS; ++symbol) {
      lengths[static_cast<std::size_t>(symbol)] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    }
    std::array<std::uint8_t, 30> five;
    five.fill(5);
    return literals_.make(lengths.data(), LITERALS) && distances_.make(five.data(), 30) && block();
  }

  bool dynamic() {
    static constexpr std::uint8_t kOrder[ORDER] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const int literals = static_cast<int>(bits(5)) + 257, distances = static_cast<int>(bits(5)) + 1;
    const int given = static_cast<int>(bits(4)) + 4;
    std::array<std::uint8_t, LITERALS + DISTANCES> lengths{};
    for (int i = 0; i < given; ++i) lengths[kOrder[i]] = static_cast<std::uint8_t>(bits(3));
    if (literals > 286 || distances > 30 || !literals_.make(lengths.data(), ORDER)) return false;
    lengths.fill(0);
    for (int at = 0; at < literals + distances;) {
      const int symbol = decode(literals_);
      if (symbol < 0 || is_over_) return false;
      if (symbol < 16) {
        lengths[static_cast<std::size_t>(at++)] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && at == 0) return false;
      const std::uint8_t repeated = symbol == 16 ? lengths[static_cast<std::size_t>(at - 1)] : std::uint8_t{0};
      int times = symbol == 16   ? 3 + static_cast<int>(bits(2))
                  : symbol == 17 ? 3 + static_cast<int>(bits(3))
                                 : 11 + static_cast<int>(bits(7));
      if (at + times > literals + distances) return false;
      while (times-- > 0) lengths[static_cast<std::size_t>(at++)] = repeated;
    }
    return lengths[END] != 0 && literals_.make(lengths.data(), literals) &&
           distances_.make(lengths.data() + literals, distances) && block();
  }

  bool block() {
    static constexpr std::uint16_t kLength[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                                  31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static constexpr std::uint8_t kLengthBits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                     2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static constexpr std::uint16_t kDistance[30] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                                    33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                                    1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    while (true) {
      const int symbol = decode(literals_);
      if (symbol < 0 || is_over_) return false;
      if (symbol == END) return true;
      if (symbol < END) {
        if (out_ == out_end_) return false;
        *out_++ = static_cast<std::uint8_t>(symbol);
        continue;
      }
      const int kind = symbol - 257;
      if (kind >= 29) return false;
      const std::size_t length = kLength[kind] + bits(kLengthBits[kind]);
      const int way = decode(distances_);
      if (way < 0 || way >= 30) return false;
      const std::size_t distance = kDistance[way] + bits(way < 2 ? 0 : way / 2 - 1);
      if (is_over_ || distance > static_cast<std::size_t>(out_ - begin_) ||
          length > static_cast<std::size_t>(out_end_ - out_)) {
        return false;
      }
      for (std::size_t i = 0; i < length; ++i, ++out_) *out_ = *(out_ - distance);  // the two may overlap
    }
  }

  const std::uint8_t *in_, *const in_end_;
  std::uint8_t *const begin_, *out_, *const out_end_;
  std::uint64_t held_ = 0;
  int ready_ = 0, padding_ = 0;  // bits in `held_`, and how many of them are beyond the stream's end
  bool is_over_ = false;
  Code literals_, distances_;
};

}  // namespace

bool inflate(const std::uint8_t* stream, std::size_t size, std::uint8_t* result, std::size_t result_size) {
  return Inflater(stream, size, result, result_size).run();
}

}  // namespace mfs
