#include "scene_cut.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace mfs {
namespace {

constexpr int REACH = 3;         // thumbnail pixels a thing may move between frames
constexpr float TOLERANCE = 16;  // of 255, in each colour
constexpr int BINS = 6;          // of the histogram, in each colour
constexpr double THRESHOLD = 0.12;
constexpr double SAME = 10;  // mean difference of thumbnails: below it there is nothing to look into
constexpr int PIXELS = CUT_SIDE * CUT_SIDE;

// 1 2 1 both ways, rounded, as OpenCV's GaussianBlur of 3 x 3; mirrored at the border without its last pixel twice.
Thumbnail blurred(const std::array<std::uint8_t, PIXELS * 3>& small) {
  constexpr int row = CUT_SIDE * 3;
  std::array<int, PIXELS * 3> across;
  for (int y = 0; y < CUT_SIDE; ++y) {
    const std::uint8_t* from = small.data() + y * row;
    int* to = across.data() + y * row;
    for (int k = 3; k < row - 3; ++k) to[k] = from[k - 3] + 2 * from[k] + from[k + 3];
    for (int k = 0; k < 3; ++k) {
      to[k] = 2 * (from[k] + from[k + 3]), to[row - 3 + k] = 2 * (from[row - 3 + k] + from[row - 6 + k]);
    }
  }
  Thumbnail result;
  for (int y = 0; y < CUT_SIDE; ++y) {
    const int* from = across.data() + y * row;
    const int *above = from + (y > 0 ? -row : row), *below = from + (y + 1 < CUT_SIDE ? row : -row);
    for (int k = 0; k < row; ++k) {
      result[static_cast<std::size_t>(y * row + k)] = static_cast<float>((above[k] + 2 * from[k] + below[k] + 8) >> 4);
    }
  }
  return result;
}

// The thumbnail with mean 128 and standard deviation 48.
Thumbnail evened(const Thumbnail& thumbnail) {
  double sum = 0, squares = 0;
  for (const float value : thumbnail) sum += value;
  const double mean = sum / thumbnail.size();
  for (const float value : thumbnail) squares += (value - mean) * (value - mean);
  const double scale = 48 / std::max(std::sqrt(squares / thumbnail.size()), 8.0);
  Thumbnail result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = static_cast<float>(std::clamp((thumbnail[i] - mean) * scale + 128, 0.0, 255.0));
  }
  return result;
}

// Share of the pixels of `b` outside the range that `a` has around their place.
double unexplained(const Thumbnail& a, const Thumbnail& b) {
  int outside = 0;
  for (int y = 0; y < CUT_SIDE; ++y) {
    for (int x = 0; x < CUT_SIDE; ++x) {
      const int top = std::max(y - REACH, 0), bottom = std::min(y + REACH, CUT_SIDE - 1);
      const int left = std::max(x - REACH, 0), right = std::min(x + REACH, CUT_SIDE - 1);
      bool is_outside = false;
      for (int colour = 0; colour < 3 && !is_outside; ++colour) {
        float least = 255, most = 0;
        for (int v = top; v <= bottom; ++v) {
          for (int u = left; u <= right; ++u) {
            const float value = a[static_cast<std::size_t>((v * CUT_SIDE + u) * 3 + colour)];
            least = std::min(least, value);
            most = std::max(most, value);
          }
        }
        const float value = b[static_cast<std::size_t>((y * CUT_SIDE + x) * 3 + colour)];
        is_outside = value < least - TOLERANCE || value > most + TOLERANCE;
      }
      outside += is_outside;
    }
  }
  return static_cast<double>(outside) / PIXELS;
}

using Histogram = std::array<double, BINS * BINS * BINS>;

// Share of the pixels by colour, each shared between neighbouring bins: slight changes stay slight.
Histogram histogram(const Thumbnail& thumbnail) {
  Histogram shares{};
  for (int pixel = 0; pixel < PIXELS; ++pixel) {
    int low[3];
    double part[3];
    for (int colour = 0; colour < 3; ++colour) {
      const float value = thumbnail[static_cast<std::size_t>(pixel * 3 + colour)];
      const double place = std::clamp(value * (BINS / 256.0) - 0.5, 0.0, BINS - 1.001);
      low[colour] = static_cast<int>(place);
      part[colour] = place - low[colour];
    }
    for (int corner = 0; corner < 8; ++corner) {
      int index = 0;
      double share = 1;
      for (int colour = 0; colour < 3; ++colour) {
        const int step = corner >> (2 - colour) & 1;
        index = index * BINS + low[colour] + step;
        share *= step ? part[colour] : 1 - part[colour];
      }
      shares[static_cast<std::size_t>(index)] += share / PIXELS;
    }
  }
  return shares;
}

double one_difference(const Thumbnail& a, const Thumbnail& b) {
  const double places = std::min(unexplained(a, b), unexplained(b, a));
  if (places <= THRESHOLD * THRESHOLD) return 0;  // no colours can make that a cut
  const Histogram one = histogram(a), other = histogram(b);
  double colours = 0;
  for (std::size_t i = 0; i < one.size(); ++i) colours += std::fabs(one[i] - other[i]) / 2;
  return std::sqrt(colours * places);
}

}  // namespace

bool CutDetector::operator()(const Picture& picture) {
  const Thumbnail now = thumbnail(picture);
  const bool is_first = width_ == 0, is_other_size = width_ != picture.width() || height_ != picture.height();
  const bool is_cut = !is_first && (is_other_size || difference(last_, now) > THRESHOLD);
  width_ = picture.width();
  height_ = picture.height();
  last_ = now;
  return is_cut;
}

Thumbnail CutDetector::thumbnail(const Picture& picture) {
  // averaging a sample of the pixels is enough, and quick on large frames
  const int step = std::max(1, std::min(picture.width(), picture.height()) / 128);
  const int width = (picture.width() + step - 1) / step, height = (picture.height() + step - 1) / step;
  sample_.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  picture.sample(step, sample_.data());
  std::array<std::uint8_t, PIXELS * 3> small;
  area_(sample_.data(), width, height, 3, CUT_SIDE, CUT_SIDE, small.data());
  return blurred(small);
}

double difference(const Thumbnail& a, const Thumbnail& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::fabs(a[i] - b[i]);
  if (sum / static_cast<double>(a.size()) < SAME) return 0;
  const double as_it_is = one_difference(a, b);
  return as_it_is > THRESHOLD ? std::min(as_it_is, one_difference(evened(a), evened(b))) : as_it_is;
}

}  // namespace mfs
