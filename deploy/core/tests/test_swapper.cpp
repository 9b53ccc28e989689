// The whole way of a frame, with networks that always see a face: every kind of frame, nothing touched outside of the
// face, no memory allocated once it is warm, errors as values.

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "analysis.h"
#include "bundle.h"
#include "check.h"
#include "fake_networks.h"
#include "make_bundle.h"
#include "mfs/mfs.h"

namespace {
std::atomic<long> allocations{0};
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  std::abort();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size ? size : 1);
}
[[gnu::noinline]] void* operator new[](std::size_t size) { return operator new(size); }
[[gnu::noinline]] void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace {

using mfs::Frame;
using mfs_test::Bytes;

constexpr int WIDTH = 320, HEIGHT = 240;

// A picture with structure, the same each time.
Bytes noise(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 12345;
  for (std::uint8_t& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(96 + (state >> 26));
  }
  return bytes;
}

// A frame in memory, of every kind.
struct Held {
  Bytes bytes;
  Frame frame;
};

Held held(const char* kind, int rotation, bool mirrored) {
  Held one;
  const std::size_t pixels = std::size_t{WIDTH} * HEIGHT;
  one.bytes = noise(pixels * 4);
  std::uint8_t* data = one.bytes.data();
  const std::string name = kind;
  if (name == "rgb") one.frame = Frame::rgb({data, WIDTH, HEIGHT, WIDTH * 3});
  if (name == "rgba") one.frame = Frame::rgba(data, WIDTH, HEIGHT, WIDTH * 4);
  if (name == "nv21") one.frame = Frame::nv21(data, WIDTH, data + pixels, WIDTH, WIDTH, HEIGHT);
  if (name == "yuv420") {
    one.frame = Frame::yuv420({data, WIDTH + 16, 1}, {data + 2 * pixels, WIDTH, 2}, {data + 3 * pixels, WIDTH / 2, 1},
                              WIDTH, HEIGHT);
  }
  one.frame.rotation = rotation;
  one.frame.mirrored = mirrored;
  return one;
}

std::size_t changed_bytes(const Bytes& a, const Bytes& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return count;
}

void test_frames(mfs::Swapper& swapper) {
  for (const char* kind : {"rgb", "rgba", "nv21", "yuv420"}) {
    for (const int rotation : {0, 90, 180, 270}) {
      for (const bool mirrored : {false, true}) {
        if (kind[3] == 'a' && rotation % 180 != 0) continue;  // rgba lies as rgb does
        if (mfs_test::is_quick() && (kind[3] == '4' || rotation > 90)) continue;
        Held one = held(kind, rotation, mirrored);
        const Bytes before = one.bytes;
        swapper.reset();
        const auto swapped = swapper.swap(one.frame, 0);
        CHECK(swapped.ok() && swapped.value().found == 1 && swapped.value().swapped == 1);
        const std::size_t changed = changed_bytes(before, one.bytes);
        CHECK(changed > 5000 && changed < one.bytes.size() / 2);
        CHECK(std::memcmp(before.data(), one.bytes.data(), 3 * 16) == 0);  // a corner, far from the face
        CHECK(swapper.faces().size() == 1);
        const float* box = swapper.faces()[0].box;
        CHECK(box[0] > 0 && box[1] > 0 && box[2] < WIDTH && box[3] < HEIGHT && box[2] - box[0] > 50 &&
              box[3] - box[1] > 50);
      }
    }
  }
}

void test_allocations(mfs::Swapper& swapper) {
  for (const char* kind : {"rgba", "nv21"}) {
    Held one = held(kind, 90, true);
    const Bytes before = one.bytes;
    swapper.reset();
    long counted = 0;
    for (int frame = 0; frame < (mfs_test::is_quick() ? 14 : 24); ++frame) {
      if (frame == 12) counted = allocations;
      std::copy(before.begin(), before.end(), one.bytes.begin());
      const auto swapped = swapper.swap(one.frame, frame / 30.0);
      if (!swapped.ok() || swapped.value().swapped != 1) CHECK(false);
    }
    CHECK_NEAR(static_cast<double>(allocations - counted), 0, 0);
  }
  if (mfs_test::is_quick()) return;
  // without a face, too
  Held dark = held("nv21", 0, false);
  std::fill(dark.bytes.begin(), dark.bytes.begin() + WIDTH * HEIGHT, std::uint8_t{0});
  std::fill(dark.bytes.begin() + WIDTH * HEIGHT, dark.bytes.end(), std::uint8_t{128});
  const Bytes before = dark.bytes;
  swapper.reset();
  long counted = 0;
  for (int frame = 0; frame < 50; ++frame) {
    if (frame == 35) counted = allocations;
    const auto swapped = swapper.swap(dark.frame, frame / 30.0);
    if (!swapped.ok() || swapped.value().found != 0) CHECK(false);
  }
  CHECK_NEAR(static_cast<double>(allocations - counted), 0, 0);
  CHECK(dark.bytes == before);
}

// A face that shows in more light only.
void test_allocations_of_a_dark_search(const mfs::BundleContents& contents) {
  const mfs::NetworkSpec &detector_spec = contents.blazeface.spec, &mesh_spec = contents.facemesh.spec;
  mfs_test::FakeNetwork detector(detector_spec), mesh(mesh_spec);
  mfs::FaceAnalyser analyser(detector, detector_spec.inputs[0], mesh, mesh_spec.inputs[0]);
  Held dark = held("nv21", 90, false);
  std::fill(dark.bytes.begin(), dark.bytes.begin() + WIDTH * HEIGHT, std::uint8_t{5});
  std::fill(dark.bytes.begin() + WIDTH * HEIGHT, dark.bytes.end(), std::uint8_t{128});
  mfs::Picture picture;
  std::vector<mfs::Face> faces;
  long counted = 0;
  for (int search = 0; search < 4; ++search) {
    if (search == 2) counted = allocations;
    picture.set(dark.frame);
    if (!analyser.faces(picture, false, &faces).ok() || faces.size() != 1) CHECK(false);
  }
  CHECK_NEAR(static_cast<double>(allocations - counted), 0, 0);
}

void test_errors(const mfs::Bundle& bundle, mfs::Swapper& swapper, mfs_test::FakeNetworks& networks) {
  Held one = held("rgb", 0, false);
  const Bytes before = one.bytes;
  Frame wrong = one.frame;
  wrong.rotation = 45;
  CHECK(!swapper.swap(wrong, 0).ok());
  wrong = one.frame;
  wrong.planes[0].data = nullptr;
  CHECK(!swapper.swap(wrong, 0).ok());
  wrong = one.frame;
  wrong.width = 0;
  CHECK(!swapper.swap(wrong, 0).ok());
  networks.idn->is_broken = true;
  swapper.reset();
  CHECK(swapper.swap(one.frame, 0).message() == "idn: broken");
  networks.idn->is_broken = false;
  CHECK(one.bytes == before);

  auto without = mfs::Swapper::open(bundle, networks);
  CHECK(!without.value()->swap(one.frame, 0).ok());  // no identity yet
  const auto arm = mfs::Bundle::from_bytes(mfs_test::bundle_of(mfs_test::deploy_json("arm")), "arm.zip").value();
  CHECK(mfs::Swapper::open(arm, networks).message().find("arm.zip: made for arm") == 0);
  CHECK(!mfs::Injector::open(arm, networks).ok());
  auto injector = mfs::Injector::open(bundle, networks);
  CHECK(injector.ok() && !injector.value()->inject({nullptr, 0, 0, 0}, "a.jpg").ok());
  Bytes tiny(3 * 4 * 4, 200);
  CHECK(!injector.value()->inject({tiny.data(), 4, 4, 12}, "a.jpg").ok());
}

void test_timings(mfs::Swapper& swapper) {
  swapper.clear_timings();
  CHECK(swapper.timings().empty());
  Held one = held("rgb", 0, false);
  swapper.reset();
  for (int frame = 0; frame < 6; ++frame) (void)swapper.swap(one.frame, frame / 30.0);
  const auto timings = swapper.timings();
  CHECK(timings.size() == 7);
  for (const auto& one_stage : timings) {
    CHECK(one_stage.frames == 6 && one_stage.median <= one_stage.p95 && one_stage.median >= 0);
  }
  CHECK(std::string(timings.back().stage) == "frame" && timings.back().median > timings.front().median);
}

}  // namespace

int main() {
  const auto bundle = mfs::Bundle::from_bytes(mfs_test::bundle_of(mfs_test::deploy_json()), "b.zip").value();
  mfs_test::FakeNetworks networks;
  auto swapper = mfs::Swapper::open(bundle, networks).value().release();
  CHECK(swapper->set_identity(bundle.identity("anna").value()).ok());
  test_frames(*swapper);
  test_allocations(*swapper);
  test_allocations_of_a_dark_search(bundle.contents());
  test_errors(bundle, *swapper, networks);
  CHECK(swapper->set_identity(bundle.identity("anna").value()).ok());
  test_timings(*swapper);
  delete swapper;
  return mfs_test::result();
}
