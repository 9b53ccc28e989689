// Light: usual light is left alone, little and coloured light is brought to the known and back, none is seen; whole
// pictures are brightened.

#include "light.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "check.h"

namespace {

constexpr int SIZE = 64, COUNT = SIZE * SIZE;

std::vector<std::uint8_t> crop(int red, int green, int blue) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < COUNT; ++i) {
    for (const int value : {red, green, blue}) pixels.push_back(static_cast<std::uint8_t>(value));
  }
  return pixels;
}

// A camera's frame is brightened as the upright picture that it means; one with bright places is left alone.
void brightened_pictures() {
  constexpr int WIDTH = 42, HEIGHT = 30;
  std::vector<std::uint8_t> y(WIDTH * HEIGHT), vu(WIDTH * HEIGHT / 2, 128);
  for (int i = 0; i < WIDTH * HEIGHT; ++i) y[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i % WIDTH);
  mfs::Frame frame = mfs::Frame::nv21(y.data(), WIDTH, vu.data(), WIDTH, WIDTH, HEIGHT);
  frame.rotation = 90;
  mfs::Picture picture;
  picture.set(frame);
  mfs::Brightness brightness;
  mfs::Picture* bright = brightness.brightened(picture);
  CHECK(bright != nullptr && bright->width() == HEIGHT && bright->height() == WIDTH);
  if (bright == nullptr) return;
  const mfs::Pixels& pixels = bright->read({0, 0, HEIGHT, WIDTH});
  for (int row = 0; row < WIDTH; ++row) {  // a grey ramp from 0 to 41; 98 % of every fourth are at most 40
    const double wanted = std::nearbyint(row * 150.0f / 40);
    for (int colour = 0; colour < 3; ++colour) CHECK_NEAR(pixels.at(7, row)[colour], wanted, 0);
  }
  std::fill(y.begin(), y.begin() + WIDTH * HEIGHT / 4, std::uint8_t{200});
  CHECK(brightness.brightened(picture) == nullptr);
}

}  // namespace

int main() {
  mfs::Light light;
  light.look(crop(150, 110, 90).data(), SIZE);
  CHECK(light.is_usual() && !light.is_dark());

  const auto dim = crop(30, 35, 120);
  light.look(dim.data(), SIZE);
  CHECK(!light.is_usual() && !light.is_dark());
  CHECK_NEAR(light.gain(0), 3, 1e-6);
  CHECK_NEAR(light.gain(1), 2, 1e-6);
  CHECK_NEAR(light.gain(2), 1, 0);
  std::vector<std::uint8_t> shown(3 * COUNT);
  light.known(dim.data(), COUNT, shown.data());
  CHECK(shown[0] == 90 && shown[1] == 70 && shown[2] == 120);

  // what is not changed comes back as it was, what is by as much less
  std::vector<float> result(3 * COUNT), own(3 * COUNT);
  for (int i = 0; i < COUNT; ++i) {
    result[static_cast<std::size_t>(i)] = 90.0f / 255;
    result[static_cast<std::size_t>(COUNT + i)] = 100.0f / 255;
    result[static_cast<std::size_t>(2 * COUNT + i)] = 2;  // at most white
  }
  light.back(dim.data(), shown.data(), result.data(), COUNT, own.data());
  CHECK_NEAR(own[5] * 255, 30, 1e-4);
  CHECK_NEAR(own[COUNT + 5] * 255, 35 + 30 / 2.0, 1e-4);
  CHECK(own[2 * COUNT + 5] == 1);

  // the middle counts, not the border
  auto framed = crop(255, 255, 255);
  for (int y = 16; y < 60; ++y) {
    for (int x = 16; x < 48; ++x) std::fill_n(framed.begin() + 3 * (y * SIZE + x), 3, std::uint8_t{1});
  }
  light.look(framed.data(), SIZE);
  CHECK(light.is_dark());
  light.look(crop(0, 0, 3).data(), SIZE);  // blue, but light
  CHECK(!light.is_dark());

  brightened_pictures();
  return mfs_test::result();
}
