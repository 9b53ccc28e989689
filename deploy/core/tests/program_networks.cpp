// program_networks PYTHON BUNDLE: loads and runs a bundle's networks in a Python process. Prints of each the sum of its
// outputs, of an input in which everything is 0.5. For tests in Python; it also ends the process in the middle, and
// says what came of it.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "bundle.h"

using namespace mfs;

namespace {

double sum_of(Network& network, const NetworkSpec& spec) {
  for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
    for (std::size_t k = 0; k < spec.inputs[i].size(); ++k) network.input(i)[k] = 0.5f;
  }
  if (const Status status = network.run(); !status.ok()) {
    std::fprintf(stderr, "error: %s\n", status.message.c_str());
    std::exit(2);
  }
  double sum = 0;
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    for (std::size_t k = 0; k < spec.outputs[i].size(); ++k) sum += network.output(i)[k];
  }
  return sum;
}

template <class T>
T taken(Result<T> result) {
  if (result.ok()) return std::move(result.value());
  std::fprintf(stderr, "error: %s\n", result.message().c_str());
  std::exit(2);
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) return 2;
  const Bundle bundle = taken(Bundle::open(words[2]));
  const auto networks = taken(process_networks(words[1]));
  const BundleContents& contents = bundle.contents();
  for (const NetworkFile* file : {&contents.blazeface, &contents.facemesh, &contents.idn}) {
    const auto network = taken(networks->load(file->nb.data, file->nb.size, file->spec));
    std::printf("%s %.9g\n", file->spec.name.c_str(), sum_of(*network, file->spec));
  }
  // two at the same time
  const auto one =
      taken(networks->load(contents.blazeface.nb.data, contents.blazeface.nb.size, contents.blazeface.spec));
  const auto other =
      taken(networks->load(contents.facemesh.nb.data, contents.facemesh.nb.size, contents.facemesh.spec));
  double sums[2] = {0, 0};
  std::thread thread([&] {
    for (int i = 0; i < 5; ++i) sums[0] = sum_of(*one, contents.blazeface.spec);
  });
  for (int i = 0; i < 5; ++i) sums[1] = sum_of(*other, contents.facemesh.spec);
  thread.join();
  std::printf("together %.9g %.9g\n", sums[0], sums[1]);
  // outputs of another shape, a file that is no network: sentences, and a program that goes on
  NetworkSpec wrong = contents.blazeface.spec;
  wrong.outputs[0].shape = {1, 7};
  auto loaded = networks->load(contents.blazeface.nb.data, contents.blazeface.nb.size, wrong);
  std::printf("wrong shape: %s\n", loaded.ok() ? loaded.value()->run().message.c_str() : loaded.message().c_str());
  wrong.outputs.pop_back();
  std::printf("wrong count: %s\n",
              networks->load(contents.blazeface.nb.data, contents.blazeface.nb.size, wrong).message().c_str());
  const std::vector<std::uint8_t> nonsense(100000, 7);
  std::printf("nonsense: %s\n", networks->load(nonsense.data(), nonsense.size(), wrong).message().c_str());
  std::printf("afterwards: %s\n", one->run().message.c_str());
  return 0;
}
