// Networks in a process `PYTHON -m paddle_mfs.runtime.serve`: x86 .nb files, run by the paddlelite package.
//
// The two speak over a socket pair, which is the process's standard input and output; the words are in serve.py. It
// ends when its input does, so it does not outlive this program, however that ends.

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

#include "status.h"

extern char** environ;

namespace mfs {
namespace {

constexpr char kGreeting[8] = {'m', 'f', 's', 's', 'e', 'r', 'v', '1'};
constexpr std::uint32_t kLongestText = 1 << 16;

// The process and its end of the socket. One question at a time.
class Process {
 public:
  ~Process() {
    if (socket_ >= 0) close(socket_);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }

  Status start(const std::string& python) {
    called_ = python + " -m paddle_mfs.runtime.serve";
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return failed(std::strerror(errno));
    socket_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string words[] = {python, "-m", "paddle_mfs.runtime.serve"};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    const int why = posix_spawnp(&pid_, python.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (why != 0) {
      pid_ = -1;
      return failed(std::strerror(why));
    }
    char greeting[sizeof kGreeting];
    if (!receive(greeting, sizeof greeting) || std::memcmp(greeting, kGreeting, sizeof greeting) != 0) {
      return failed("it ended at once; is paddle_mfs with paddlelite installed for it, or named by PYTHONPATH?");
    }
    return {};
  }

  bool send(const void* bytes, std::size_t size) {
    const auto* from = static_cast<const char*>(bytes);
    while (size > 0) {
      const ssize_t sent = ::send(socket_, from, size, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      from += sent;
      size -= static_cast<std::size_t>(sent);
    }
    return true;
  }

  template <class Number>
  bool send_number(Number number) {
    return send(&number, sizeof number);  // little-endian, as every machine this is built for
  }

  bool receive(void* bytes, std::size_t size) {
    auto* to = static_cast<char*>(bytes);
    while (size > 0) {
      const ssize_t got = recv(socket_, to, size, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      to += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }

  template <class Number>
  bool receive_number(Number* number) {
    return receive(number, sizeof *number);
  }

  // The first byte of every answer: 0, or 1 and a sentence.
  Status receive_status(const std::string& name) {
    std::uint8_t is_error = 0;
    if (!receive_number(&is_error)) return ended(name);
    if (is_error == 0) return {};
    std::uint32_t size = 0;
    if (!receive_number(&size) || size > kLongestText) return ended(name);
    std::string text(size, ' ');
    if (!receive(text.data(), size)) return ended(name);
    return error(name, text);
  }

  Status ended(const std::string& name) const {
    return error(name, "what runs the networks (" + called_ + ") ended; the .nb may not be of x86 or of its version");
  }

  std::mutex& mutex() { return mutex_; }

 private:
  Status failed(const std::string& why) const { return error(called_, "cannot be started: " + why); }

  int socket_ = -1;
  pid_t pid_ = -1;
  std::string called_;
  std::mutex mutex_;
};

class ProcessNetwork final : public Network {
 public:
  ProcessNetwork(std::shared_ptr<Process> process, std::uint32_t number, const NetworkSpec& spec)
      : process_(std::move(process)), number_(number), spec_(spec) {
    for (const TensorSpec& tensor : spec.inputs) inputs_.emplace_back(tensor.size());
    for (const TensorSpec& tensor : spec.outputs) outputs_.emplace_back(tensor.size());
  }

  ~ProcessNetwork() override {
    const std::lock_guard<std::mutex> lock(process_->mutex());
    process_->send("C", 1);
    process_->send_number(number_);
  }

  float* input(std::size_t index) override { return inputs_[index].data(); }
  const float* output(std::size_t index) const override { return outputs_[index].data(); }

  Status run() override {
    const std::lock_guard<std::mutex> lock(process_->mutex());
    bool is_fine = process_->send("R", 1) && process_->send_number(number_);
    for (const auto& input : inputs_) is_fine = is_fine && process_->send(input.data(), input.size() * sizeof(float));
    if (!is_fine) return process_->ended(spec_.name);
    MFS_TRY(process_->receive_status(spec_.name));
    for (auto& output : outputs_) {
      if (!process_->receive(output.data(), output.size() * sizeof(float))) return process_->ended(spec_.name);
    }
    return {};
  }

 private:
  const std::shared_ptr<Process> process_;
  const std::uint32_t number_;
  const NetworkSpec spec_;
  std::vector<std::vector<float>> inputs_, outputs_;
};

class ProcessNetworks final : public Networks {
 public:
  explicit ProcessNetworks(std::shared_ptr<Process> process) : process_(std::move(process)) {}

  Result<std::unique_ptr<Network>> load(const std::uint8_t* bytes, std::size_t size, const NetworkSpec& spec) override {
    const std::lock_guard<std::mutex> lock(process_->mutex());
    bool is_fine = process_->send("L", 1) && process_->send_number(std::uint64_t{size}) && process_->send(bytes, size);
    for (const auto* tensors : {&spec.inputs, &spec.outputs}) {
      is_fine = is_fine && process_->send_number(static_cast<std::uint32_t>(tensors->size()));
      for (const TensorSpec& tensor : *tensors) {
        is_fine = is_fine && process_->send_number(static_cast<std::uint32_t>(tensor.shape.size())) &&
                  process_->send(tensor.shape.data(), tensor.shape.size() * sizeof(std::int64_t));
      }
    }
    if (!is_fine) return process_->ended(spec.name);
    MFS_TRY(process_->receive_status(spec.name));
    std::uint32_t number = 0;
    if (!process_->receive_number(&number)) return process_->ended(spec.name);
    return std::unique_ptr<Network>(std::make_unique<ProcessNetwork>(process_, number, spec));
  }

  std::string name() const override { return "Paddle-Lite x86 in a Python process"; }
  std::string target() const override { return "x86"; }

 private:
  const std::shared_ptr<Process> process_;
};

}  // namespace

Result<std::unique_ptr<Networks>> process_networks(const std::string& python) {
  auto process = std::make_shared<Process>();
  MFS_TRY(process->start(python));
  return std::unique_ptr<Networks>(std::make_unique<ProcessNetworks>(std::move(process)));
}

}  // namespace mfs
