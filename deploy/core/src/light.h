// The light on a face: little or coloured, it is brought to what the networks know, and the new face back to it.
// face/light.py, where the numbers are explained.

#pragma once

#include <cstdint>
#include <vector>

#include "frame.h"

namespace mfs {

struct LightSettings {
  float known[3] = {90, 70, 60};  // mean RGB of a face, 8-bit steps: with less the networks do worse
  float darkest = 2;              // mean of the brightest colour, 8-bit steps: with less there is nothing to see
  float bright = 150;  // 8-bit steps: the detector knows pictures whose brightest places have this in every colour
  double centre[2] = {0.5, 0.56}, radii[2] = {0.23, 0.3};  // x, y as shares of the crop: the face's inside
};

// What a crop's colours are multiplied with.
class Light {
 public:
  explicit Light(const LightSettings& settings = {}) : settings_(settings) {}

  // Look at the face of an aligned crop, size x size RGB.
  void look(const std::uint8_t* crop, int size);

  float gain(int colour) const { return gain_[colour]; }  // 1 or more
  bool is_usual() const;                                  // nothing has to be done
  bool is_dark() const;                                   // there is too little of it to see a face by

  // The crop as in a light that the networks know: `count` RGB pixels.
  void known(const std::uint8_t* crop, int count, std::uint8_t* shown) const;

  // What was made of `shown`, in the crop's own light. result: 3 planes of `count` in [0, 1], from there to `own`.
  void back(const std::uint8_t* crop, const std::uint8_t* shown, const float* result, int count, float* own) const;

 private:
  LightSettings settings_;
  float gain_[3] = {1, 1, 1};
};

// More light on a whole picture, to look for faces in.
class Brightness {
 public:
  explicit Brightness(const LightSettings& settings = {}) : bright_(settings.bright) {}

  // `picture` with its colours multiplied until each has bright places, upright, valid until the next call. nullptr
  // where it has them.
  Picture* brightened(const Picture& picture);

 private:
  bool look(const Picture& picture);  // Fill `shown_`; false: nothing has to be done.

  float bright_;
  std::uint8_t shown_[3][256] = {};   // colour, its value -> the value that is shown
  std::vector<std::uint8_t> pixels_;  // allocates when pictures grow only
  Picture picture_;
};

}  // namespace mfs
