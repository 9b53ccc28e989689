// mfs_shell: the core as a program. See README.md beside this folder.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "clips.h"
#include "json.h"
#include "options.h"
#include "pictures.h"
#include "sha256.h"
#include "status.h"
#include "timing.h"
#include "zip.h"

namespace mfs_shell {
namespace {

namespace fs = std::filesystem;
using mfs::error;
using mfs::Json;
using mfs::Result;
using mfs::Status;

constexpr double FRAME = 1.0 / 30;  // seconds between the repeats of a picture

std::string stem(const std::string& path) { return fs::path(path).stem().string(); }

Result<std::unique_ptr<mfs::Networks>> open_networks(const Options& options) {
  if (options.is_process) {
#ifdef MFS_PROCESS
    return mfs::process_networks(options.python);
#else
    return Status{"--device process: not built into this program; use cpu, gpu or nnapi"};
#endif
  }
#ifdef MFS_PADDLE_LITE
  return mfs::paddle_lite_networks(options.device);
#else
  return Status{"--device cpu, gpu and nnapi: built without Paddle-Lite (PADDLE_LITE_DIR); use --device process"};
#endif
}

// One run: bundle, identity, targets, times.
class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  Status run() {
    mfs::Stopwatch watch;
    if (Status status = find_targets(); !status.ok()) return status;
    if (Status status = read_inputs(); !status.ok()) return status;
    auto bundle = mfs::Bundle::open(options_.bundle);
    if (!bundle.ok()) return bundle.status();
    bundle_.emplace(std::move(bundle.value()));
    auto networks = open_networks(options_);
    if (!networks.ok()) return networks.status();
    networks_ = std::move(networks.value());
    auto swapper = mfs::Swapper::open(*bundle_, *networks_, options_.swap);
    if (!swapper.ok()) return swapper.status();
    swapper_ = std::move(swapper.value());
    seconds_.emplace_back("open", watch.lap());
    if (Status status = choose_identity(); !status.ok()) return status;
    seconds_.emplace_back("identity", watch.lap());
    if (Status status = swapper_->set_identity(*identity_); !status.ok()) return status;
    seconds_.emplace_back("load", watch.lap());
    std::error_code failed;
    fs::create_directories(options_.output, failed);
    if (failed) return error(options_.output, "cannot be made (" + failed.message() + ")");
    if (Status status = swap_all(); !status.ok()) return status;
    report();
    return {};
  }

 private:
  Status find_targets() {
    std::error_code failed;
    if (!fs::is_directory(options_.target, failed)) {
      targets_ = {options_.target};
      return {};
    }
    for (fs::directory_iterator entry(options_.target, failed), end; !failed && entry != end; entry.increment(failed)) {
      std::string kind = entry->path().extension().string();
      std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
      if (kind == ".ppm" || kind == ".jpg" || kind == ".jpeg" || kind == ".png")
        targets_.push_back(entry->path().string());
    }
    if (failed) return error(options_.target, "cannot be read (" + failed.message() + ")");
    if (targets_.empty()) return error(options_.target, "no pictures in it; give a folder of PPM, JPEG or PNG");
    std::sort(targets_.begin(), targets_.end());
    return {};
  }

  // What can be refused at once is, before anything is loaded.
  Status read_inputs() {
    if (!options_.source.empty() && !is_identity_file(options_.source)) {
      auto picture = read_picture(options_.source);
      if (!picture.ok()) return picture.status();
      source_.emplace(std::move(picture.value()));
    }
    if (targets_.size() > 1) return {};
    if (is_clip(targets_[0])) return Clip::open(targets_[0], options_.width, options_.height).status();
    return read_picture(targets_[0]).status();
  }

  Status choose_identity() {
    if (options_.source.empty()) {
      const auto names = bundle_->identities();
      if (names.empty()) return error(options_.bundle, "has no identity of its own; give --source");
      return take(bundle_->identity(options_.identity.empty() ? names.front() : options_.identity));
    }
    if (!source_) return take(bundle_->load_identity(options_.source));
    auto injector = mfs::Injector::open(*bundle_, *networks_);
    if (!injector.ok()) return injector.status();
    MFS_TRY(take(injector.value()->inject(source_->view(), options_.source, source_->sha256)));
    return options_.save_identity.empty() ? Status{} : identity_->save(options_.save_identity);
  }

  static bool is_identity_file(const std::string& path) {
    static constexpr char kHead[] = "{\"paddle_mfs_identity\"";
    char head[sizeof kHead - 1] = {};
    std::FILE* file = std::fopen(path.c_str(), "rb");
    const bool is_read = file && std::fread(head, 1, sizeof head, file) == sizeof head;
    if (file) std::fclose(file);
    return is_read && std::memcmp(head, kHead, sizeof head) == 0;
  }

  Status take(Result<mfs::Identity> identity) {
    if (!identity.ok()) return identity.status();
    identity_.emplace(std::move(identity.value()));
    return {};
  }

  // Of one target the first mistake ends it; of several, each is told and the others go on.
  Status swap_all() {
    int done = 0;
    for (const std::string& target : targets_) {
      const Status status = is_clip(target) ? swap_clip(target) : swap_picture(target);
      if (!status.ok() && targets_.size() == 1) return status;
      if (!status.ok()) std::fprintf(stderr, "left out: %s\n", status.message.c_str());
      done += status.ok();
    }
    return done > 0 ? Status{} : error(options_.target, "no picture in it could be swapped");
  }

  Status swap_picture(const std::string& path) {
    auto read = read_picture(path);
    if (!read.ok()) return read.status();
    Picture& picture = read.value();
    const std::vector<std::uint8_t> before = picture.rgb;
    Picture result = picture;
    swapper_->reset();
    for (int i = 0; i < options_.repeats; ++i) {
      picture.rgb = before;
      auto swapped = swapper_->swap(mfs::Frame::rgb(picture.view()), i * FRAME);
      if (!swapped.ok()) return error(path, swapped.message());
      if (i > 0) continue;
      if (swapped.value().found == 0)
        return error(path, "no face found; use a picture that shows a face of 20 px or more");
      if (swapped.value().swapped == 0) return error(path, "the swap failed: the weights leave the face as it is");
      result = picture;
    }
    const std::string output = output_path(path, ".png");
    MFS_TRY(write_png(output, result, provenance(picture.sha256)));
    outputs_.push_back(output);
    return {};
  }

  Status swap_clip(const std::string& path) {
    auto opened = Clip::open(path, options_.width, options_.height);
    if (!opened.ok()) return opened.status();
    Clip& clip = opened.value();
    const std::string output = output_path(path, fs::path(path).extension().string()), part = output + ".part";
    std::ofstream file(part, std::ios::binary);
    std::size_t swapped_frames = 0;
    mfs::Sha256 hash;
    swapper_->reset();
    Status status;
    for (std::size_t i = 0; i < clip.frames() && status.ok(); ++i) {
      status = clip.read();
      if (!status.ok()) break;
      hash.add(clip.bytes().data(), clip.bytes().size());
      mfs::Frame frame = clip.frame();
      frame.range = options_.range, frame.matrix = options_.matrix;
      auto swapped = swapper_->swap(frame, static_cast<double>(i) / options_.fps);
      status = swapped.status();
      swapped_frames += swapped.ok() && swapped.value().swapped > 0;
      file.write(reinterpret_cast<const char*>(clip.bytes().data()), static_cast<std::streamsize>(clip.bytes().size()));
    }
    file.close();
    if (status.ok() && !file) status = error(output, "cannot be written");
    if (status.ok() && swapped_frames == 0) status = error(path, "no face found in any frame");
    std::error_code failed;
    if (!status.ok()) {
      fs::remove(part, failed);
      return status;
    }
    const std::string record = provenance(hash.hex()) + "\n";
    MFS_TRY(mfs::write_file(output + ".json", {{reinterpret_cast<const std::uint8_t*>(record.data()), record.size()}}));
    fs::rename(part, output, failed);
    if (failed) return error(output, "cannot be written (" + failed.message() + ")");
    outputs_.push_back(output);
    return {};
  }

  std::string output_path(const std::string& target, const std::string& suffix) const {
    return (fs::path(options_.output) / (stem(target) + "_" + stem(identity_->name()) + suffix)).string();
  }

  std::string provenance(const std::string& target_sha256) const {
    return bundle_->provenance(*identity_, std::time(nullptr), target_sha256);
  }

  void report() const {
    const auto timings = swapper_->timings();
    if (options_.is_json) {
      Json report = Json::object(), stages = Json::object(), outputs = Json::array(), once = Json::object();
      for (const auto& [stage, frames, mean, median, p95] : timings) {
        Json one = Json::object();
        one.set("frames", frames);
        one.set("mean", mean);
        one.set("median", median);
        one.set("p95", p95);
        stages.set(stage, std::move(one));
      }
      for (const auto& [name, milliseconds] : seconds_) once.set(name, milliseconds);
      for (const std::string& path : outputs_) outputs.add(path);
      report.set("outputs", std::move(outputs));
      report.set("once", std::move(once));
      report.set("milliseconds", std::move(stages));
      report.set("networks", networks_->name());
      report.set("bundle", bundle_->made_by());
      std::printf("%s\n", report.dump().c_str());
      return;
    }
    for (const std::string& path : outputs_) std::printf("%s\n", path.c_str());
    std::printf("\n%-10s %8s %8s %8s %7s\n", "ms", "median", "p95", "mean", "frames");
    for (const auto& [stage, frames, mean, median, p95] : timings) {
      std::printf("%-10s %8.2f %8.2f %8.2f %7d\n", stage, median, p95, mean, frames);
    }
    if (!timings.empty()) std::printf("%.1f frames a second\n", 1000 / std::max(timings.back().median, 1e-3));
    for (const auto& [name, milliseconds] : seconds_) std::printf("%s %.0f ms  ", name, milliseconds);
    std::printf("\nmfs_shell %s, %s, bundle of %s for %s %s and Paddle-Lite %s\n", mfs::version(),
                networks_->name().c_str(), bundle_->made_by().c_str(), bundle_->target().c_str(),
                bundle_->precision().c_str(), bundle_->paddlelite().c_str());
  }

  const Options& options_;
  std::vector<std::string> targets_, outputs_;
  std::optional<Picture> source_;
  std::optional<mfs::Bundle> bundle_;
  std::unique_ptr<mfs::Networks> networks_;
  std::unique_ptr<mfs::Swapper> swapper_;
  std::optional<mfs::Identity> identity_;
  std::vector<std::pair<const char*, double>> seconds_;  // milliseconds of what is done once
};

int show(const Status& status) {
  std::fprintf(stderr, "error: %s\n", status.message.c_str());
  return 2;
}

int run(int count, char** words) {
  const auto options = parse_options(count - 1, words + 1);
  if (!options.ok()) return show(options.status());
  if (options.value().wants_help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (options.value().wants_version) {
    std::printf("mfs_shell %s; reads %s\n", mfs::version(), readable_formats());
    return 0;
  }
  const Status status = Run(options.value()).run();
  return status.ok() ? 0 : show(status);
}

}  // namespace
}  // namespace mfs_shell

int main(int count, char** words) { return mfs_shell::run(count, words); }
