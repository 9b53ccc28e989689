#include "bundle.h"

#include <algorithm>

#include "identity.h"
#include "sha256.h"
#include "status.h"

namespace mfs {
namespace {

constexpr std::size_t kMost = std::size_t{256} << 20;  // bytes of a bundle
constexpr int kFormat = 1;
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 28;  // of a tensor
const char* const kAgain = "; make the bundle again";

// Reads deploy.json into contents, and holds the members against it.
class Reader {
 public:
  explicit Reader(BundleContents& contents) : to_(contents), deploy_(contents.deploy) {}

  Status read() {
    if (const std::int64_t format = deploy_.at("format").whole(); format != kFormat) {
      return bad("deploy.json is of format " + (format < 0 ? "unknown" : std::to_string(format)) +
                 ", this program reads " + std::to_string(kFormat) + "; update the older of the two");
    }
    MFS_TRY(read_files());
    to_.made_by = deploy_.at("made_by").text();
    to_.target = deploy_.at("target").text();
    to_.precision = deploy_.at("precision").text();
    to_.paddlelite = deploy_.at("paddlelite").text();
    to_.needs_extra = deploy_.at("needs_extra").truth();
    if (to_.target.empty() || to_.paddlelite.empty())
      return bad("deploy.json names no target or no paddlelite version");
    MFS_TRY(read_networks());
    MFS_TRY(read_constants());
    MFS_TRY(read_identities());
    return read_patch();
  }

 private:
  Status bad(const std::string& what) const { return error(to_.name, what); }

  // Every member is listed with its size and hash, and every one listed is there.
  Status read_files() {
    const Json& files = deploy_.at("files");
    for (const auto& [file, facts] : files.members()) {
      const auto member = to_.zip.members.find(file);
      if (member == to_.zip.members.end()) return bad(file + " is missing" + kAgain);
      const Bytes bytes = member->second;
      if (facts.at("bytes").whole() != static_cast<std::int64_t>(bytes.size)) {
        return bad(file + " has " + std::to_string(bytes.size) + " bytes, not those that deploy.json names" + kAgain);
      }
      if (facts.at("sha256").text() != sha256(bytes.data, bytes.size)) {
        return bad(file + " is not the file that deploy.json names (SHA-256)" + kAgain);
      }
    }
    for (const auto& [file, bytes] : to_.zip.members) {
      if (file != "deploy.json" && file.back() != '/' && files.at(file).is(Json::Kind::null)) {
        return bad(file + " is in it, but not in its deploy.json" + kAgain);
      }
    }
    return {};
  }

  Status read_networks() {
    MFS_TRY(read_network("blazeface", {3 * 128 * 128}, {896 * 16, 896}, to_.blazeface));
    MFS_TRY(read_network("facemesh", {3 * 192 * 192}, {468 * 3, 1}, to_.facemesh));
    MFS_TRY(read_network("idn", {3 * 224 * 224}, {3 * 224 * 224, 224 * 224}, to_.idn));
    const bool has_encoder = !deploy_.at("networks").at("encoder").is(Json::Kind::null);
    const bool has_iin = !deploy_.at("networks").at("iin").is(Json::Kind::null);
    if (has_encoder != has_iin) return bad("has one of encoder.nb and iin.nb without the other" + std::string(kAgain));
    if (!has_encoder) return {};
    const std::size_t side = encoder_side();
    if (side == 0)
      return bad("deploy.json: encoder_crop.size and .network are not one size of a picture" + std::string(kAgain));
    to_.encoder.emplace();
    to_.iin.emplace();
    MFS_TRY(read_network("encoder", {3 * side * side}, {0, 0}, *to_.encoder));
    return read_network("iin", {to_.encoder->spec.outputs[0].size(), to_.encoder->spec.outputs[1].size()}, {0},
                        *to_.iin);
  }

  std::size_t encoder_side() const {
    const Json& crop = deploy_.at("encoder_crop");
    const std::int64_t side = crop.at("network").whole(1024);
    return side > 0 && crop.at("size").whole() == side ? static_cast<std::size_t>(side) : 0;
  }

  // inputs, outputs: how many numbers the core gives and expects; 0: any.
  Status read_network(const std::string& name, const std::vector<std::size_t>& inputs,
                      const std::vector<std::size_t>& outputs, NetworkFile& network) {
    const Json& facts = deploy_.at("networks").at(name);
    const auto member = to_.zip.members.find(facts.at("file").text());
    if (member == to_.zip.members.end()) return bad(name + ".nb is missing" + kAgain);
    network.nb = member->second;
    if (network.nb.size == 0) return bad(member->first + " is empty" + kAgain);
    network.spec.name = name;
    MFS_TRY(read_tensors(facts.at("inputs"), name + "'s inputs", inputs, network.spec.inputs));
    return read_tensors(facts.at("outputs"), name + "'s outputs", outputs, network.spec.outputs);
  }

  Status read_tensors(const Json& tensors, const std::string& whose, const std::vector<std::size_t>& sizes,
                      std::vector<TensorSpec>& read) {
    if (tensors.items().size() != sizes.size()) {
      return bad("deploy.json: " + whose + " are " + std::to_string(tensors.items().size()) + ", this program knows " +
                 std::to_string(sizes.size()) + kAgain);
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      TensorSpec tensor;
      tensor.name = tensors.at(i).at("name").text();
      std::int64_t numbers = 1;
      for (const Json& side : tensors.at(i).at("shape").items()) {
        tensor.shape.push_back(side.whole(kMostNumbers));
        numbers = std::min(numbers * std::max<std::int64_t>(tensor.shape.back(), 0), kMostNumbers);
      }
      const bool is_empty = tensor.shape.empty() || numbers <= 0 || numbers == kMostNumbers;
      if (is_empty || (sizes[i] && tensor.size() != sizes[i])) {
        return bad("deploy.json: the shape " + shown(tensor.shape) + " among " + whose +
                   " is not what this program knows" + kAgain);
      }
      tensor.mean = static_cast<float>(tensors.at(i).at("mean").number(0));
      tensor.std = static_cast<float>(tensors.at(i).at("std").number(1));
      if (!(tensor.std > 0)) return bad("deploy.json: a std among " + whose + " is not positive" + kAgain);
      read.push_back(std::move(tensor));
    }
    return {};
  }

  // What the networks' sizes follow from is built into the core; a bundle with other sizes is for another one.
  Status read_constants() const {
    struct Size {
      const char *group, *key;
      int pixels;
    };
    for (const auto& [group, key, pixels] :
         {Size{"detector", "size", 128}, Size{"mesh", "size", 192}, Size{"crop", "size", 224}}) {
      const Json& found = deploy_.at(group).at(key);
      if (found.whole() != pixels) {
        return bad(std::string("deploy.json: ") + group + "." + key + " is " + found.dump() + ", in this program " +
                   std::to_string(pixels) + "; use the program of the version that made the bundle");
      }
    }
    if (std::string wrong = read_settings(deploy_, to_.settings); !wrong.empty())
      return bad("deploy.json: " + wrong + kAgain);
    return {};
  }

  Status read_identities() {
    for (const Json& one : deploy_.at("identities").items()) {
      const std::string &name = one.at("name").text(), &file = one.at("file").text();
      const auto member = to_.zip.members.find(file);
      if (name.empty() || member == to_.zip.members.end() || member->second.size == 0) {
        return bad("the file of the identity " + name + " is missing" + kAgain);
      }
      for (const BundledIdentity& other : to_.identities) {
        if (other.name == name) return bad("has two identities named " + name + kAgain);
      }
      std::string sha256 = one.at("source_sha256").text();  // several photos of one person have several
      for (const Json& each : one.at("source_sha256").items()) sha256 += (sha256.empty() ? "" : ", ") + each.text();
      to_.identities.push_back({name, std::move(sha256), member->second});
    }
    return {};
  }

  Status read_patch() {
    const Json& patch = deploy_.at("patch");
    if (!to_.iin || patch.is(Json::Kind::null)) {
      to_.injection_refused = deploy_.at("patch_refused").text();
      if (to_.injection_refused.empty()) to_.injection_refused = "the bundle has no encoder.nb and iin.nb";
      if (to_.identities.empty()) return bad("has neither an identity nor what makes one" + std::string(kAgain));
      return {};
    }
    const std::string wrong = std::string("deploy.json: patch does not fit idn.nb and iin.nb") + kAgain;
    const std::size_t weights = to_.iin->spec.outputs[0].size();
    if (patch.at("count").whole() != static_cast<std::int64_t>(weights) || patch.at("segments").items().empty()) {
      return bad(wrong);
    }
    const auto template_member = to_.zip.members.find(patch.at("file").text());
    if (template_member == to_.zip.members.end() || template_member->second.data != to_.idn.nb.data) return bad(wrong);
    for (const Json& segment : patch.at("segments").items()) {
      const std::int64_t at = segment.at(0).whole(), from = segment.at(1).whole(), count = segment.at(2).whole();
      if (at < 0 || from < 0 || count <= 0) return bad(wrong);
      const auto file_size = static_cast<std::int64_t>(to_.idn.nb.size), most = static_cast<std::int64_t>(weights);
      if (count > most || from > most - count || at > file_size - 4 * count) return bad(wrong);
      to_.segments.push_back(
          {static_cast<std::size_t>(at), static_cast<std::size_t>(from), static_cast<std::size_t>(count)});
    }
    std::sort(to_.segments.begin(), to_.segments.end(),
              [](const Segment& a, const Segment& b) { return a.file_offset < b.file_offset; });
    for (std::size_t i = 1; i < to_.segments.size(); ++i) {
      const Segment& before = to_.segments[i - 1];
      if (before.file_offset + 4 * before.count > to_.segments[i].file_offset) return bad(wrong);
    }
    return {};
  }

  BundleContents& to_;
  const Json& deploy_;
};

}  // namespace

std::size_t TensorSpec::size() const {
  std::size_t numbers = 1;
  for (const std::int64_t side : shape) numbers *= static_cast<std::size_t>(side);
  return numbers;
}

Result<Bundle> Bundle::open(const std::string& path) {
  auto bytes = read_file(path, kMost);
  if (!bytes.ok()) return bytes.status();
  return from_bytes(std::move(bytes.value()), path);
}

Result<Bundle> Bundle::from_bytes(std::vector<std::uint8_t> bytes, const std::string& name) {
  auto contents = std::make_shared<BundleContents>();
  contents->name = name;
  contents->archive = std::move(bytes);
  auto zip = read_zip({contents->archive.data(), contents->archive.size()}, name);
  if (!zip.ok()) return zip.status();
  contents->zip = std::move(zip.value());
  const auto deploy = contents->zip.members.find("deploy.json");
  if (deploy == contents->zip.members.end()) {
    return error(name, "is no bundle (it has no deploy.json); make one with tools/export_lite.py --bundle");
  }
  auto json = parse_json({reinterpret_cast<const char*>(deploy->second.data), deploy->second.size});
  if (!json.ok()) return error(name, "its deploy.json is " + json.message() + kAgain);
  contents->deploy = std::move(json.value());
  MFS_TRY(Reader(*contents).read());
  return Bundle(std::move(contents));
}

const std::string& Bundle::made_by() const { return contents_->made_by; }
const std::string& Bundle::target() const { return contents_->target; }
const std::string& Bundle::precision() const { return contents_->precision; }
const std::string& Bundle::paddlelite() const { return contents_->paddlelite; }
bool Bundle::needs_extra() const { return contents_->needs_extra; }
bool Bundle::can_inject() const { return contents_->injection_refused.empty(); }
const std::string& Bundle::injection_refused() const { return contents_->injection_refused; }

std::vector<std::string> Bundle::identities() const {
  std::vector<std::string> names;
  for (const BundledIdentity& one : contents_->identities) names.push_back(one.name);
  return names;
}

Result<Identity> Bundle::identity(const std::string& name) const {
  std::string known;
  for (const BundledIdentity& one : contents_->identities) {
    if (one.name == name) return bundled_identity(contents_, one);
    known += (known.empty() ? "" : ", ") + one.name;
  }
  return error(contents_->name, "has no identity named " + name + "; it has " + (known.empty() ? "none" : known));
}

Result<Identity> Bundle::load_identity(const std::string& path) const { return read_identity(*contents_, path); }

Status check_target(const Bundle& bundle, const Networks& networks) {
  if (bundle.target() == networks.target()) return {};
  return error(bundle.contents().name, "made for " + bundle.target() + ", this runs " + networks.target() +
                                           "; make one with tools/export_lite.py --bundle --target " +
                                           networks.target());
}

}  // namespace mfs
