// The pixels of a swap, held against the Python package: crop, change, damping, and the picture with the face pasted
// in; as RGB and RGBA, NV21 and planes with any strides, any way round.

#include <cmath>
#include <string>

#include "align.h"
#include "change.h"
#include "detail.h"
#include "golden.h"
#include "light.h"
#include "paste.h"

using namespace mfs;
using mfs_test::Array;
using mfs_test::Golden;

namespace {

constexpr int SIZE = 224;
constexpr double STEP = 1.0 / 255;

using Bytes = std::vector<std::uint8_t>;

// What is needed of a golden case to paste its face.
struct Patch {
  explicit Patch(const std::string& name) {
    const Golden& golden = Golden::vectors();
    change = golden.array<float>(name, "change"), damping = golden.array<float>(name, "damping");
    crop = golden.array<std::uint8_t>(name, "crop");
    const auto values = golden.array<double>(name, "matrix");
    std::copy_n(values.values.data(), 6, matrix.a);
  }
  void paste(Picture& picture) const {
    Paste paste(SIZE);
    paste(picture, change.values.data(), matrix, crop.values.data(), damping.values.data());
  }
  Array<float> change, damping;
  Array<std::uint8_t> crop;
  Matrix matrix;
};

struct Difference {
  int largest = 0;
  std::size_t count = 0;
};

Difference difference(const Bytes& a, const Bytes& b) {
  Difference found;
  CHECK(a.size() == b.size());
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    found.largest = std::max(found.largest, std::abs(a[i] - b[i]));
    found.count += a[i] != b[i];
  }
  return found;
}

// No more than a step, and that in one byte of `rarely` at most.
void check_same(const std::string& what, const Bytes& a, const Bytes& b, int rarely = 500) {
  const Difference found = difference(a, b);
  if (found.count > 0)
    std::printf("%s: %zu of %zu bytes differ, by %d at most\n", what.c_str(), found.count, a.size(), found.largest);
  CHECK(found.largest <= 1);
  CHECK(found.count <= a.size() / static_cast<std::size_t>(rarely));
}

std::vector<std::string> swapped_cases() {
  std::vector<std::string> names;
  for (const std::string& name : Golden::vectors().cases()) {
    if (Golden::vectors().has(name, "result")) names.push_back(name);
  }
  CHECK(names.size() >= 8);
  return names;
}

// Whether a case is tried turned that way (0 to 3 quarters, mirrored from 4 on): a small one of odd sides in all eight,
// the others upright and in one more, each in its own.
bool is_tried(const std::string& name, std::size_t index, int turn) {
  return name == "small" || turn == 0 || turn == 1 + static_cast<int>(index % 7);
}

// The memory that stands upright once it is turned clockwise by `rotation` and, then, mirrored: planes of `bytes` a
// sample.
Bytes laid_down(const std::uint8_t* upright, int width, int height, int bytes, int rotation, bool mirrored) {
  Bytes memory(static_cast<std::size_t>(width) * height * bytes);
  const bool is_turned = rotation % 180 != 0;
  const int columns = is_turned ? height : width;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int u = mirrored ? width - 1 - x : x;
      int column = u, row = y;
      if (rotation == 90) column = y, row = width - 1 - u;
      if (rotation == 180) column = width - 1 - u, row = height - 1 - y;
      if (rotation == 270) column = height - 1 - y, row = u;
      std::copy_n(upright + (static_cast<std::size_t>(y) * width + x) * bytes, bytes,
                  memory.data() + (static_cast<std::size_t>(row) * columns + column) * bytes);
    }
  }
  return memory;
}

// Planes of a camera's frame in one block of memory with gaps, as Android hands them out.
struct Camera {
  Camera(const Bytes& y, const Bytes& u, const Bytes& v, int width, int height, int row_gap, int pixel_stride)
      : width(width),
        height(height),
        samples((width + 1) / 2),
        rows((height + 1) / 2),
        luma_stride(width + row_gap),
        chroma_stride(samples * pixel_stride + row_gap),
        step(pixel_stride) {
    luma.assign(static_cast<std::size_t>(luma_stride) * height, 77);
    chroma.assign(static_cast<std::size_t>(chroma_stride) * rows * 2 + 2, 78);
    for (int r = 0; r < height; ++r) std::copy_n(y.data() + r * width, width, luma.data() + r * luma_stride);
    put(u, plane(0)), put(v, plane(1));
    luma_before = luma, chroma_before = chroma;
  }
  // pixel stride 2: interleaved, V first (NV21); else one plane after the other
  Plane plane(int index) {
    std::uint8_t* begin = chroma.data() + (step == 2 ? 1 - index : index * chroma_stride * rows);
    return {begin, chroma_stride, step};
  }
  // of a golden case: BT.601 in full range, or BT.709 in video range
  Frame frame(const std::string& name) {
    Frame frame = Frame::yuv420({luma.data(), luma_stride, 1}, plane(0), plane(1), width, height);
    if (name == "upright_video") frame.range = YuvRange::video, frame.matrix = YuvMatrix::bt709;
    return frame;
  }
  void put(const Bytes& from, Plane to) {
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < samples; ++c) to.data[r * to.row_stride + c * to.pixel_stride] = from[r * samples + c];
    }
  }
  Bytes get(Plane from) {
    Bytes values;
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < samples; ++c) values.push_back(from.data[r * from.row_stride + c * from.pixel_stride]);
    }
    return values;
  }
  Bytes get_luma() const {
    Bytes values;
    for (int r = 0; r < height; ++r)
      values.insert(values.end(), luma.begin() + r * luma_stride, luma.begin() + r * luma_stride + width);
    return values;
  }
  // bytes between the rows and planes that are nobody's
  bool gaps_are_untouched() {
    for (int r = 0; r < height; ++r) {
      for (int c = width; c < luma_stride; ++c) {
        if (luma[r * luma_stride + c] != 77) return false;
      }
    }
    Bytes used(chroma.size(), 0);
    for (int i = 0; i < 2; ++i) {
      const Plane p = plane(i);
      for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < samples; ++c) used[p.data - chroma.data() + r * p.row_stride + c * p.pixel_stride] = 1;
      }
    }
    for (std::size_t i = 0; i < chroma.size(); ++i) {
      if (!used[i] && chroma[i] != 78) return false;
    }
    return true;
  }
  int width, height, samples, rows;
  std::ptrdiff_t luma_stride, chroma_stride;
  int step;
  Bytes luma, chroma, luma_before, chroma_before;
};

void crops_are_pythons() {
  for (const std::string& name : swapped_cases()) {
    const auto pixels = Golden::vectors().array<std::uint8_t>(name, "picture");
    const Patch patch(name);
    Picture picture;
    picture.set(mfs_test::frame_of(pixels));
    Bytes crop(SIZE * SIZE * 3);
    Warp warp;
    align(picture, patch.matrix, SIZE, warp, crop.data());
    check_same(name, crop, patch.crop.values);
  }
}

void light_is_pythons() {
  int unusual = 0;
  for (const std::string& name : swapped_cases()) {
    const Patch patch(name);
    const auto gain = Golden::vectors().array<float>(name, "gain");
    const auto wanted = Golden::vectors().array<std::uint8_t>(name, "shown");
    const auto painted = Golden::vectors().array<float>(name, "painted");
    const auto result = Golden::vectors().array<float>(name, "result");
    Light light;
    light.look(patch.crop.values.data(), SIZE);
    for (int c = 0; c < 3; ++c) CHECK_NEAR(light.gain(c), gain.values[c], 1e-5);
    CHECK(!light.is_dark());
    if (light.is_usual()) {
      CHECK(wanted.values == patch.crop.values && painted.values == result.values);
      continue;
    }
    ++unusual;
    Bytes shown(wanted.values.size());
    std::vector<float> own(result.values.size());
    light.known(patch.crop.values.data(), SIZE * SIZE, shown.data());
    check_same(name, shown, wanted.values);
    light.back(patch.crop.values.data(), wanted.values.data(), painted.values.data(), SIZE * SIZE, own.data());
    double most = 0;
    for (std::size_t i = 0; i < own.size(); ++i) most = std::max<double>(most, std::abs(own[i] - result.values[i]));
    CHECK(most < 1e-5);
  }
  CHECK(unusual > 0);
}

void change_and_damping_are_pythons() {
  for (const std::string& name : swapped_cases()) {
    const Patch patch(name);
    const auto result = Golden::vectors().array<float>(name, "result");
    std::vector<float> change(3 * SIZE * SIZE), damping(SIZE * SIZE);
    Change change_of(SIZE);
    Detail contradicted(SIZE);
    const float largest = change_of(patch.crop.values.data(), result.values.data(), change.data());
    contradicted(patch.crop.values.data(), result.values.data(), damping.data());
    double most = 0, most_damped = 0;
    for (std::size_t i = 0; i < change.size(); ++i)
      most = std::max<double>(most, std::abs(change[i] - patch.change.values[i]));
    for (std::size_t i = 0; i < damping.size(); ++i) {
      most_damped = std::max<double>(most_damped, std::abs(damping[i] - patch.damping.values[i]));
    }
    CHECK(most < 1e-5);
    CHECK(most_damped < 0.1 * STEP);
    float expected = 0;
    for (int i = 0; i < 3 * SIZE * SIZE; ++i) {
      expected = std::max(
          expected, std::abs(result.values[i] - patch.crop.values[i % (SIZE * SIZE) * 3 + i / (SIZE * SIZE)] / 255.0f));
    }
    CHECK_NEAR(largest, expected, 1e-6);
    CHECK(largest > 0.05f);
  }
}

void a_result_that_is_not_finite_is_noticed() {
  Bytes crop(16 * 16 * 3, 51);
  std::vector<float> result(3 * 16 * 16, 0.2f), change(result.size());
  Change change_of(16);
  CHECK_NEAR(change_of(crop.data(), result.data(), change.data()), 0, 1e-6);
  result[17] = 0.1f;
  CHECK_NEAR(change_of(crop.data(), result.data(), change.data()), 0.1, 1e-6);
  for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
    result[20] = bad;
    CHECK(std::isinf(change_of(crop.data(), result.data(), change.data())));
  }
}

void pasted_pictures_are_pythons() {
  std::size_t index = 0;
  for (const std::string& name : swapped_cases()) {
    ++index;
    const Patch patch(name);
    const auto before = Golden::vectors().array<std::uint8_t>(name, "picture");
    const auto wanted = Golden::vectors().array<std::uint8_t>(name, "pasted");
    const int height = before.shape[0], width = before.shape[1];
    for (int turn = 0; turn < 8; ++turn) {
      if (!is_tried(name, index, turn)) continue;
      const int rotation = turn % 4 * 90;
      const bool mirrored = turn >= 4;
      Bytes memory = laid_down(before.values.data(), width, height, 3, rotation, mirrored);
      const bool is_turned = rotation % 180 != 0;
      Frame frame = Frame::rgb(
          {memory.data(), is_turned ? height : width, is_turned ? width : height, 3 * (is_turned ? height : width)});
      frame.rotation = rotation, frame.mirrored = mirrored;
      CHECK(check_frame(frame).ok());
      if (!(check_frame(frame).ok())) return;
      Picture picture;
      picture.set(frame);
      patch.paste(picture);
      const Bytes expected = laid_down(wanted.values.data(), width, height, 3, rotation, mirrored);
      check_same(name + " turned by " + std::to_string(rotation) + (mirrored ? ", mirrored" : ""), memory, expected);
    }
  }
}

void crops_of_turned_frames_are_the_upright_ones() {
  std::size_t index = 2;
  for (const std::string name : {"large", "upright", "edge", "small"}) {
    ++index;
    const Patch patch(name);
    const auto pixels = Golden::vectors().array<std::uint8_t>(name, "picture");
    const int height = pixels.shape[0], width = pixels.shape[1];
    for (int turn = 0; turn < 8; ++turn) {
      if (!is_tried(name, index, turn)) continue;
      const int rotation = turn % 4 * 90;
      Bytes memory = laid_down(pixels.values.data(), width, height, 3, rotation, turn >= 4);
      const int columns = turn % 2 != 0 ? height : width, rows = turn % 2 != 0 ? width : height;
      Bytes rgba;
      for (std::size_t i = 0; i < memory.size(); i += 3)
        rgba.insert(rgba.end(), {memory[i], memory[i + 1], memory[i + 2], 9});
      Frame frame = turn % 3 == 0 ? Frame::rgba(rgba.data(), columns, rows, 4 * columns)
                                  : Frame::rgb({memory.data(), columns, rows, 3 * columns});
      frame.rotation = rotation, frame.mirrored = turn >= 4;
      Picture picture;
      picture.set(frame);
      CHECK(picture.width() == width && picture.height() == height);
      Bytes crop(SIZE * SIZE * 3);
      Warp warp;
      align(picture, patch.matrix, SIZE, warp, crop.data());
      const Difference found = difference(crop, patch.crop.values);
      CHECK(found.largest <= 1);
      CHECK(found.count < crop.size() / 500);
    }
  }
}

void rgba_keeps_its_alpha_and_what_nothing_reaches() {
  const Patch patch("turned");
  const auto before = Golden::vectors().array<std::uint8_t>("turned", "picture");
  const auto wanted = Golden::vectors().array<std::uint8_t>("turned", "pasted");
  const int height = before.shape[0], width = before.shape[1], stride = 4 * width + 24;
  Bytes memory(static_cast<std::size_t>(stride) * height, 33);
  for (int i = 0; i < width * height; ++i)
    std::copy_n(before.values.data() + 3 * i, 3, memory.data() + i / width * stride + i % width * 4);
  Picture picture;
  picture.set(Frame::rgba(memory.data(), width, height, stride));
  patch.paste(picture);
  int changed = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < stride; ++x) {
      const std::uint8_t value = memory[y * stride + x];
      if (x >= 4 * width || x % 4 == 3) {
        CHECK(value == 33);
        continue;
      }
      const std::size_t i = static_cast<std::size_t>(y * width + x / 4) * 3 + x % 4;
      CHECK(std::abs(value - wanted.values[i]) <= 1);
      CHECK(value == before.values[i] ||
            std::abs(value - before.values[i]) >= std::abs(wanted.values[i] - before.values[i]) - 1);
      changed += value != before.values[i];
    }
  }
  CHECK(changed > width * height / 4);
}

void yuv_is_read_as_it_is_meant() {
  for (const std::string name : {"upright_yuv", "edge_yuv", "upright_video"}) {
    const Golden& golden = Golden::vectors();
    const auto y = golden.array<std::uint8_t>(name, "y"), u = golden.array<std::uint8_t>(name, "u"),
               v = golden.array<std::uint8_t>(name, "v");
    const auto wanted = golden.array<std::uint8_t>(name, "picture");
    Camera camera(y.values, u.values, v.values, y.shape[1], y.shape[0], 13, 2);
    Picture picture;
    picture.set(camera.frame(name));
    const Pixels pixels = picture.read({0, 0, picture.width(), picture.height()});
    Bytes rgb(wanted.values.size());
    for (int i = 0; i < picture.width() * picture.height(); ++i) {
      std::copy_n(pixels.at(i % picture.width(), i / picture.width()), 3, rgb.data() + 3 * i);
    }
    // video's luma and chroma are added in 1/32 steps
    check_same(name, rgb, wanted.values, name == "upright_video" ? 20 : 500);
    const int step = 3, columns = (picture.width() + 2) / 3, rows = (picture.height() + 2) / 3;
    Bytes sampled(static_cast<std::size_t>(columns) * rows * 3);
    picture.sample(step, sampled.data());
    for (int i = 0; i < columns * rows; ++i) {
      for (int c = 0; c < 3; ++c) {
        const std::size_t at =
            (static_cast<std::size_t>(i / columns * step) * picture.width() + i % columns * step) * 3 + c;
        CHECK(sampled[3 * i + c] == rgb[at]);
      }
    }
  }
}

void yuv_frames_are_edited_as_python_edits_them() {
  const Golden& golden = Golden::vectors();
  for (const std::string name : {"upright_yuv", "edge_yuv", "upright_video"}) {
    const Patch patch(name);
    const auto y = golden.array<std::uint8_t>(name, "y"), u = golden.array<std::uint8_t>(name, "u"),
               v = golden.array<std::uint8_t>(name, "v");
    const int height = y.shape[0], width = y.shape[1];
    for (int turn = 0; turn < 8; ++turn) {
      const int rotation = turn % 4 * 90, step = 1 + turn % 3;
      const bool mirrored = turn >= 4;
      if (turn != 0 && (width % 2 != 0 || height % 2 != 0)) continue;  // turned, other pixels share a chroma sample
      if (mfs_test::is_quick() && turn % 5 != 0) continue;
      const auto down = [&](const Array<std::uint8_t>& plane) {
        return laid_down(plane.values.data(), plane.shape[1], plane.shape[0], 1, rotation, mirrored);
      };
      Camera camera(down(y), down(u), down(v), turn % 2 != 0 ? height : width, turn % 2 != 0 ? width : height, turn,
                    step);
      Frame frame = camera.frame(name);
      frame.rotation = rotation, frame.mirrored = mirrored;
      CHECK(check_frame(frame).ok());
      if (!(check_frame(frame).ok())) return;
      Picture picture;
      picture.set(frame);
      patch.paste(picture);
      const std::string what = name + " turned by " + std::to_string(rotation) + (mirrored ? ", mirrored" : "");
      check_same(what + ", Y", camera.get_luma(), down(golden.array<std::uint8_t>(name, "pasted_y")));
      // each is told by twelve bytes, any of which may differ by a step
      check_same(what + ", U", camera.get(camera.plane(0)), down(golden.array<std::uint8_t>(name, "pasted_u")), 300);
      check_same(what + ", V", camera.get(camera.plane(1)), down(golden.array<std::uint8_t>(name, "pasted_v")), 300);
      CHECK(camera.gaps_are_untouched());
      CHECK(camera.luma != camera.luma_before);
    }
  }
}

void luma_may_have_a_pixel_stride_too() {
  const Golden& golden = Golden::vectors();
  const Patch patch("upright_yuv");
  const auto y = golden.array<std::uint8_t>("upright_yuv", "y"), u = golden.array<std::uint8_t>("upright_yuv", "u");
  const auto v = golden.array<std::uint8_t>("upright_yuv", "v"),
             wanted = golden.array<std::uint8_t>("upright_yuv", "pasted_y");
  const int height = y.shape[0], width = y.shape[1];
  Bytes wide(y.values.size() * 2, 5), us = u.values, vs = v.values;
  for (std::size_t i = 0; i < y.values.size(); ++i) wide[2 * i] = y.values[i];
  Picture picture;
  picture.set(
      Frame::yuv420({wide.data(), 2 * width, 2}, {us.data(), width / 2, 1}, {vs.data(), width / 2, 1}, width, height));
  patch.paste(picture);
  for (std::size_t i = 0; i < y.values.size(); ++i)
    CHECK(std::abs(wide[2 * i] - wanted.values[i]) <= 1 && wide[2 * i + 1] == 5);
}

void no_change_leaves_every_byte() {
  const Golden& golden = Golden::vectors();
  Patch patch("upright_yuv");
  std::fill(patch.change.values.begin(), patch.change.values.end(), 0.0f);
  std::fill(patch.damping.values.begin(), patch.damping.values.end(), 0.0f);
  const auto y = golden.array<std::uint8_t>("upright_yuv", "y"), u = golden.array<std::uint8_t>("upright_yuv", "u");
  const auto v = golden.array<std::uint8_t>("upright_yuv", "v");
  Camera camera(y.values, u.values, v.values, y.shape[1], y.shape[0], 0, 2);
  Picture picture;
  picture.set(camera.frame("upright_yuv"));
  patch.paste(picture);
  CHECK(camera.luma == camera.luma_before && camera.chroma == camera.chroma_before);
}

void a_face_outside_the_picture_changes_nothing_and_harms_nothing() {
  Patch patch("upright");
  for (const double away : {-5000.0, -400.0, 400.0, 1e7, 1e300}) {
    Bytes memory(64 * 48 * 3, 128);
    Picture picture;
    picture.set(Frame::rgb({memory.data(), 64, 48, 64 * 3}));
    patch.matrix.a[2] = away;
    patch.paste(picture);
    Bytes crop(SIZE * SIZE * 3);
    Warp warp;
    align(picture, patch.matrix, SIZE, warp, crop.data());
    CHECK(crop[0] == 128 && crop.back() == 128);  // mirrored, however far
    if (std::abs(away) > 1000) CHECK(memory == Bytes(memory.size(), 128));
  }
}

}  // namespace

int main() {
  crops_are_pythons();
  light_is_pythons();
  change_and_damping_are_pythons();
  a_result_that_is_not_finite_is_noticed();
  pasted_pictures_are_pythons();
  crops_of_turned_frames_are_the_upright_ones();
  rgba_keeps_its_alpha_and_what_nothing_reaches();
  yuv_is_read_as_it_is_meant();
  yuv_frames_are_edited_as_python_edits_them();
  luma_may_have_a_pixel_stride_too();
  no_change_leaves_every_byte();
  a_face_outside_the_picture_changes_nothing_and_harms_nothing();
  return mfs_test::result();
}
