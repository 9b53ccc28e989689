#include "identity.h"

#include <cmath>
#include <cstring>

#include "sha256.h"
#include "status.h"

namespace mfs {
namespace {

constexpr std::size_t kLongestHead = 4096;  // bytes of an identity file's first line

std::shared_ptr<IdentityModel> model_of(std::vector<std::uint8_t> nb, const NetworkSpec& spec) {
  auto bytes = std::make_shared<const std::vector<std::uint8_t>>(std::move(nb));
  auto model = std::make_shared<IdentityModel>();
  model->nb = {bytes->data(), bytes->size()};
  model->spec = spec;
  model->owner = std::move(bytes);
  return model;
}

bool are_finite(const std::uint8_t* floats, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    float value;
    std::memcpy(&value, floats + 4 * i, 4);
    if (!std::isfinite(value)) return false;
  }
  return true;
}

// Whether `nb` is the template but for finite weights in the segments.
bool is_of(const BundleContents& bundle, const std::uint8_t* nb) {
  std::size_t at = 0;
  for (const Segment& segment : bundle.segments) {
    if (std::memcmp(nb + at, bundle.idn.nb.data + at, segment.file_offset - at) != 0) return false;
    if (!are_finite(nb + segment.file_offset, segment.count)) return false;
    at = segment.file_offset + 4 * segment.count;
  }
  return std::memcmp(nb + at, bundle.idn.nb.data + at, bundle.idn.nb.size - at) == 0;
}

}  // namespace

const std::string& Identity::name() const { return model_->name; }
const std::string& Identity::source_sha256() const { return model_->source_sha256; }

Status Identity::save(const std::string& path) const {
  Json head = Json::object();
  head.set("paddle_mfs_identity", 1);
  head.set("name", model_->name);
  head.set("source_sha256", model_->source_sha256);
  head.set("bytes", static_cast<double>(model_->nb.size));
  head.set("sha256", sha256(model_->nb.data, model_->nb.size));
  const std::string line = head.dump() + "\n";
  return write_file(path, {{reinterpret_cast<const std::uint8_t*>(line.data()), line.size()}, model_->nb});
}

Result<Identity> patched_identity(const BundleContents& bundle, const float* weights, const std::string& name,
                                  const std::string& source_sha256) {
  std::vector<std::uint8_t> nb(bundle.idn.nb.data, bundle.idn.nb.data + bundle.idn.nb.size);
  for (const Segment& segment : bundle.segments) {
    std::memcpy(nb.data() + segment.file_offset, weights + segment.weights_offset, 4 * segment.count);
    if (!are_finite(nb.data() + segment.file_offset, segment.count)) {
      return error(name, "the networks of " + bundle.name + " gave weights that are no numbers; use another picture");
    }
  }
  auto model = model_of(std::move(nb), bundle.idn.spec);
  model->name = name;
  model->source_sha256 = source_sha256;
  return Identity(std::move(model));
}

Identity bundled_identity(const std::shared_ptr<const BundleContents>& bundle, const BundledIdentity& identity) {
  auto model = std::make_shared<IdentityModel>();
  model->name = identity.name;
  model->source_sha256 = identity.source_sha256;
  model->nb = identity.nb;
  model->spec = bundle->idn.spec;
  model->owner = bundle;
  return Identity(std::move(model));
}

Result<Identity> read_identity(const BundleContents& bundle, const std::string& path) {
  auto file = read_file(path, bundle.idn.nb.size + kLongestHead);
  if (!file.ok()) return file.status();
  std::vector<std::uint8_t>& bytes = file.value();
  const Status damaged = error(path, "damaged, or no identity file; inject the source again");
  const auto* end = static_cast<const std::uint8_t*>(std::memchr(bytes.data(), '\n', bytes.size()));
  if (!end) return damaged;
  const auto head_size = static_cast<std::size_t>(end - bytes.data()) + 1;
  auto head = parse_json({reinterpret_cast<const char*>(bytes.data()), head_size});
  if (!head.ok() || head.value().at("paddle_mfs_identity").whole() != 1) return damaged;
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(head_size));
  if (head.value().at("bytes").whole() != static_cast<std::int64_t>(bytes.size()) ||
      head.value().at("sha256").text() != sha256(bytes.data(), bytes.size())) {
    return damaged;
  }
  if (bytes.size() != bundle.idn.nb.size || !is_of(bundle, bytes.data())) {
    return error(path, "was made from another bundle than " + bundle.name + "; inject the source again");
  }
  auto model = model_of(std::move(bytes), bundle.idn.spec);
  model->name = head.value().at("name").text();
  model->source_sha256 = head.value().at("source_sha256").text();
  return Identity(std::move(model));
}

}  // namespace mfs
