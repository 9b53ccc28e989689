// Pictures at another size: OpenCV's INTER_AREA and the cubic enlargement by two.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mfs {

// Area averaging to a smaller size: each result pixel is the mean of what it covers. Tables are made anew only for
// another size; memory is allocated only for larger ones.
class AreaResize {
 public:
  // height x width x channels (3 or 4), interleaved -> smaller_height x smaller_width x channels. Integers are rounded.
  void operator()(const std::uint8_t* pixels, int width, int height, int channels, int smaller_width,
                  int smaller_height, std::uint8_t* result);
  void operator()(const float* pixels, int width, int height, int channels, int smaller_width, int smaller_height,
                  float* result);

 private:
  struct Share {  // of a source pixel in a result pixel
    int source, result;
    float weight;
  };
  class Shares {
   public:
    void set(int size, int smaller);
    std::vector<Share> shares;  // by result pixel

   private:
    int size_ = 0, smaller_ = 0;
  };
  template <class T>
  void resize(const T* pixels, int width, int height, int channels, int smaller_width, int smaller_height, T* result);

  Shares columns_, rows_;
  std::vector<float> sum_;    // over rows
  std::vector<float> means_;  // of a result's row
};

// How many numbers `double_cubic` needs room for.
std::size_t double_cubic_scratch(int side);

// A plane (side, side) -> (2 side, 2 side), cubically (Keys' kernel, a = -0.75), the last pixel going on at the border.
// side: a multiple of 8.
void double_cubic(const float* plane, int side, float* scratch, float* result);

}  // namespace mfs
