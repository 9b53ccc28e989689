// A source picture becomes an Identity: swap/baker.py, with networks instead of Paddle.
//
// picture -> largest face -> aligned crop -> encoder (embedding, feature) -> IIN (weights) -> the template's bytes

#include <algorithm>
#include <cstring>

#include "align.h"
#include "analysis.h"
#include "identity.h"
#include "sha256.h"
#include "status.h"
#include "tensor.h"

namespace mfs {
namespace {

// As the Python package hashes an array: its shape, then its pixels.
std::string pixels_sha256(const RgbView& picture) {
  const std::string shape = "(" + std::to_string(picture.height) + ", " + std::to_string(picture.width) + ", 3)";
  Sha256 hash;
  hash.add(shape.data(), shape.size());
  for (int y = 0; y < picture.height; ++y) hash.add(picture.data + y * picture.stride, std::size_t(picture.width) * 3);
  return hash.hex();
}

class NetworkInjector final : public Injector {
 public:
  NetworkInjector(const Bundle& bundle, std::vector<std::unique_ptr<Network>> networks)
      : bundle_(bundle),
        networks_(std::move(networks)),
        analyser_(*networks_[0], contents().blazeface.spec.inputs[0], *networks_[1], contents().facemesh.spec.inputs[0],
                  contents().settings.detector, contents().settings.mesh, contents().settings.light) {}

  Result<Identity> inject(RgbView view, const std::string& name, const std::string& source_sha256) override {
    const Frame frame = Frame::rgb(view);
    if (const Status status = check_frame(frame); !status.ok()) return error(name, status.message);
    picture_.set(frame);
    Face face;
    Matrix matrix;
    MFS_TRY(analyser_.largest(picture_, name, &face));
    const TensorSpec& input = contents().encoder->spec.inputs[0];
    const auto side = static_cast<int>(input.shape.back());
    if (!alignment(face.five, side, &matrix)) return error(name, "no face found; use another picture");
    std::vector<std::uint8_t> crop(static_cast<std::size_t>(side * side) * 3);
    align(picture_, matrix, side, warp_, crop.data());
    to_tensor(crop.data(), side * side, input.mean, input.std, encoder().input(0));
    MFS_TRY(encoder().run());
    for (std::size_t i = 0; i < 2; ++i) {
      std::memcpy(iin().input(i), encoder().output(i), sizeof(float) * contents().iin->spec.inputs[i].size());
    }
    MFS_TRY(iin().run());
    return patched_identity(contents(), iin().output(0), name,
                            source_sha256.empty() ? pixels_sha256(view) : source_sha256);
  }

 private:
  const BundleContents& contents() const { return bundle_.contents(); }
  Network& encoder() { return *networks_[2]; }
  Network& iin() { return *networks_[3]; }

  const Bundle bundle_;
  const std::vector<std::unique_ptr<Network>> networks_;
  FaceAnalyser analyser_;
  Picture picture_;
  Warp warp_;
};

}  // namespace

Result<std::unique_ptr<Injector>> Injector::open(const Bundle& bundle, Networks& networks) {
  const BundleContents& contents = bundle.contents();
  MFS_TRY(check_target(bundle, networks));
  if (!bundle.can_inject()) {
    return error(contents.name, "takes no new source: " + contents.injection_refused + "; use one of its identities");
  }
  std::vector<std::unique_ptr<Network>> loaded;
  for (const NetworkFile* file : {&contents.blazeface, &contents.facemesh, &*contents.encoder, &*contents.iin}) {
    auto network = networks.load(file->nb.data, file->nb.size, file->spec);
    if (!network.ok()) return network.status();
    loaded.push_back(std::move(network.value()));
  }
  return std::unique_ptr<Injector>(std::make_unique<NetworkInjector>(bundle, std::move(loaded)));
}

}  // namespace mfs
