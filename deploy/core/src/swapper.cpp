// The whole way from a frame to a swapped frame: swap/swapper.py and video/clip_faces.py.
//
// frame -> track (faces) -> align (crops) -> paint (IDN) -> change -> paste. All crops are cut before any is pasted.

#include <algorithm>
#include <cmath>

#include "align.h"
#include "change.h"
#include "detail.h"
#include "identity.h"
#include "light.h"
#include "status.h"
#include "tensor.h"
#include "timing.h"
#include "track.h"

namespace mfs {
namespace {

constexpr int SIZE = 224;  // pixels, side of the crop
constexpr int PIXELS = SIZE * SIZE;
constexpr float UNCHANGED = 2.0f / 255;  // a result whose every pixel is this near to the target is no swap
constexpr float DETAIL_RATE = 0.5f;      // of the way the damping of a tracked face goes in each frame

// A swapped face on its way into the frame.
struct Patch {
  Matrix matrix;
  std::vector<std::uint8_t> crop = std::vector<std::uint8_t>(PIXELS * 3);
  std::vector<float> change = std::vector<float>(PIXELS * 3);
  int memory = -1;  // index
};

// What is remembered of a tracked face: the mean of the damping so far.
struct FaceMemory {
  int id = -1;  // -1: free
  bool is_new = true;
  std::vector<float> damping = std::vector<float>(PIXELS);
};

class NetworkSwapper final : public Swapper {
 public:
  NetworkSwapper(const Bundle& bundle, Networks& networks, const SwapOptions& options)
      : bundle_(bundle), networks_(networks), options_(options) {}

  Status load() {
    const BundleContents& contents = bundle_.contents();
    MFS_TRY(load(contents.blazeface.nb, contents.blazeface.spec, detector_));
    MFS_TRY(load(contents.facemesh.nb, contents.facemesh.spec, mesh_));
    analyser_ = std::make_unique<FaceAnalyser>(*detector_, contents.blazeface.spec.inputs[0], *mesh_,
                                               contents.facemesh.spec.inputs[0], contents.settings.detector,
                                               contents.settings.mesh, contents.settings.light);
    tracker_ = std::make_unique<FaceTracker>(*analyser_, track_settings());
    return {};
  }

  Status set_identity(const Identity& identity) override {
    const IdentityModel& model = identity.model();
    std::unique_ptr<Network> loaded;
    MFS_TRY(load(model.nb, model.spec, loaded));
    idn_ = std::move(loaded);
    idn_input_ = model.spec.inputs[0];
    for (FaceMemory& memory : memories_) memory.id = -1;  // another face contradicts other detail
    return {};
  }

  Result<Swapped> swap(const Frame& frame, double seconds) override {
    if (!idn_) return Status{"no identity is set; choose one first"};
    MFS_TRY(check_frame(frame));
    Stopwatch whole, watch;
    networks_time_ = 0;
    picture_.set(frame);
    MFS_TRY(tracker_->update(picture_, seconds, &tracked_));
    forget_ended();
    remember_boxes();
    faces_.add(watch.lap());

    double align_time = 0, paint_time = 0, change_time = 0;
    std::size_t swapped = 0;
    for (const TrackedFace& tracked : tracked_) {
      if (patches_.size() == swapped) patches_.emplace_back();
      Patch& patch = patches_[swapped];
      if (!alignment(tracked.face->five, SIZE, &patch.matrix)) continue;
      align(picture_, patch.matrix, SIZE, warp_, patch.crop.data());
      light_.look(patch.crop.data(), SIZE);
      if (light_.is_dark()) continue;
      const std::uint8_t* shown = light_.is_usual() ? patch.crop.data() : shown_.data();
      if (!light_.is_usual()) light_.known(patch.crop.data(), PIXELS, shown_.data());
      to_tensor(shown, PIXELS, idn_input_.mean, idn_input_.std, idn_->input(0));
      align_time += watch.lap();
      MFS_TRY(idn_->run());
      paint_time += watch.lap();
      const float* result = idn_->output(0);
      const float largest = change_(shown, result, patch.change.data());
      if (!std::isfinite(largest) || largest < UNCHANGED) continue;
      if (!light_.is_usual()) {
        light_.back(patch.crop.data(), shown, result, PIXELS, own_light_.data());
        result = own_light_.data();
        change_(patch.crop.data(), result, patch.change.data());
      }
      patch.memory = memory_of(tracked.id);
      damp(patch, result);
      change_time += watch.lap();
      ++swapped;
    }
    watch.lap();
    for (std::size_t i = 0; i < swapped; ++i) {
      Patch& patch = patches_[i];
      paste_(picture_, patch.change.data(), patch.matrix, patch.crop.data(), memories_[patch.memory].damping.data());
    }
    if (!tracked_.empty()) {
      align_.add(align_time);
      paint_.add(paint_time);
      change_stage_.add(change_time);
      paste_stage_.add(watch.lap());
    }
    network_stage_.add(networks_time_);
    frame_.add(whole.lap());
    return Swapped{static_cast<int>(tracked_.size()), static_cast<int>(swapped)};
  }

  void reset() override {
    tracker_->reset();
    for (FaceMemory& memory : memories_) memory.id = -1;
  }

  void set_options(const SwapOptions& options) override {
    options_ = options;
    tracker_->set_settings(track_settings());
    reset();
  }

  const std::vector<FaceBox>& faces() const override { return boxes_; }

  std::vector<StageTiming> timings() const override {
    std::vector<StageTiming> timings;
    for (const Stage* stage : {&faces_, &align_, &paint_, &change_stage_, &paste_stage_, &network_stage_, &frame_}) {
      if (!stage->is_empty()) timings.push_back(stage->timing());
    }
    return timings;
  }

  void clear_timings() override {
    for (Stage* stage : {&faces_, &align_, &paint_, &change_stage_, &paste_stage_, &network_stage_, &frame_})
      stage->clear();
  }

 private:
  TrackSettings track_settings() const {
    TrackSettings settings = bundle_.contents().settings.track;
    settings.every = std::max(options_.search_every, 1);
    settings.smooth = options_.smooth;
    settings.only_largest = options_.faces == Faces::largest;
    return settings;
  }

  Status load(Bytes nb, const NetworkSpec& spec, std::unique_ptr<Network>& loaded) {
    auto network = networks_.load(nb.data, nb.size, spec);
    if (!network.ok()) return network.status();
    loaded = std::make_unique<TimedNetwork>(std::move(network.value()), networks_time_);
    return {};
  }

  void forget_ended() {
    for (FaceMemory& memory : memories_) {
      if (memory.id >= 0 && !tracker_->is_alive(memory.id)) memory.id = -1;
    }
  }

  int memory_of(int id) {
    int free = -1;
    for (std::size_t i = 0; i < memories_.size(); ++i) {
      if (memories_[i].id == id) return static_cast<int>(i);
      if (memories_[i].id < 0) free = static_cast<int>(i);
    }
    if (free < 0) {
      free = static_cast<int>(memories_.size());
      memories_.emplace_back();
    }
    memories_[free].id = id;
    memories_[free].is_new = true;
    return free;
  }

  // The damping of the picture's detail, steadied in time.
  void damp(const Patch& patch, const float* result) {
    FaceMemory& memory = memories_[patch.memory];
    float* mean = memory.damping.data();
    if (memory.is_new) {
      detail_(patch.crop.data(), result, mean);
    } else {
      detail_(patch.crop.data(), result, damping_.data());
      for (int i = 0; i < PIXELS; ++i) mean[i] += DETAIL_RATE * (damping_[i] - mean[i]);
    }
    memory.is_new = false;
  }

  void remember_boxes() {
    boxes_.clear();
    const Matrix to_memory = invert(picture_.to_upright());
    for (const TrackedFace& tracked : tracked_) {
      const Box& box = tracked.face->box;
      const Point a = transform({box.x1, box.y1}, to_memory), b = transform({box.x2, box.y2}, to_memory);
      boxes_.push_back({tracked.id,
                        {static_cast<float>(std::min(a.x, b.x)), static_cast<float>(std::min(a.y, b.y)),
                         static_cast<float>(std::max(a.x, b.x)), static_cast<float>(std::max(a.y, b.y))}});
    }
  }

  const Bundle bundle_;
  Networks& networks_;
  SwapOptions options_;
  double networks_time_ = 0;  // milliseconds in this frame
  std::unique_ptr<Network> detector_, mesh_, idn_;
  TensorSpec idn_input_;
  std::unique_ptr<FaceAnalyser> analyser_;
  std::unique_ptr<FaceTracker> tracker_;
  Picture picture_;
  Warp warp_;
  Change change_{SIZE};
  Detail detail_{SIZE, bundle_.contents().settings.detail};
  Paste paste_{SIZE, bundle_.contents().settings.paste};
  std::vector<TrackedFace> tracked_;
  std::vector<FaceBox> boxes_;
  std::vector<Patch> patches_;
  std::vector<FaceMemory> memories_;
  std::vector<float> damping_ = std::vector<float>(PIXELS);
  Light light_{bundle_.contents().settings.light};
  std::vector<std::uint8_t> shown_ = std::vector<std::uint8_t>(PIXELS * 3);  // the crop in a light that the IDN knows
  std::vector<float> own_light_ = std::vector<float>(PIXELS * 3);            // the result in the crop's own
  Stage faces_{"faces"}, align_{"align"}, paint_{"paint"}, change_stage_{"change"}, paste_stage_{"paste"},
      network_stage_{"networks"}, frame_{"frame"};
};

}  // namespace

Result<std::unique_ptr<Swapper>> Swapper::open(const Bundle& bundle, Networks& networks, const SwapOptions& options) {
  MFS_TRY(check_target(bundle, networks));
  auto swapper = std::make_unique<NetworkSwapper>(bundle, networks, options);
  MFS_TRY(swapper->load());
  return std::unique_ptr<Swapper>(std::move(swapper));
}

}  // namespace mfs
