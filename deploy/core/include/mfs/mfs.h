// The whole interface of the core: from a source picture and a frame to a swapped frame, on a phone.
//
//     bundle    -> networks -> Injector: source picture -> Identity (once, a second or so)
//     Identity  -> Swapper:    frame -> the same frame with that face (every frame)
//
// Conventions, everywhere: pixel centres are at integers; pictures are RGB, 8 bits a colour; tensors are float32,
// channels first; lengths are pixels, times seconds, durations milliseconds. Names and steps are those of the Python
// package paddle_mfs. Nothing throws across this interface: what can fail returns a Status, or a Result with one.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mfs {

// The version of the core, "1.2.3".
const char* version();

// ---------------------------------------------------------------------------------------------------------- errors

// How something ended: fine, or one sentence that names the file (or picture) and the remedy.
struct [[nodiscard]] Status {
  std::string message;  // empty: fine
  bool ok() const { return message.empty(); }
};

// A value, or the Status that says why there is none. `value()` may only be asked when `ok()`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit, as in `return value;`
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: `return Status{"..."};`
  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  const std::string& message() const { return status_.message; }
  T& value() { return *value_; }
  const T& value() const { return *value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

// -------------------------------------------------------------------------------------------------------- geometry

struct Point {
  double x = 0, y = 0;
};

// A 2x3 matrix, row major. It maps p to (a[0] x + a[1] y + a[2], a[3] x + a[4] y + a[5]).
struct Matrix {
  double a[6] = {1, 0, 0, 0, 1, 0};
};

// Somebody else's picture: interleaved RGB, rows `stride` bytes apart.
struct RgbView {
  std::uint8_t* data = nullptr;
  int width = 0, height = 0;
  std::ptrdiff_t stride = 0;
};

// ---------------------------------------------------------------------------------------------------------- frames

enum class PixelFormat {
  rgb,     // planes[0], pixel_stride 3 (or more: what follows the three bytes is left alone)
  rgba,    // planes[0], pixel_stride 4; alpha is left alone
  yuv420,  // planes Y, U, V; the latter of half the size, rounded up
};

// What the numbers of YUV mean. Full: Y, U and V from 0 to 255; video: Y from 16 to 235, U and V from 16 to 240.
enum class YuvRange { full, video };
enum class YuvMatrix { bt601, bt709 };

// Bytes of a frame, read and written in place: pixel (x, y) begins at data + y row_stride + x pixel_stride.
struct Plane {
  std::uint8_t* data = nullptr;
  std::ptrdiff_t row_stride = 0;
  int pixel_stride = 1;
};

// A camera's picture in the caller's own memory, which the swap changes in place.
struct Frame {
  PixelFormat format = PixelFormat::rgb;
  int width = 0, height = 0;  // as it lies in memory
  Plane planes[3];
  YuvRange range = YuvRange::full;  // of yuv420: as most of Android's cameras give it, JPEG's; of decoded clips: video
  YuvMatrix matrix = YuvMatrix::bt601;
  int rotation = 0;       // 0, 90, 180 or 270: degrees clockwise by which it has to be turned to stand upright
  bool mirrored = false;  // once upright, left and right are swapped (a front camera's picture shown as a mirror)

  static Frame rgb(RgbView picture);
  static Frame rgba(std::uint8_t* data, int width, int height, std::ptrdiff_t row_stride);
  // `vu`: the second plane of NV21, V first. Give NV12 and YUV_420_888 by their planes.
  static Frame nv21(std::uint8_t* y, std::ptrdiff_t y_stride, std::uint8_t* vu, std::ptrdiff_t vu_stride, int width,
                    int height);
  static Frame yuv420(Plane y, Plane u, Plane v, int width, int height);
};

// -------------------------------------------------------------------------------------------------------- networks

struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  float mean = 0, std = 1;   // of inputs: the network takes (RGB in [0, 1] - mean) / std
  std::size_t size() const;  // how many numbers
};

// What a network takes and gives, by place: names inside .nb files vary.
struct NetworkSpec {
  std::string name;  // "idn", "encoder", ...: what messages and cache files call it
  std::vector<TensorSpec> inputs, outputs;
};

// A loaded network with room for its inputs and outputs. One thread at a time.
class Network {
 public:
  virtual ~Network() = default;
  virtual float* input(std::size_t index) = 0;               // where to write it, `inputs[index].size()` numbers
  virtual Status run() = 0;                                  // allocates nothing of its own after the first time
  virtual const float* output(std::size_t index) const = 0;  // `outputs[index].size()` numbers, until the next run
};

// What runs networks: Paddle-Lite on a phone, a Python process on a desktop. Safe from several threads; so are two of
// its networks at the same time.
class Networks {
 public:
  virtual ~Networks() = default;
  // A network from the bytes of its .nb file, which are not needed afterwards. The caller has checked their hash:
  // Paddle-Lite ends the process on a damaged file, and on one made for another target or version.
  virtual Result<std::unique_ptr<Network>> load(const std::uint8_t* bytes, std::size_t size,
                                                const NetworkSpec& spec) = 0;
  virtual std::string name() const = 0;  // "Paddle-Lite 2.13rc0, gpu, 2 threads"
  // The target whose .nb files run here, as `Bundle::target` has it; what is opened with another bundle says so.
  virtual std::string target() const = 0;
};

enum class Device { cpu, gpu, nnapi };
enum class Precision { fp32, fp16 };
enum class PowerMode { high, low, full, no_bind };

struct DeviceOptions {
  Device device = Device::cpu;
  int threads = 2;                        // of the CPU, for what runs there
  PowerMode power = PowerMode::no_bind;   // which cores
  Precision precision = Precision::fp16;  // of the GPU; the CPU's is in the .nb file
  bool tune = false;                      // let the GPU try its kernels at the first start (seconds, then cached)
  std::string cache_folder;               // for compiled GPU and NNAPI programs; empty: compile at each start
};

// Paddle-Lite's C++ interface (src/paddle_lite_networks.cpp, linked on phones). A device that is not there is an error:
// fall back by asking for another.
Result<std::unique_ptr<Networks>> paddle_lite_networks(const DeviceOptions& options);

// x86 .nb files in a process `PYTHON -m paddle_mfs.runtime.serve` (src/process_networks.cpp, linked on desktops).
Result<std::unique_ptr<Networks>> process_networks(const std::string& python);

// ---------------------------------------------------------------------------------------------------------- bundle

struct BundleContents;  // src/bundle.h
struct IdentityModel;   // src/identity.h

// A face that can be put on: an IDN with its weights. Cheap to copy.
class Identity {
 public:
  const std::string& name() const;
  const std::string& source_sha256() const;  // hex, of the source picture; empty when it is not known

  // Keep it in a file, so that a source has to be injected once only. The file is replaced as a whole.
  Status save(const std::string& path) const;

  explicit Identity(std::shared_ptr<const IdentityModel> model) : model_(std::move(model)) {}
  const IdentityModel& model() const { return *model_; }

 private:
  std::shared_ptr<const IdentityModel> model_;
};

// A file made by `tools/export_lite.py --bundle`: all networks and deploy.json. Cheap to copy, read-only, safe from
// several threads.
class Bundle {
 public:
  // Reads and checks everything: sizes, SHA-256 of every member, shapes, places of weights. Refuses, naming the file,
  // what is truncated, tampered with, of another format, or lacks a part.
  static Result<Bundle> open(const std::string& path);
  // The same of bytes in memory (an Android asset); `name` is what messages call them.
  static Result<Bundle> from_bytes(std::vector<std::uint8_t> bytes, const std::string& name);

  const std::string& made_by() const;            // "paddle_mfs 1.2.3"
  const std::string& target() const;             // "arm", "gpu", "nnapi", "x86"
  const std::string& precision() const;          // "fp32", "fp16", "int8"
  const std::string& paddlelite() const;         // the version that the runtime must have
  bool needs_extra() const;                      // whether the runtime must be one built with extra operators
  bool can_inject() const;                       // whether a new source can be taken: see `injection_refused`
  const std::string& injection_refused() const;  // why not; empty when it can

  std::vector<std::string> identities() const;  // names of those bundled, first the default one
  Result<Identity> identity(const std::string& name) const;
  // An identity saved by `Identity::save`; refused when it was made from another bundle or is damaged.
  Result<Identity> load_identity(const std::string& path) const;

  // What an output says about itself, a JSON object as the Python package writes it: software, version, synthetic,
  // digital_source_type, created (`seconds` since 1970, UTC), source and weights. `target_sha256` may be empty.
  std::string provenance(const Identity& identity, std::int64_t seconds, const std::string& target_sha256 = {}) const;

  explicit Bundle(std::shared_ptr<const BundleContents> contents) : contents_(std::move(contents)) {}
  const BundleContents& contents() const { return *contents_; }

 private:
  std::shared_ptr<const BundleContents> contents_;
};

// The XMP packet (UTF-8) for JPEG, PNG, WebP and MP4 of a record that `Bundle::provenance` made.
std::string xmp_packet(const std::string& provenance);

// --------------------------------------------------------------------------------------------------------- injection

// Makes identities from pictures. It has networks of its own: use it in a background thread while a Swapper runs, and
// drop it when done, since the IIN is large.
class Injector {
 public:
  static Result<std::unique_ptr<Injector>> open(const Bundle& bundle, Networks& networks);
  virtual ~Injector() = default;

  // The identity of the largest face of `picture`, upright or turned. `name`: for messages and `Identity::name`.
  // `source_sha256`: of the picture's file, hex; empty: of the pixels, as the Python package hashes arrays.
  virtual Result<Identity> inject(RgbView picture, const std::string& name, const std::string& source_sha256 = {}) = 0;
};

// -------------------------------------------------------------------------------------------------------------- swap

enum class Faces { largest, all };

struct SwapOptions {
  Faces faces = Faces::largest;  // largest: of the moment it was found, then that one as long as it is there
  bool smooth = true;            // steady landmarks in time (One-Euro filter)
  int search_every = 10;         // frames between two looks at the same place for new faces
};

// What was done in a frame.
struct Swapped {
  int found = 0;    // faces that are to be swapped
  int swapped = 0;  // of them, those that were: an identity whose weights leave a face as it is swaps none
};

// Milliseconds of one step, over the last 240 frames in which it ran.
struct StageTiming {
  const char* stage;  // "faces", "align", "paint", "change", "paste"; "networks": all of them; "frame": all of it
  int frames;
  double mean, median, p95;
};

// A face of the last frame, for overlays: its id and its box in the frame's own memory layout (x1 y1 x2 y2).
struct FaceBox {
  int id;
  float box[4];
};

// Swaps the faces of one clip or camera, frame by frame. One thread at a time. After the first frames of a size (and
// number of faces) it allocates no memory.
class Swapper {
 public:
  static Result<std::unique_ptr<Swapper>> open(const Bundle& bundle, Networks& networks,
                                               const SwapOptions& options = {});
  virtual ~Swapper() = default;

  // What faces get from the next frame on; until the first one `swap` is an error. Loads the identity's network, which
  // takes a moment (seconds on a GPU that has to compile); when that fails the one before stays.
  virtual Status set_identity(const Identity& identity) = 0;

  // Swaps the faces of `frame` in place; pixels that nothing changed keep their bytes. `seconds`: when it was taken.
  // A frame without a face is fine. An error (a frame of impossible shape, a network that failed) leaves it as it was.
  virtual Result<Swapped> swap(const Frame& frame, double seconds) = 0;

  // Forget faces and times: another clip, another camera, a single picture (reset, then swap with seconds 0).
  virtual void reset() = 0;

  virtual void set_options(const SwapOptions& options) = 0;  // from the next frame on; forgets faces, as `reset` does
  virtual const std::vector<FaceBox>& faces() const = 0;     // of the last frame
  virtual std::vector<StageTiming> timings() const = 0;
  virtual void clear_timings() = 0;
};

}  // namespace mfs
