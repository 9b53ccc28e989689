// Milliseconds of the CPU's time of everything but the networks, in one thread, on 720p NV21 frames: bench_pixels
// [repeats [side]]
//
// One line a step, "name<TAB>median<TAB>95th percentile"; "frame" is what a followed face costs in each frame: all
// steps but those of the detector, whose turn comes rarely. The crop spans `side` pixels of the frame (344: a face a
// third as high as the frame is wide) and is rolled by 10 degrees; the camera's frames lie on their side, as those of
// phones do.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "align.h"
#include "analysis.h"
#include "change.h"
#include "detail.h"
#include "paste.h"
#include "resize.h"
#include "tensor.h"

using namespace mfs;

namespace {

constexpr int WIDTH = 1280, HEIGHT = 720, SIZE = 224;

// A network that takes no time, for what is done around it.
class Nothing : public Network {
 public:
  Nothing(std::size_t inputs, std::size_t first, std::size_t second)
      : input_(inputs), outputs_{std::vector<float>(first), std::vector<float>(second)} {}
  float* input(std::size_t) override { return input_.data(); }
  Status run() override { return {}; }
  const float* output(std::size_t index) const override { return outputs_[index].data(); }
  std::vector<float>& values(std::size_t index) { return outputs_[index]; }

 private:
  std::vector<float> input_, outputs_[2];
};

struct Step {
  std::string name;
  std::vector<double> times;
};

double at(std::vector<double> times, double share) {
  std::sort(times.begin(), times.end());
  return times[std::min(times.size() - 1, static_cast<std::size_t>(share * static_cast<double>(times.size())))];
}

}  // namespace

int main(int count, char** words) {
  const int repeats = std::max(count > 1 ? std::atoi(words[1]) : 100, 1);
  const double side = count > 2 ? std::max(std::atof(words[2]), 32.0) : 344;
  std::vector<std::uint8_t> y(WIDTH * HEIGHT), vu(WIDTH * HEIGHT / 2);
  unsigned noise = 1;
  for (int i = 0; i < WIDTH * HEIGHT; ++i) {
    noise = noise * 1664525u + 1013904223u;
    y[i] =
        static_cast<std::uint8_t>(128 + 60 * std::sin(i % WIDTH / 23.0) * std::cos(i / WIDTH / 31.0) + (noise >> 28));
  }
  for (std::size_t i = 0; i < vu.size(); ++i)
    vu[i] = static_cast<std::uint8_t>(128 + 30 * std::sin(static_cast<double>(i) / 2000));
  Frame frame = Frame::nv21(y.data(), WIDTH, vu.data(), WIDTH, WIDTH, HEIGHT);
  frame.rotation = 270, frame.mirrored = true;

  const double scale = SIZE / side, c = scale * std::cos(0.17), s = scale * std::sin(0.17), x = HEIGHT / 2,
               mid = WIDTH / 2;
  const Matrix matrix = {{c, s, 112 - c * x - s * mid, -s, c, 112 + s * x - c * mid}};
  const Region where = {{x, mid}, 1.05 * side, 0.17};
  std::vector<std::uint8_t> crop(SIZE * SIZE * 3);
  std::vector<float> input(3 * SIZE * SIZE), result(input.size()), change(input.size()), damping(SIZE * SIZE);

  Nothing blazeface(3 * 128 * 128, 896 * 16, 896), facemesh(3 * 192 * 192, 3 * MESH_POINTS, 1);
  std::fill(blazeface.values(1).begin(), blazeface.values(1).end(), -5.0f);
  for (int i = 100; i < 110; ++i)
    blazeface.values(1)[i] = 2, blazeface.values(0)[16 * i + 2] = 40, blazeface.values(0)[16 * i + 3] = 40;
  for (int i = 0; i < 3 * MESH_POINTS; ++i) facemesh.values(0)[i] = static_cast<float>(40 + i * 7919 % 110);
  const TensorSpec spec = {"image", {1, 3, 0, 0}, 0, 1};
  Detector detector(blazeface, spec);
  Landmarker landmarker(facemesh, spec);
  std::vector<Detection> detections;
  Landmarks landmarks;

  Picture picture;
  Warp warp;
  AreaResize area;
  Change change_of(SIZE);
  Detail contradicted(SIZE);
  Paste paste(SIZE);
  float presence = 0, largest = 0;
  std::vector<std::uint8_t> sampled(WIDTH * HEIGHT * 3 / 25 + 3 * WIDTH), small(32 * 32 * 3);

  std::vector<Step> steps;
  for (const char* name : {"detector's view of all", "thumbnail for cuts", "view of the mesh", "crop", "tensor",
                           "change", "detail", "paste", "frame"}) {
    steps.push_back({name, {}});
  }
  for (int i = -3; i < repeats; ++i) {  // the first ones to warm up
    std::size_t step = 0;
    double sum = 0;
    std::clock_t before = std::clock();
    const auto done = [&](bool each_frame = true) {
      const double took = 1000.0 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
      if (i >= 0) steps[step].times.push_back(took);
      sum += each_frame ? took : 0;
      ++step;
      before = std::clock();
    };
    picture.set(frame);
    const Matrix all = whole_view(128, picture.width(), picture.height());
    if (!detector.detect(picture, &all, 1, &detections).ok()) return EXIT_FAILURE;
    done(false);
    picture.set(frame);  // nothing converted yet
    before = std::clock();
    picture.set(frame);
    picture.sample(5, sampled.data());
    area(sampled.data(), HEIGHT / 5, WIDTH / 5, 3, 32, 32, small.data());
    done();
    if (!landmarker.look(picture, where, &landmarks, &presence).ok()) return EXIT_FAILURE;
    done();
    align(picture, matrix, SIZE, warp, crop.data());
    done();
    to_tensor(crop.data(), SIZE * SIZE, 0, 1, input.data());
    done();
    for (int k = 0; k < 3 * SIZE * SIZE; ++k) {  // the network's part: a face that is another in most of the crop
      const int column = k % SIZE - 112, row = k / SIZE % SIZE - 112;
      const float inside = column * column + row * row < 90 * 90 ? 0.2f : 0.0f;
      result[k] = input[k] * (1 - inside) + inside * 0.5f;
    }
    before = std::clock();
    largest += change_of(crop.data(), result.data(), change.data());
    done();
    contradicted(crop.data(), result.data(), damping.data());
    done();
    paste(picture, change.data(), matrix, crop.data(), damping.data());
    done();
    if (i >= 0) steps[step].times.push_back(sum);
  }
  for (const Step& step : steps)
    std::printf("%s\t%.3f\t%.3f\n", step.name.c_str(), at(step.times, 0.5), at(step.times, 0.95));
  return largest > 0 && !detections.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}
