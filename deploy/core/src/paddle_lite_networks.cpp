// Networks by Paddle-Lite's C++ interface, on a phone: on the CPU, on the GPU by OpenCL, on an accelerator by NNAPI.
//
// Paddle-Lite ends the process on what it cannot load: a bundle's hashes, shapes and target are checked before.

#include <paddle_api.h>

#include "status.h"

namespace mfs {
namespace {

namespace lite = paddle::lite_api;

const char* const kNnapi = "android_nnapi";  // as NNAdapter calls it

const char* target_of(Device device) {
  return device == Device::gpu ? "gpu" : device == Device::nnapi ? "nnapi" : "arm";
}

lite::PowerMode power_mode(PowerMode mode) {
  switch (mode) {
    case PowerMode::high:
      return lite::LITE_POWER_HIGH;
    case PowerMode::low:
      return lite::LITE_POWER_LOW;
    case PowerMode::full:
      return lite::LITE_POWER_FULL;
    default:
      return lite::LITE_POWER_NO_BIND;
  }
}

class PaddleLiteNetwork final : public Network {
 public:
  PaddleLiteNetwork(std::shared_ptr<lite::PaddlePredictor> predictor, const NetworkSpec& spec)
      : predictor_(std::move(predictor)), spec_(spec), outputs_(spec.outputs.size()), results_(spec.outputs.size()) {}

  // The inputs get their sizes once: an input of another size would end the process.
  Status prepare() {
    if (predictor_->GetInputNames().size() != spec_.inputs.size() ||
        predictor_->GetOutputNames().size() != spec_.outputs.size()) {
      return error(spec_.name, "its .nb has other inputs or outputs than deploy.json names; make the bundle again");
    }
    for (std::size_t i = 0; i < spec_.inputs.size(); ++i) {
      inputs_.push_back(predictor_->GetInput(static_cast<int>(i)));
      inputs_.back()->Resize(spec_.inputs[i].shape);
    }
    return {};
  }

  float* input(std::size_t index) override { return inputs_[index]->mutable_data<float>(); }
  const float* output(std::size_t index) const override { return results_[index]; }

  Status run() override {
    predictor_->Run();
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (!outputs_[i]) outputs_[i] = predictor_->GetOutput(static_cast<int>(i));  // a handle, good for every run
      const Status status = check(*outputs_[i], spec_.outputs[i]);
      if (!status.ok()) return status;
      results_[i] = outputs_[i]->data<float>();
    }
    return {};
  }

 private:
  Status check(const lite::Tensor& output, const TensorSpec& wanted) const {
    const auto shape = output.shape();
    std::size_t size = 1;
    for (const std::int64_t side : shape) size *= static_cast<std::size_t>(side);
    if (size == wanted.size()) return {};
    return error(spec_.name, "gives an output of shape " + shown(shape) + ", not " + shown(wanted.shape));
  }

  const std::shared_ptr<lite::PaddlePredictor> predictor_;
  const NetworkSpec spec_;
  std::vector<std::unique_ptr<lite::Tensor>> inputs_;
  std::vector<std::unique_ptr<const lite::Tensor>> outputs_;
  std::vector<const float*> results_;
};

class PaddleLiteNetworks final : public Networks {
 public:
  explicit PaddleLiteNetworks(const DeviceOptions& options) : options_(options) {}

  Result<std::unique_ptr<Network>> load(const std::uint8_t* bytes, std::size_t size, const NetworkSpec& spec) override {
    lite::MobileConfig config = configured(spec.name);
    config.set_model_from_buffer(reinterpret_cast<const char*>(bytes), size);
    auto predictor = lite::CreatePaddlePredictor<lite::MobileConfig>(config);
    if (!predictor) return error(spec.name, "Paddle-Lite does not load it; use a runtime of the bundle's version");
    auto network = std::make_unique<PaddleLiteNetwork>(std::move(predictor), spec);
    MFS_TRY(network->prepare());
    return std::unique_ptr<Network>(std::move(network));
  }

  std::string name() const override {
    return std::string("Paddle-Lite, ") + target_of(options_.device) + ", " + std::to_string(options_.threads) +
           (options_.threads == 1 ? " thread" : " threads");
  }

  std::string target() const override { return target_of(options_.device); }

 private:
  lite::MobileConfig configured(const std::string& name) const {
    lite::MobileConfig config;
    config.set_threads(options_.threads);
    config.set_power_mode(power_mode(options_.power));
    if (options_.device == Device::gpu) {
      config.set_opencl_precision(options_.precision == Precision::fp16 ? lite::CL_PRECISION_FP16
                                                                        : lite::CL_PRECISION_FP32);
      if (!options_.cache_folder.empty()) config.set_opencl_binary_path_name(options_.cache_folder, name + ".clbin");
      if (options_.tune) config.set_opencl_tune(lite::CL_TUNE_NORMAL, options_.cache_folder, name + ".cltune");
    } else if (options_.device == Device::nnapi) {
      config.set_nnadapter_device_names({kNnapi});
      if (!options_.cache_folder.empty()) config.set_nnadapter_model_cache_dir(options_.cache_folder);
    }
    return config;
  }

  const DeviceOptions options_;
};

}  // namespace

Result<std::unique_ptr<Networks>> paddle_lite_networks(const DeviceOptions& options) {
  if (options.threads < 1) return Status{"threads: " + std::to_string(options.threads) + "; at least 1"};
  if (options.device == Device::gpu && !lite::IsOpenCLBackendValid(options.precision == Precision::fp16)) {
    return Status{"the GPU of this device has no OpenCL that Paddle-Lite can use; use the CPU"};
  }
  if (options.device == Device::nnapi && !lite::MobileConfig().check_nnadapter_device_name(kNnapi)) {
    return Status{
        "this device has no NNAPI that Paddle-Lite can use (Android 8.1 and its NNAdapter libraries are needed); "
        "use the CPU"};
  }
  return std::unique_ptr<Networks>(std::make_unique<PaddleLiteNetworks>(options));
}

}  // namespace mfs
